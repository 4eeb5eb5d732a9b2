"""The kinds of map: one file each, whose marked function draws it. See `composer.core.blocks.map_kinds`."""

from importlib import import_module

from composer.core.blocks.map_kinds import check_map_kind, map_kinds
from composer.engine.maps.captured_map import CapturedMap
from composer.engine.maps.map_images import MapImages


def draw_map(captured: CapturedMap, index: int = 0) -> MapImages:
    """Draw a map for one image of the batch.

    Args:
        captured: the map.
        index: number of the image within the batch.

    Raises:
        UserError: if the kind is unknown.
    """
    check_map_kind(captured.kind)
    module = import_module(f"{__name__}.{captured.kind}")
    images: MapImages = getattr(module, map_kinds()[captured.kind].attribute)(captured, index)
    return images
