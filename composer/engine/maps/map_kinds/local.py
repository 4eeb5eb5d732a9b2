"""Attention of each position within its neighbourhood."""

from composer.engine.maps.captured_map import CapturedMap
from composer.engine.maps.map_images import MapImages, draw_footprint, map_kind


@map_kind(words="local attention", values="weights", shape="n ... offsets")
def draw(captured: CapturedMap, index: int) -> MapImages:
    """Draw the mean footprint as a table."""
    return draw_footprint(captured.data[index], captured.notes)
