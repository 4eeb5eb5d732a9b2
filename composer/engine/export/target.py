"""The contract of an export target, and the design, weights and model that it exports."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import torch
from torch import Tensor, nn

import composer
from composer.core.errors import DesignError, UserError
from composer.core.export_targets import LAST
from composer.core.files.design_file import design_hash
from composer.core.graph import Design
from composer.engine.codegen.build import build
from composer.engine.codegen.proof import Proof
from composer.engine.inference.infer import Inference, Inferrer
from composer.engine.training.storage.weights import Weights

FRESH = "fresh weights, not trained"


@dataclass
class ExportSource:
    """What is exported; inference and model are computed when first used, and shared by writing and verifying.

    Args:
        design: the design.
        weights: trained weights; fresh ones by default.
        inferrer: its memo is used; a new one by default.
    """

    design: Design
    weights: Weights | None = None
    inferrer: Inferrer = field(default_factory=Inferrer)

    @cached_property
    def inference(self) -> Inference:
        """The inference of the design.

        Raises:
            DesignError: if the design has errors.
        """
        inference = self.inferrer.infer(self.design)
        if inference.errors:
            raise DesignError(inference.errors[0])
        return inference

    @cached_property
    def model(self) -> nn.Module:
        """The built model with its weights, in evaluation mode and without gradients.

        Gradients are off because torch picks another attention kernel where a bias needs one, and then cannot match the
        two kernels when it decomposes the model (torch 2.13: "Failed to decompose the FX graph", for Swin's relative
        position bias).

        Raises:
            DesignError: if the design has errors.
            UserError: if the weights belong to another network.
        """
        design = self.inference.design
        model = build(design, seed=0, inferrer=self.inferrer)
        if self.weights is not None:
            self.weights.load_into(model)
        return model.eval().requires_grad_(False)

    @property
    def tensors(self) -> dict[str, Tensor] | None:
        """The state_dict of the trained weights; None for fresh ones."""
        return self.weights.tensors if self.weights is not None else None

    @property
    def metadata(self) -> dict[str, str]:
        """What a file of weights stores about itself: design, program versions, and where its weights are from."""
        texts = {
            "design": design_hash(self.design),
            "name": self.design.name,
            "weights": self.weights.message if self.weights is not None else FRESH,
            "netcomposer": composer.__version__,
            "torch": torch.__version__,
        }
        if self.weights is not None and self.weights.network is not None:
            texts |= self.weights.network.metadata()
        return texts


@dataclass(frozen=True, slots=True)
class Rendered:
    """The content of a file that is to be written.

    Args:
        content: all bytes of the file.
        note: what the file holds, for the message: ``120 lines``.
    """

    content: bytes
    note: str


class Target(ABC):
    """One way to export a design; a target is a class marked by `export_target` in a file of this folder."""

    @abstractmethod
    def render(self, source: ExportSource) -> Rendered:
        """Compute the content of the file; nothing is written before this returns.

        Raises:
            UserError: if the design cannot be exported in this way.
        """

    def verify(self, path: Path, source: ExportSource) -> Proof:
        """Compare a written file with the drawn network; overridden by targets declared as ``provable``.

        Raises:
            UserError: if the file cannot be read or run, or the target has no proof.
        """
        raise UserError(f"{path}: {type(self).__name__} has no proof; implement verify, or declare provable=False")


class TextTarget(Target):
    """A target that writes text."""

    @abstractmethod
    def text(self, source: ExportSource) -> str:
        """Return the text of the file."""

    def render(self, source: ExportSource) -> Rendered:
        """Encode the text."""
        text = self.text(source)
        return Rendered(text.encode(), f"{len(text.splitlines())} lines")


Marked = TypeVar("Marked", bound=type[Target])


def export_target(
    *,
    title: str,
    suffixes: tuple[str, ...],
    file_type: str = "",
    needs_weights: bool = False,
    binary: bool = False,
    provable: bool = False,
    order: int = LAST,
    requires: tuple[str, ...] = (),
) -> Callable[[Marked], Marked]:
    """Mark the class of a target; see `composer.core.export_targets.ExportTarget` for the arguments.

    The declaration is read from the source text, so the decorator returns the class unchanged.
    """
    del title, suffixes, file_type, needs_weights, binary, provable, order, requires
    return lambda target: target
