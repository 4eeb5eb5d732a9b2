"""Small tensors on the device of the images, without waiting for it."""

from torch import Tensor


def to_device(draws: Tensor, like: Tensor) -> Tensor:
    """Return draws, which are on the CPU, on the device of some images; their number format stays.

    On CUDA the copy is queued. The host memory is read before the call returns, as it is not pinned.
    """
    return draws.to(like.device, non_blocking=like.is_cuda)


def as_images(draws: Tensor, images: Tensor) -> Tensor:
    """Return draws on the device and in the number format of some images."""
    return to_device(draws.to(images.dtype), images)
