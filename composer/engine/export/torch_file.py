"""Files that torch and safetensors read: an exported program (.pt2) and the weights alone."""

import io
import re
import textwrap
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import torch
from safetensors.torch import save as save_tensors
from torch import Tensor, nn

from composer.core.errors import UserError
from composer.core.files.atomic import write_atomically
from composer.core.files.design_file import design_hash
from composer.engine.codegen.build import instantiate
from composer.engine.export.numerical_check import check_agreement, outputs, samples
from composer.engine.inference.infer import Inference

T = TypeVar("T")
MAX_BATCH = 65_536
MAX_REASON = 200  # characters of what torch says, which may go on with a whole graph
# Exported at a batch that is neither 1 (which torch would take for a constant) nor checked alone.
TRACED, CHECKED = 2, (1, 3)


def loaded(inference: Inference, weights: dict[str, Tensor] | None) -> nn.Module:
    """The built model with the given weights, or with fresh ones, in evaluation mode.

    Raises:
        UserError: if the weights belong to another network.
    """
    model = instantiate(inference, seed=0)
    if weights is not None:
        try:
            model.load_state_dict(weights)
        except RuntimeError as error:
            raise UserError(f"the weights do not fit the design: {str(error).splitlines()[-1].strip()}") from None
    return model.eval()


def any_batch(inference: Inference, convert: Callable[[int, Any], T]) -> tuple[T, tuple[int, ...]]:
    """Convert a model with a free batch axis, or, where torch cannot keep that axis symbolic, for a batch of 1.

    Args:
        inference: of the model's design.
        convert: takes the batch to trace and the dynamic shapes of the inputs, None for fixed ones.

    Returns:
        What it made, and the batch sizes to check it at.
    """
    batch = torch.export.Dim("batch", min=1, max=MAX_BATCH)
    try:
        return convert(TRACED, tuple({0: batch} for _ in inference.design.main.inputs)), CHECKED
    except Exception:  # some blocks fold the batch into windows in a way that export cannot keep symbolic
        return convert(1, None), (1,)


def first_line(error: BaseException) -> str:
    """What an error of another library says first, without colours; its name where it says nothing."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", str(error))
    # The exporter to ONNX prints the whole node of its graph; of interest is what it computes.
    if found := re.search(r"translating node .*target=torch\.ops\.([\w.]+)", plain):
        return f"it has no form of the operation {found[1]}"
    line = next((line.strip() for line in plain.splitlines() if line.strip()), type(error).__name__)
    return textwrap.shorten(line, MAX_REASON, placeholder=" …")


def write_pt2(inference: Inference, path: Path, weights: dict[str, Tensor] | None) -> str:
    """Write a `torch.export` program and hold what is read back from it against the model.

    Args:
        inference: of a design without errors.
        path: file to write.
        weights: a trained state_dict; fresh weights by default.

    Returns:
        One line on what was written and checked.

    Raises:
        UserError: if the model cannot be exported, or the outputs differ.
    """
    model = loaded(inference, weights)
    buffer = io.BytesIO()
    try:
        with (
            warnings.catch_warnings()
        ):  # of recurrent layers torch says that it met each weight twice, which nobody has to act on
            warnings.simplefilter("ignore")
            program, sizes = any_batch(
                inference,
                lambda size, shapes: torch.export.export(model, samples(inference, size), dynamic_shapes=shapes),
            )
            torch.export.save(program, buffer)
    except Exception as error:  # torch's exporter raises of every kind
        raise UserError(f"this design cannot be exported by torch.export: {first_line(error)}") from None
    read = torch.export.load(io.BytesIO(buffer.getvalue())).module()
    diff = check_agreement("the exported program", model, lambda *given: outputs(read, given), inference, sizes)
    write_atomically(path, lambda out: out.write(buffer.getbuffer()))
    note = "batch dynamic" if len(sizes) > 1 else f"batch fixed to {sizes[0]}"
    return f"{path}: torch.export program, {note}, {diff}"


def write_safetensors(inference: Inference, path: Path, weights: dict[str, Tensor] | None) -> str:
    """Write the weights alone, with the design's hash beside them."""
    state = {name: tensor.contiguous() for name, tensor in loaded(inference, weights).state_dict().items()}
    body = save_tensors(state, metadata={"design": design_hash(inference.design), "name": inference.design.name})
    write_atomically(path, lambda out: out.write(body))
    return f"{path}: {len(state)} tensors, {len(body) / 1e6:.1f} MB, {'trained' if weights is not None else 'fresh'} weights"
