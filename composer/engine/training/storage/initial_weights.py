"""Weights to start from: those of another run or file, as far as they fit the network."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from composer.core.blocks.catalog import Catalog
from composer.core.errors import UserError
from composer.core.graph import Design
from composer.core.name_list import list_names
from composer.engine.training.storage.weights import Weights, load_weights

SHOWN = 4


@dataclass(frozen=True, slots=True)
class InitialWeights:
    """What a run started from.

    Attributes:
        path: the run or the file.
        weights: its weights.
        loaded: names of the tensors that were taken over.
        random: the other tensors of the network, each with why it was not.
    """

    path: str
    weights: Weights
    loaded: Sequence[str]
    random: Sequence[str]

    @property
    def message(self) -> str:
        """What was taken over, in one sentence."""
        count = len(self.loaded) + len(self.random)
        text = f"starts from {self.weights.message}: {len(self.loaded)} of {count} tensors"
        if not self.random:
            return text
        return f"{text}; left at random: {list_names(self.random, SHOWN)}"

    def to_json(self) -> dict[str, Any]:
        """Return what the settings of the run record."""
        return {
            "path": self.path,
            "source": self.weights.source,
            "difference": self.weights.difference,
            "loaded": len(self.loaded),
            "random": list(self.random),
        }


def load_initial(network: nn.Module, path: str, design: Design, catalog: Catalog) -> InitialWeights:
    """Take over every tensor whose name and shape fit; a head for other classes, for example, stays random.

    Args:
        network: the network, with random weights.
        path: folder of a run, a checkpoint or a safetensors file.
        design: its design.
        catalog: its blocks.

    Raises:
        UserError: if the weights cannot be read, or not a single one fits.
    """
    weights = load_weights(Path(path), design, catalog, force=True)
    own = network.state_dict()
    random = {name: reason for name, tensor in own.items() if (reason := _misfit(name, tensor, weights.tensors))}
    trained = {name for name, _ in network.named_parameters()}
    if trained <= random.keys():
        cause = f" ({weights.difference})" if weights.difference else ""
        raise UserError(f"init {path}: none of its {len(weights.tensors)} tensors fits the design{cause}")
    loaded = [name for name in own if name not in random]
    network.load_state_dict({**own, **{name: weights.tensors[name] for name in loaded}})
    return InitialWeights(path, weights, loaded, list(random.values()))


def _misfit(name: str, tensor: Tensor, weights: dict[str, Tensor]) -> str:
    """Return the name of a tensor with the reason why nothing fits it; empty if its weights fit."""
    if name not in weights:
        return f"{name} (not there)"
    there, here = (" x ".join(map(str, value.shape)) or "1" for value in (weights[name], tensor))
    return f"{name} ({there} there, {here} here)" if there != here else ""
