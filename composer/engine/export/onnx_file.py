"""ONNX, checked with onnxruntime before it is put in place. Needs the packages of the extra ``onnx``."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from composer.core.errors import UserError
from composer.core.files.atomic import write_atomically
from composer.engine.export.numerical_check import check_agreement, samples
from composer.engine.export.torch_file import any_batch, first_line, loaded
from composer.engine.inference.infer import Inference


def write_onnx(inference: Inference, path: Path, weights: dict[str, Tensor] | None) -> str:
    """Write an ONNX file whose batch axis is free, and hold it against the model.

    Args:
        inference: of a design without errors.
        path: file to write.
        weights: a trained state_dict; fresh weights by default.

    Returns:
        One line on what was written and checked.

    Raises:
        UserError: if the packages are missing, the model cannot be converted, or the outputs differ.
    """
    try:
        import onnxruntime
        import onnxscript  # noqa: F401 - torch's exporter needs it and says so in many lines
    except ImportError as error:
        raise UserError(
            f"ONNX needs the package {error.name}; install it with: pip install 'netcomposer[onnx]'"
        ) from None
    # Frozen, because torch picks another attention kernel where a bias needs a gradient, and then cannot match the two when it
    # takes the model apart (torch 2.13: "Failed to decompose the FX graph", Swin's relative position bias).
    model = loaded(inference, weights).requires_grad_(False)
    try:
        body, sizes = _convert(inference, model)
        session = onnxruntime.InferenceSession(body, providers=["CPUExecutionProvider"])
    except Exception as error:  # torch's exporter, onnxruntime and protobuf, whose limit is 2 GB, raise of every kind
        # torch's error says at which step it failed, and its cause why.
        raise UserError(f"this design cannot be written as ONNX: {first_line(error.__cause__ or error)}") from None
    known = {item.name for item in session.get_inputs()}

    def run(*given: Tensor) -> list[Tensor]:
        named = {
            name: tensor.numpy()
            for name, tensor in zip(inference.design.main.inputs, given, strict=True)
            if name in known
        }
        try:
            return [torch.from_numpy(array) for array in session.run(None, named)]
        except Exception as error:
            raise UserError(
                f"onnxruntime cannot run the file at batch {len(given[0])}: {first_line(error)}; nothing was written"
            ) from None

    diff = check_agreement("the ONNX file", model, run, inference, sizes)
    write_atomically(path, lambda out: out.write(body))
    note = "batch dynamic" if len(sizes) > 1 else f"batch fixed to {sizes[0]}"
    return f"{path}: ONNX, {note}, checked with onnxruntime {onnxruntime.__version__}, {diff}"


def _convert(inference: Inference, model: nn.Module) -> tuple[bytes, tuple[int, ...]]:
    """The file's content, and the batch sizes to check it at; one alone where the batch is fixed."""
    main = inference.design.main
    names: dict[str, Any] = {"input_names": list(main.inputs), "output_names": list(main.outputs)}

    def convert(size: int, shapes: Any) -> bytes:
        with _quiet():
            program = torch.onnx.export(
                model, samples(inference, size), dynamo=True, verbose=False, dynamic_shapes=shapes, **names
            )
        assert program is not None
        body: bytes = program.model_proto.SerializeToString()
        return body

    return any_batch(inference, convert)


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
