"""Weights of parallel branches, for the whole input or for each channel (selective kernels)."""

from composer.engine.maps.captured_map import CapturedMap
from composer.engine.maps.map_images import Bars, MapImages, map_kind


@map_kind(words="branch weights", values="gate", shape="n branches ...")
def draw(captured: CapturedMap, index: int) -> MapImages:
    """Draw the mean weight of each branch as bars, and the weights by channel as a table."""
    weights = captured.data[index]
    table = weights.reshape(weights.shape[0], -1)
    table = table.T if table.shape[1] == 1 else table
    by_channel = len(table) > 1
    bars = Bars("weight of each branch", "branch", table.mean(1) if by_channel else table[0])
    title = "weight of each branch (rows) in each channel" if by_channel else bars.title
    return MapImages((title,), table[None], over_image=False, bars=bars, notes=captured.notes)
