"""The dataset of a design in the shapes of its inputs, and a network that takes its batches."""

from collections.abc import Mapping

from torch import Tensor, nn

from composer.core.graph import Design
from composer.core.training_inputs import field_shapes
from composer.engine.training.datasets import LoadedDataset, load


class NamedInputs(nn.Module):
    """A network that takes a batch of named fields.

    Args:
        network: takes tensors in the order of the design's inputs.
        fields: the fields to pass, in that order.
    """

    def __init__(self, network: nn.Module, fields: tuple[str, ...]) -> None:
        super().__init__()
        self.network = network
        self.fields = fields

    def forward(self, batch: Mapping[str, Tensor]) -> object:
        """Run the network on its fields of the batch."""
        return self.network(*(batch[name] for name in self.fields))


def load_for(design: Design) -> LoadedDataset:
    """Load the dataset of a design's training settings in the shapes of its inputs.

    Raises:
        UserError: if the dataset and the design do not fit each other.
    """
    return load(design.training.data, field_shapes(design))
