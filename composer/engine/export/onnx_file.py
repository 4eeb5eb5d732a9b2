"""ONNX, checked with onnxruntime before it is put in place. Needs the packages of the extra ``onnx``."""

import logging
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from composer.core.atomic import write_atomically
from composer.core.errors import UserError
from composer.engine.export.torch_file import loaded
from composer.engine.infer import Inference
from composer.engine.verify import example_inputs

TOLERANCE = 1e-4


def write_onnx(inference: Inference, path: Path, weights: dict[str, Tensor] | None) -> str:
    """Write an ONNX file and hold it against the model.

    Args:
        inference: of a design without errors.
        path: file to write.
        weights: a trained state_dict; fresh weights by default.

    Raises:
        UserError: if the packages are missing, the model cannot be converted, or the outputs differ by more than 1e-4.
    """
    try:
        import onnxruntime
        import onnxscript  # noqa: F401 - torch's exporter needs it and says so in many lines
    except ImportError as error:
        raise UserError(f"ONNX needs the package {error.name}; install it with: pip install 'netcomposer[onnx]'") from None
    # Frozen, because torch picks another attention kernel where a bias needs a gradient, and then cannot match the two when it
    # takes the model apart (torch 2.13: "Failed to decompose the FX graph", Swin's relative position bias).
    model = loaded(inference, weights).requires_grad_(False)
    inputs = example_inputs(inference)
    arguments = tuple(inputs.values())
    with tempfile.TemporaryDirectory(prefix="netcomposer-onnx-") as folder:
        file = Path(folder) / "model.onnx"
        try:
            names: dict[str, Any] = {"input_names": list(inputs), "output_names": list(inference.design.main.outputs)}
            with _quiet():
                program = torch.onnx.export(model, arguments, dynamo=True, verbose=False, **names)
            assert program is not None
            program.save(str(file), external_data=False)
        except Exception as error:
            first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            raise UserError(f"this design cannot be written as ONNX: {first}") from None
        session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
        seen = session.run(None, {item.name: tensor.numpy() for item, tensor in zip(session.get_inputs(), arguments, strict=True)})
        with torch.no_grad():
            result = model(*arguments)
        outputs = result if isinstance(result, tuple) else (result,)
        diff = max(float((torch.from_numpy(a).double() - b.double()).abs().max()) for a, b in zip(seen, outputs, strict=True))
        largest = max(1.0, *(float(b.abs().max()) for b in outputs))  # fresh weights may give large numbers, which round more coarsely
        if not diff <= TOLERANCE * largest:
            raise UserError(
                f"the ONNX file differs from the model by {diff:g}, expected at most {TOLERANCE * largest:g}; it was not written"
            )
        body = file.read_bytes()
    write_atomically(path, lambda out: out.write(body))
    return f"{path}: ONNX, checked with onnxruntime {onnxruntime.__version__}, max |diff| {diff:.2g}"


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep to itself what torch's exporter has to say about packages that no block uses (torchvision) and about its own future."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
