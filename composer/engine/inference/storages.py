"""Storages of tensors within one walk: numbered, so that bytes saved by two nodes are counted once."""

from collections.abc import Sequence

from composer.engine.inference.results import BlockCost, TensorSpec


class Storages:
    """The storages of one walk, and which of them are already counted as saved for backward."""

    def __init__(self) -> None:
        self._count = 0
        self._saved: set[int] = set()

    def new(self) -> int:
        """Return the number of a new storage."""
        self._count += 1
        return self._count

    def outputs(self, cost: BlockCost, inputs: Sequence[TensorSpec | None]) -> list[TensorSpec]:
        """Return the output tensors of a block: each in a new storage, or in that of the input it is a view of."""
        tensors = []
        for (shape, dtype, grad, strides), alias, stored in zip(cost.outputs, cost.aliases, cost.stored, strict=True):
            base = inputs[alias] if alias is not None else None
            storage, size = (base.storage, base.stored) if base is not None else (self.new(), stored)
            tensors.append(TensorSpec(shape, dtype, grad, storage, size, strides))
        return tensors

    def count_saved(self, cost: BlockCost, inputs: Sequence[TensorSpec | None], outputs: Sequence[TensorSpec]) -> int:
        """Return the bytes that one run of a block saves for backward and that nothing before it saved."""
        total = cost.saved_bytes
        for flags, tensors in ((cost.saved_inputs, inputs), (cost.saved_outputs, outputs)):
            for is_saved, tensor in zip(flags, tensors, strict=True):
                if is_saved and tensor is not None and tensor.storage not in self._saved:
                    self._saved.add(tensor.storage)
                    total += tensor.stored
        return total
