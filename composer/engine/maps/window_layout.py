"""Attention within windows put back on the map: where each position went when the map was padded, rolled and cut."""

import torch
from torch import Tensor

from composer.core.token_layout import Grid
from composer.engine.maps.captured_map import CapturedMap
from composer.engine.maps.map_images import MapImages, thin_queries, with_heads


def window_positions(size: Grid, window: Grid, shift: Grid, *, strided: bool) -> tuple[Tensor, Tensor]:
    """Find the window of each position of a map, and the token within it.

    Args:
        size: height and width of the map.
        window: height and width of a window.
        shift: by how much the map was rolled up and to the left.
        strided: whether the positions of a window are spread evenly over the whole map (grid attention) instead of
            being neighbours.

    Returns:
        Number of the window and of the token within it, each (height, width).
    """
    window_of_axis: list[Tensor] = []
    token_of_axis: list[Tensor] = []
    counts: list[int] = []
    for length, side, roll in zip(size, window, shift, strict=True):
        padded = length + -length % side
        rolled = (torch.arange(length) - roll) % padded
        count = padded // side
        counts.append(count)
        window_of_axis.append(rolled % count if strided else rolled // side)
        token_of_axis.append(rolled // count if strided else rolled % side)
    number = window_of_axis[0][:, None] * counts[1] + window_of_axis[1]
    return number, token_of_axis[0][:, None] * window[1] + token_of_axis[1]


def draw_windows(captured: CapturedMap, index: int, *, strided: bool) -> MapImages:
    """Draw attention within windows over the image; arguments as in `window_positions`."""
    height, width = captured.size
    # (windows, heads, tokens, tokens) of one image
    weights = captured.data.reshape(captured.batch, -1, *captured.data.shape[1:])[index]
    window, token = (
        part.flatten() for part in window_positions(captured.size, captured.window, captured.shift, strided=strided)
    )
    received = weights.mean(2)[window, :, token].T.reshape(-1, height, width)
    stride, average = thin_queries(weights.shape[1], (height, width), height * width)
    if average:
        weights = weights.mean(1, keepdim=True)
    rows, columns = torch.arange(height)[stride // 2 :: stride], torch.arange(width)[stride // 2 :: stride]
    queries = (rows[:, None] * width + columns).flatten()
    # (queries, heads, positions), first as if all positions were in the window of the query
    paid = weights[window[queries], :, token[queries]][:, :, token]
    paid = torch.where(window[queries][:, None, None] == window, paid, 0.0)
    paid = paid.transpose(0, 1).reshape(-1, len(rows), len(columns), height, width)
    images = with_heads("received", received, over_image=True)
    return MapImages(images.titles, images.images, over_image=True, queries=paid, notes=captured.notes)
