"""Weights of each position within its neighbourhood, of either sign."""

from composer.engine.maps.captured_map import CapturedMap
from composer.engine.maps.map_images import SIGNED, MapImages, draw_footprint, map_kind


@map_kind(words="signed local weights", values="signed", shape="n groups h w offsets")
def draw(captured: CapturedMap, index: int) -> MapImages:
    """Draw the magnitude of the mean footprint as a table."""
    return draw_footprint(captured.data[index].abs(), (*captured.notes, SIGNED))
