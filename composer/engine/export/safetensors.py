"""The weights alone, in the safetensors format."""

from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from composer.core.errors import UserError
from composer.core.files.design_file import design_hash
from composer.engine.codegen.proof import Proof
from composer.engine.export.state_check import weight_difference
from composer.engine.export.target import ExportSource, Rendered, Target, export_target


@export_target(title="Weights", suffixes=(".safetensors",), needs_weights=True, binary=True, provable=True, order=60)
class SafetensorsTarget(Target):
    """Weights alone; such a file cannot run code."""

    def render(self, source: ExportSource) -> Rendered:
        """Write the state_dict, with its design and the origin of its weights as metadata."""
        state = {name: tensor.contiguous() for name, tensor in source.model.state_dict().items()}
        content = save(state, metadata=source.metadata)
        return Rendered(content, f"{len(state)} tensors, {len(content) / 1e6:.1f} MB")

    def verify(self, path: Path, source: ExportSource) -> Proof:
        """Compare every tensor of the file, and the hash of its design, with the model."""
        try:
            with safe_open(path, framework="pt") as file:
                state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
                metadata = file.metadata() or {}
        except (SafetensorError, OSError) as error:
            raise UserError(f"{path.name}: cannot be read as safetensors: {error}") from None
        design = design_hash(source.design)
        expected = source.model.state_dict()
        parameters = {name for name, _ in source.model.named_parameters()}
        return Proof(
            keys_match=set(state) == set(expected) and metadata.get("design") == design,
            params=sum(tensor.numel() for name, tensor in state.items() if name in parameters),
            params_expected=source.inference.facts.totals.params,
            differences={"weights": weight_difference(state, expected)},
            design=design,
            torch=torch.__version__,
        )
