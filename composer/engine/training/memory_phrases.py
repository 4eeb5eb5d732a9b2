"""How a lack of memory shows in an exception."""

import torch

# torch has no exception of its own for the memory of the host; its allocator writes one of these.
PHRASES = (
    "out of memory",
    "can't allocate memory",
    "not enough memory",
    "failed to allocate",
    "bad alloc",
    "bad_alloc",
)


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an error means that a device, or the host, has no memory left."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError | OSError) and any(phrase in str(error).lower() for phrase in PHRASES)
