"""Attention between tokens whose weights have either sign, so that their sums mean nothing."""

from composer.engine.maps.captured_map import CapturedMap
from composer.engine.maps.map_images import SIGNED, MapImages, map_kind
from composer.engine.maps.token_matrix import draw_token_matrix


@map_kind(words="signed attention", values="signed", shape="n heads queries keys", layout="tokens")
def draw(captured: CapturedMap, index: int) -> MapImages:
    """Draw the magnitude that each position receives, over the image."""
    return draw_token_matrix(captured, captured.data[index].abs(), (*captured.notes, SIGNED))
