"""Attention between channels."""

from composer.engine.maps.captured_map import CapturedMap
from composer.engine.maps.map_images import MapImages, map_kind, with_heads


@map_kind(words="attention between channels", values="weights", shape="n heads channels channels")
def draw(captured: CapturedMap, index: int) -> MapImages:
    """Draw the matrix between channels as a table for each head."""
    return with_heads("channels × channels", captured.data[index], over_image=False, notes=captured.notes)
