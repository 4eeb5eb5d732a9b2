"""Samples of the data that a run was trained on, by their numbers: the pictures behind its predictions."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from composer.core import edits, training_settings
from composer.core.errors import UserError
from composer.core.run_records import PARTS
from composer.core.training_inputs import IMAGE, LABEL
from composer.engine.training.data.inputs import load_for
from composer.engine.training.datasets.image_format import png_base64
from composer.engine.training.storage.run import Run


def run_samples(folder: Path, part: str, indices: Sequence[int], size: int) -> list[dict[str, Any]]:
    """Return samples as the network takes them.

    Args:
        folder: the run.
        part: ``train``, ``val`` or ``test``.
        indices: numbers of the samples in the part.
        size: longest side of the images, in pixels.

    Returns:
        For each sample ``index``, ``name``, ``label`` and ``png`` (base64); without images ``png`` is empty.

    Raises:
        UserError: if the run or its data cannot be read, or has no such samples.
    """
    run = Run.open(folder)
    settings = training_settings.from_plain(run.settings().get("training", {}))
    data = load_for(edits.set_training(run.design(), settings), streamed=True)
    split = data.parts().get(part)
    if split is None:
        raise UserError(f"{data.name} has no part {part}; it has: {', '.join(data.parts())}")
    if wrong := [index for index in indices if not 0 <= index < len(split)]:
        raise UserError(
            f"{data.name} has {len(split):,} {PARTS.get(part, part)} samples and none with the number {wrong[0]}; its "
            "files have changed since the training"
        )
    if not indices:
        return []
    batch = split.take(torch.tensor(list(indices), dtype=torch.int64))
    rows = []
    for position, index in enumerate(indices):
        png = ""
        if IMAGE in batch and data.image is not None:
            image = data.image.to_image(batch[IMAGE][position], size)
            image.thumbnail((size, size))
            png = png_base64(image)
        label = data.classes[int(batch[LABEL][position])] if LABEL in batch and data.classes else ""
        rows.append({"index": int(index), "name": split.name(index), "label": label, "png": png})
    return rows
