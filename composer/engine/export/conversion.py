"""Converting a model with torch's exporters: a free batch axis where possible, and their errors in one line."""

import re
import textwrap
from collections.abc import Callable
from typing import Any, TypeVar

import torch

from composer.engine.inference.infer import Inference

Converted = TypeVar("Converted")
MAX_BATCH = 65_536
# Torch would take a batch of 1 for a constant.
TRACED_BATCH = 2
# Batches at which a file is compared with the model: the free ones include neither the traced one nor only one.
FREE_BATCHES = (1, 3)
# Characters of a message of torch, which may continue with a whole graph.
MAX_REASON = 200


def convert_any_batch(inference: Inference, convert: Callable[[int, Any], Converted]) -> Converted:
    """Convert a model with a free batch axis or, where torch cannot keep that axis symbolic, for a batch of 1.

    Args:
        inference: of the model's design.
        convert: takes the batch to trace and the dynamic shapes of the inputs, None for fixed ones.
    """
    batch = torch.export.Dim("batch", min=1, max=MAX_BATCH)
    try:
        return convert(TRACED_BATCH, tuple({0: batch} for _ in inference.design.main.inputs))
    except Exception:  # some blocks fold the batch into windows in a way that export cannot keep symbolic
        return convert(1, None)


def batches_of(first_axis: object) -> tuple[int, ...]:
    """Return the batches at which to compare a file, from the first axis of its input: a number if it is fixed."""
    return (first_axis,) if isinstance(first_axis, int) else FREE_BATCHES


def batch_note(batches: tuple[int, ...]) -> str:
    """Describe the batch axis of a file."""
    return "batch dynamic" if len(batches) > 1 else f"batch fixed to {batches[0]}"


def first_line(error: BaseException) -> str:
    """Return the first line of another library's error, without colours; its type where it has no message."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", str(error))
    # The ONNX exporter prints the whole node of its graph; only the operation is of interest.
    if operation := re.search(r"translating node .*target=torch\.ops\.([\w.]+)", plain):
        return f"it has no form of the operation {operation[1]}"
    line = next((line.strip() for line in plain.splitlines() if line.strip()), type(error).__name__)
    return textwrap.shorten(line, MAX_REASON, placeholder=" …")
