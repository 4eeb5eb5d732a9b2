"""A gate for each position of the map."""

from composer.engine.maps.captured_map import CapturedMap
from composer.engine.maps.map_images import MapImages, map_kind


@map_kind(words="spatial gate", values="gate", shape="n c h w")
def draw(captured: CapturedMap, index: int) -> MapImages:
    """Draw the gate of each position, over the image."""
    gate = captured.data[index]
    image = gate.reshape(-1, *gate.shape[-2:]).mean(0)[None]
    return MapImages(("gate of each position",), image, over_image=True, notes=captured.notes)
