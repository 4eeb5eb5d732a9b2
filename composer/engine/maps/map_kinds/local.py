"""Attention of each position within its neighbourhood."""

from composer.engine.maps.captured_map import CapturedMap
from composer.engine.maps.footprint import draw_footprint
from composer.engine.maps.map_images import MapImages, map_kind


@map_kind(words="local attention", values="weights", shape="n ... offsets", layout="footprint")
def draw(captured: CapturedMap, index: int) -> MapImages:
    """Draw what each position receives, over the image."""
    return draw_footprint(captured, captured.data[index], captured.notes)
