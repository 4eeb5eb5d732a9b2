"""A program of `torch.export`."""

import io
import json
import warnings
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor
from torch.export import ExportedProgram

from composer.core.errors import UserError
from composer.core.files.design_file import design_hash
from composer.engine.codegen.proof import Proof
from composer.engine.export.conversion import batch_note, batches_of, convert_any_batch, first_line
from composer.engine.export.numerical_check import (
    Agreement,
    check_agreement,
    measure_agreement,
    outputs_of,
    random_samples,
)
from composer.engine.export.state_check import weight_difference
from composer.engine.export.target import ExportSource, Rendered, Target, export_target

NAME = "the exported program"
METADATA = "netcomposer.json"  # the entry of the archive that tells design and origin of the weights


@export_target(
    title="torch.export",
    file_type="Exported programs",
    suffixes=(".pt2",),
    needs_weights=True,
    binary=True,
    provable=True,
    order=50,
)
class Pt2Target(Target):
    """A program that torch loads without code; compared with the model before it is written."""

    def render(self, source: ExportSource) -> Rendered:
        """Export the model, and compare what is read back with it."""
        model, inference = source.model, source.inference
        buffer = io.BytesIO()
        try:
            with (
                warnings.catch_warnings()
            ):  # torch warns of weights that recurrent layers share, on which nobody can act
                warnings.simplefilter("ignore")
                program = convert_any_batch(
                    inference,
                    lambda batch, shapes: torch.export.export(
                        model, random_samples(inference, batch), dynamic_shapes=shapes
                    ),
                )
                torch.export.save(program, buffer, extra_files={METADATA: json.dumps(source.metadata)})
        except Exception as error:  # torch's exporter raises errors of every type
            raise UserError(f"this design cannot be exported by torch.export: {first_line(error)}") from None
        program = torch.export.load(io.BytesIO(buffer.getvalue()))
        batches = batches_of(_batch_axis(program))
        agreement = check_agreement(NAME, model, _runner(program), inference, batches)
        return Rendered(buffer.getvalue(), f"torch.export program, {batch_note(batches)}, {agreement.message}")

    def verify(self, path: Path, source: ExportSource) -> Proof:
        """Load the file, and compare its weights and its outputs with the model."""
        try:
            program = torch.export.load(str(path))
            agreement = _measure(program, source)
        except UserError:
            raise
        except Exception as error:  # a damaged archive raises errors of every type
            raise UserError(f"{path.name}: cannot be run as a torch.export program: {first_line(error)}") from None
        expected = source.model.state_dict()
        return Proof(
            keys_match=set(program.state_dict) == set(expected),
            params=sum(parameter.numel() for parameter in program.parameters()),
            params_expected=source.inference.facts.totals.params,
            differences={
                "weights": weight_difference(program.state_dict, expected),
                "forward (eval)": agreement.difference,
            },
            tolerances={"forward (eval)": agreement.allowed},
            design=design_hash(source.design),
            torch=torch.__version__,
        )


def _measure(program: ExportedProgram, source: ExportSource) -> Agreement:
    batches = batches_of(_batch_axis(program))
    return measure_agreement(NAME, source.model, _runner(program), source.inference, batches)


def _runner(program: ExportedProgram) -> Callable[..., list[Tensor]]:
    module = program.module()
    return lambda *inputs: outputs_of(module, inputs)


def _batch_axis(program: ExportedProgram) -> object:
    """Return the first axis of the program's first input: an int if the batch is fixed."""
    name = program.graph_signature.user_inputs[0]
    node = next(node for node in program.graph.nodes if node.name == name)
    size: object = node.meta["val"].shape[0]
    return size
