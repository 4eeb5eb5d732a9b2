"""Files that torch and safetensors read: an exported program (.pt2) and the weights alone."""

import tempfile
from pathlib import Path

import torch
from safetensors.torch import save as save_tensors
from torch import Tensor, nn

from composer.core.atomic import write_atomically
from composer.core.design_file import design_hash
from composer.core.errors import UserError
from composer.engine.build import build
from composer.engine.infer import Inference
from composer.engine.verify import example_inputs


def loaded(inference: Inference, weights: dict[str, Tensor] | None) -> nn.Module:
    """The built model with the given weights, or with fresh ones, in evaluation mode.

    Raises:
        UserError: if the weights belong to another network.
    """
    model = build(inference.design, seed=0)
    if weights is not None:
        try:
            model.load_state_dict(weights)
        except RuntimeError as error:
            raise UserError(f"the weights do not fit the design: {str(error).splitlines()[-1].strip()}") from None
    return model.eval()


def write_pt2(inference: Inference, path: Path, weights: dict[str, Tensor] | None) -> str:
    """Write a `torch.export` program with a dynamic batch and check it against the model at another batch size."""
    model = loaded(inference, weights)
    inputs = tuple(_batched(tensor, 2) for tensor in example_inputs(inference).values())
    batch = torch.export.Dim("batch", min=1, max=65536)
    note = "batch dynamic"
    try:
        program = torch.export.export(model, inputs, dynamic_shapes=tuple({0: batch} for _ in inputs))
        other = tuple(_batched(tensor, 3) for tensor in inputs)
    except Exception:  # some blocks fold the batch into windows in a way that export cannot keep symbolic
        inputs = other = tuple(_batched(tensor, 1) for tensor in inputs)
        program = torch.export.export(model, inputs)
        note = "batch fixed to 1"
    with torch.no_grad():
        diff = _difference(program.module()(*other), model(*other))
    with tempfile.NamedTemporaryFile(suffix=".pt2") as file:
        torch.export.save(program, file.name)
        body = Path(file.name).read_bytes()
    write_atomically(path, lambda out: out.write(body))
    return f"{path}: torch.export program, {note}, max |diff| {diff:g}"


def write_safetensors(inference: Inference, path: Path, weights: dict[str, Tensor] | None) -> str:
    """Write the weights alone, with the design's hash beside them."""
    state = {name: tensor.contiguous() for name, tensor in loaded(inference, weights).state_dict().items()}
    body = save_tensors(state, metadata={"design": design_hash(inference.design), "name": inference.design.name})
    write_atomically(path, lambda out: out.write(body))
    return f"{path}: {len(state)} tensors, {len(body) / 1e6:.1f} MB, {'trained' if weights is not None else 'fresh'} weights"


def _batched(tensor: Tensor, size: int) -> Tensor:
    return tensor[:1].repeat(size, *[1] * (tensor.dim() - 1))


def _difference(a: object, b: object) -> float:
    first = a if isinstance(a, tuple) else (a,)
    second = b if isinstance(b, tuple) else (b,)
    pairs = zip(first, second, strict=True)
    return max(float((x.double() - y.double()).abs().max()) for x, y in pairs)
