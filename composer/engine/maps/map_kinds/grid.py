"""Attention within windows whose positions are spread evenly over the map (MaxViT)."""

from composer.engine.maps.captured_map import CapturedMap
from composer.engine.maps.map_images import MapImages, map_kind
from composer.engine.maps.window_layout import draw_windows


@map_kind(words="grid attention", values="weights", shape="windows heads queries keys", layout="windows")
def draw(captured: CapturedMap, index: int) -> MapImages:
    """Draw what each position receives, over the image."""
    return draw_windows(captured, index, strided=True)
