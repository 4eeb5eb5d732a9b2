"""Attention between tokens."""

from composer.engine.maps.captured_map import CapturedMap
from composer.engine.maps.map_images import MapImages, map_kind
from composer.engine.maps.token_matrix import draw_token_matrix


@map_kind(words="attention", values="weights", shape="n heads queries keys", layout="tokens")
def draw(captured: CapturedMap, index: int) -> MapImages:
    """Draw what each position receives, over the image."""
    return draw_token_matrix(captured, captured.data[index], captured.notes)
