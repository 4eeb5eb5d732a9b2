"""Weights of each position within its neighbourhood, of either sign."""

from composer.engine.maps.captured_map import CapturedMap
from composer.engine.maps.footprint import draw_footprint
from composer.engine.maps.map_images import SIGNED, MapImages, map_kind


@map_kind(words="signed local weights", values="signed", shape="n groups h w offsets", layout="footprint")
def draw(captured: CapturedMap, index: int) -> MapImages:
    """Draw the magnitude that each position receives, over the image."""
    return draw_footprint(captured, captured.data[index].abs(), (*captured.notes, SIGNED))
