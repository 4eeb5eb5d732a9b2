"""Windows that have one token of their own in front of the tokens they contain."""

import torch
from torch import Tensor


def mask_with_window_token(mask: Tensor | None) -> Tensor | None:
    """Extend a mask (windows, n, n) to (windows, 1 + n, 1 + n): the window's token attends to everything but padding.

    Padding is at the right and bottom, so the first position of a window is never padding; the window's token gets its
    row.
    """
    if mask is None:
        return None
    mask = torch.cat((mask[:, :1], mask), 1)
    return torch.cat((mask[:, :, :1], mask), 2)
