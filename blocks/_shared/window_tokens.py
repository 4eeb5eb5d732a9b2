"""Windows with one token of their own in front of the tokens they hold."""

import torch
from torch import Tensor


def mask_with_window_token(mask: Tensor | None) -> Tensor | None:
    """Extend a mask (windows, n, n) to (windows, 1 + n, 1 + n): the window's token sees, and is seen by, all that is no padding.

    Padding is at the right and bottom, so the first place of a window never is; the window's token takes the same part as it.
    """
    if mask is None:
        return None
    mask = torch.cat((mask[:, :1], mask), 1)
    return torch.cat((mask[:, :, :1], mask), 2)
