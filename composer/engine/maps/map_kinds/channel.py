"""A gate for each channel (squeeze-and-excite)."""

from composer.engine.maps.captured_map import CapturedMap
from composer.engine.maps.map_images import Bars, MapImages, map_kind


@map_kind(words="channel gate", values="gate", shape="n channels ...")
def draw(captured: CapturedMap, index: int) -> MapImages:
    """Draw the gate of each channel as bars."""
    gate = captured.data[index]
    values = gate.reshape(gate.shape[0], -1).mean(1)
    title = "gate of each channel"
    bars = Bars(title, "channel", values)
    return MapImages((title,), values[None, None], over_image=False, bars=bars, notes=captured.notes)
