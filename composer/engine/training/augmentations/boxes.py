"""Boxes that follow the pixels of their images: left, top, right, bottom in pixels."""

import torch
from torch import Tensor


def clip_boxes(boxes: Tensor, size: tuple[int, int]) -> Tensor:
    """Return the part of boxes (N, 4) inside an image of a size (height, width); what is outside has no area."""
    height, width = size
    limits = torch.tensor([width, height, width, height], dtype=boxes.dtype, device=boxes.device)
    return boxes.clamp(min=0).minimum(limits)
