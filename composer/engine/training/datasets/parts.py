"""The parts of a dataset: those that its source has, and those that are held out of the training samples."""

from collections.abc import Mapping
from typing import Protocol, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from composer.core.data_facts import PARTS
from composer.core.errors import UserError
from composer.engine.training.datasets.splits import stratified_split


class LabelledPart(Protocol):
    """Samples with class numbers."""

    @property
    def labels(self) -> NDArray[np.int64]:
        """Class numbers (N,)."""

    def select(self, index: NDArray[np.int64]) -> Self:
        """Return some of the samples."""


P = TypeVar("P", bound=LabelledPart)


def complete_parts(parts: Mapping[str, P], val_share: float, test_share: float, seed: int) -> dict[str, P]:
    """Return the parts ``train``, ``val`` and ``test``; those that are missing are held out of ``train`` by class.

    Raises:
        UserError: if there are too few samples.
    """
    train = parts["train"]
    complete = dict(parts)
    for name, share in (("test", test_share), ("val", val_share)):
        if name in parts or share == 0:
            continue
        rest, held_out = stratified_split(train.labels, share, seed)
        train, complete[name] = train.select(rest), train.select(held_out)
        if not len(held_out):
            raise UserError(
                f"{len(train.labels)} samples are too few to hold out {share:.0%} of each class for {name}; "
                f"raise {name}_share or add samples"
            )
    complete["train"] = train
    return {name: complete[name] for name in PARTS if name in complete}
