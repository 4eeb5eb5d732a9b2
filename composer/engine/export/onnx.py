"""ONNX, compared with the model by onnxruntime. Needs the packages of the extra ``onnx``."""

import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import Tensor

from composer.core.errors import UserError
from composer.core.files.design_file import design_hash
from composer.engine.codegen.proof import Proof
from composer.engine.export.conversion import batch_note, batches_of, convert_any_batch, first_line
from composer.engine.export.numerical_check import check_agreement, measure_agreement, random_samples
from composer.engine.export.target import ExportSource, Rendered, Target, export_target

NAME = "the ONNX file"


@export_target(
    title="ONNX",
    suffixes=(".onnx",),
    needs_weights=True,
    binary=True,
    provable=True,
    order=40,
    requires=("onnx", "onnxscript", "onnxruntime"),
)
class OnnxTarget(Target):
    """For other runtimes; compared with the model by onnxruntime before it is written."""

    def render(self, source: ExportSource) -> Rendered:
        """Convert the model, and compare the result with it."""
        onnxruntime = _import_onnxruntime()
        model, inference = source.model, source.inference
        main = inference.design.main
        names: dict[str, Any] = {"input_names": list(main.inputs), "output_names": list(main.outputs)}

        def convert(batch: int, shapes: Any) -> bytes:
            samples = random_samples(inference, batch)
            with _quiet():
                program = torch.onnx.export(model, samples, dynamo=True, verbose=False, dynamic_shapes=shapes, **names)
            assert program is not None
            model_proto = program.model_proto
            for key, value in source.metadata.items():
                model_proto.metadata_props.add(key=key, value=value)
            content: bytes = model_proto.SerializeToString()
            return content

        try:
            content = convert_any_batch(inference, convert)
            session = _open_session(onnxruntime, content)
        except Exception as error:  # torch's exporter, onnxruntime and protobuf, whose limit is 2 GB, raise all types
            # torch's error names the step that failed, and its cause the reason.
            raise UserError(f"this design cannot be written as ONNX: {first_line(error.__cause__ or error)}") from None
        batches = _batches(session)
        agreement = check_agreement(NAME, model, _runner(session, source), inference, batches)
        checked = f"compared with the model by onnxruntime {onnxruntime.__version__}"
        return Rendered(content, f"ONNX, {batch_note(batches)}, {checked}, {agreement.message}")

    def verify(self, path: Path, source: ExportSource) -> Proof:
        """Run the file with onnxruntime, and compare its outputs with the model.

        The exporter folds constants into the weights, so that parameters cannot be counted in the file.
        """
        onnxruntime = _import_onnxruntime()
        try:
            session = _open_session(onnxruntime, path.read_bytes())
        except Exception as error:  # onnxruntime and protobuf raise all types for a damaged file
            raise UserError(f"{path.name}: cannot be read as ONNX: {first_line(error)}") from None
        main = source.inference.design.main
        names_match = [item.name for item in session.get_outputs()] == list(main.outputs) and {
            item.name for item in session.get_inputs()
        } <= set(main.inputs)
        agreement = measure_agreement(NAME, source.model, _runner(session, source), source.inference, _batches(session))
        return Proof(
            keys_match=names_match,
            params=None,
            params_expected=source.inference.facts.totals.params,
            differences={"forward (eval)": agreement.difference},
            tolerances={"forward (eval)": agreement.allowed},
            design=design_hash(source.design),
            torch=torch.__version__,
        )


def _import_onnxruntime() -> ModuleType:
    try:
        import_module("onnxscript")  # torch's exporter needs it, and reports its absence in many lines
        return import_module("onnxruntime")
    except ImportError as error:
        raise UserError(
            f"ONNX needs the package {error.name}; install it with: pip install 'netcomposer[onnx]'"
        ) from None


def _open_session(onnxruntime: ModuleType, content: bytes) -> Any:
    return onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])


def _batches(session: Any) -> tuple[int, ...]:
    inputs = session.get_inputs()
    return batches_of(inputs[0].shape[0] if inputs else 1)


def _runner(session: Any, source: ExportSource) -> Callable[..., list[Tensor]]:
    """Return a function that runs a session on the main inputs of the design."""
    # The exporter drops inputs that the outputs do not depend on.
    names = {item.name for item in session.get_inputs()}

    def run(*inputs: Tensor) -> list[Tensor]:
        named = zip(source.inference.design.main.inputs, inputs, strict=True)
        arrays = {name: tensor.numpy() for name, tensor in named if name in names}
        try:
            return [torch.from_numpy(array) for array in session.run(None, arrays)]
        except Exception as error:  # onnxruntime raises all types
            raise UserError(f"onnxruntime cannot run the file at batch {len(inputs[0])}: {first_line(error)}") from None

    return run


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence torch's exporter, which reports packages that no block uses (torchvision) and its own deprecations."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
