"""Responses of the dendritic segments of each unit; the strongest segment gates its unit."""

import torch

from composer.engine.maps.captured_map import CapturedMap
from composer.engine.maps.map_images import Bars, MapImages, map_kind

MAGNITUDE = "responses of either sign: the table shows their magnitude, by which segments are selected"


@map_kind(words="dendritic segments", values="scores", shape="n units segments")
def draw(captured: CapturedMap, index: int) -> MapImages:
    """Draw how many units select each segment as bars, and the responses as a table."""
    table = captured.data[index].reshape(-1, captured.data.shape[-1])
    counts = torch.bincount(table.argmax(1), minlength=table.shape[1])
    bars = Bars("units that select each segment", "segment", counts.float())
    title = "response of each segment (columns) of each unit (rows)"
    strongest = int(counts.argmax())
    note = f"segment {strongest + 1} is the strongest for {int(counts[strongest])} of {len(table)} units"
    notes = (*captured.notes, note)
    if bool((captured.data >= 0).all()):  # responses have either sign, unless the block selects by magnitude
        notes = (*notes, MAGNITUDE)
    return MapImages((title,), table[None], over_image=False, bars=bars, notes=notes)
