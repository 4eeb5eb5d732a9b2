"""Operations on some of the images of a batch."""

from collections.abc import Callable

from torch import Tensor

from composer.engine.training.augmentations.transfer import to_device


def apply_where(images: Tensor, mask: Tensor, operation: Callable[[Tensor, Tensor], Tensor], amounts: Tensor) -> Tensor:
    """Return a batch with an operation applied to some of its images.

    Args:
        images: (N, C, H, W).
        mask: which images (N), on the CPU, so that nothing waits for the device.
        operation: takes some images and their amounts.
        amounts: one amount per image (N, ...), on the CPU.
    """
    index = mask.nonzero()[:, 0]
    if len(index) == 0:
        return images
    if len(index) == len(images):
        return operation(images, amounts)
    on_device = to_device(index, images)
    return images.index_copy(0, on_device, operation(images[on_device], amounts[index]))
