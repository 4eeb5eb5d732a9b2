"""Generated sequences of symbols that a network has to copy, reverse or sort.

Copying and reversing are the tasks by which Graves, Wayne, Danihelka, "Neural Turing Machines", 2014, arXiv:1410.5401,
and Grefenstette et al., "Learning to Transduce with Unbounded Memory", NeurIPS 2015, arXiv:1506.02516, judge a memory.
"""

from dataclasses import replace
from typing import Annotated, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from composer.core.data_facts import DataFacts
from composer.core.errors import UserError
from composer.engine.training.datasets import Dataset, LoadedDataset, Shapes, dataset
from composer.engine.training.datasets.splits import MemorySplit

PADDING, START, END = 0, 1, 2
FIRST_SYMBOL = 3
MAX_ROUNDS = 50  # of drawing, until enough sequences differ
DEFAULT_TOKENS = 12  # of a sequence, where no design states it
Numbers = NDArray[np.int64]


@dataset(title="Sequences", fields=("tokens", "previous", "target"))
class Sequences(Dataset):
    """Random symbols and what has to become of them; no sequence occurs in two parts.

    The tokens are the symbols, an end token and padding. The target is the copied, reversed or sorted sequence in the
    same form; the field ``previous`` is the target behind a start token, one position later, as a decoder reads it.

    Args:
        task: what has to become of a sequence.
        vocabulary: number of different tokens: padding 0, start 1, end 2, and the symbols from 3 on.
        min_length: fewest symbols of a sequence.
        max_length: most symbols of a sequence; 0 for as many as the input of the design takes beside the end token.
        count: number of training sequences; validation and test have a fifth of it each.
        seed: seed of the sequences.
    """

    def __init__(
        self,
        task: Literal["copy", "reverse", "sort"] = "reverse",
        vocabulary: Annotated[int, (4, 100_000)] = 13,
        min_length: Annotated[int, (1, 10_000)] = 3,
        max_length: Annotated[int, (0, 10_000)] = 0,
        count: Annotated[int, (10, 10_000_000)] = 5000,
        seed: Annotated[int, (0, 2147483647)] = 0,
    ) -> None:
        self.task = task
        self.vocabulary = vocabulary
        self.min_length, self.max_length = min_length, max_length
        self.count, self.seed = count, seed

    def load(self, shapes: Shapes) -> LoadedDataset:
        """Draw the sequences, as long as the inputs of the design take them."""
        sizes = {field: self._tokens(field, shape) for field, shape in shapes.items()}
        read = sizes.get("tokens", max(sizes.values(), default=DEFAULT_TOKENS))
        written = sizes.get("previous", sizes.get("target", read))
        longest = self.max_length or min(read, written) - 1
        if longest + 1 > min(read, written):
            raise UserError(
                f"sequences: max_length {longest} needs inputs of {longest + 1} tokens, one for the end token, "
                f"but the design takes {min(read, written)}; lower max_length or enlarge the input"
            )
        if longest < self.min_length:
            raise UserError(
                f"sequences: min_length {self.min_length} is more than the longest sequence, {longest} symbols; "
                "lower min_length or raise max_length"
            )
        fifth = max(1, self.count // 5)
        symbols, lengths = self._draw(self.count + 2 * fifth, longest)
        parts = {
            "train": slice(self.count),
            "val": slice(self.count, self.count + fifth),
            "test": slice(self.count + fifth, None),
        }
        train, val, test = (
            MemorySplit(self._fields(symbols[part], lengths[part], read, written), part=name)
            for name, part in parts.items()
        )
        return LoadedDataset(name="sequences", train=train, val=val, test=test)

    def facts(self) -> DataFacts:
        """Return the facts of sequences as long as the options allow."""
        facts = self.load({"tokens": ((self.max_length or max(DEFAULT_TOKENS, self.min_length)) + 1,)}).facts
        # Rows are filled up to the length of the input.
        return replace(facts, fields={name: replace(item, shape=None) for name, item in facts.fields.items()})

    @staticmethod
    def _tokens(field: str, shape: tuple[int, ...]) -> int:
        """Return the number of tokens of an input."""
        if len(shape) != 1:
            raise UserError(f"sequences: the input {field!r} is {list(shape)}, expected a row of tokens, such as [12]")
        return shape[0]

    def _draw(self, count: int, longest: int) -> tuple[Numbers, Numbers]:
        """Return different sequences (count, longest), filled with padding, and their lengths (count,)."""
        # RandomState: numpy promises that its stream never changes.
        random = np.random.RandomState(self.seed)
        rows = np.empty((0, longest), np.int64)
        for _ in range(MAX_ROUNDS):
            fresh = random.randint(FIRST_SYMBOL, self.vocabulary, (count, longest)).astype(np.int64)
            fresh[np.arange(longest) >= random.randint(self.min_length, longest + 1, (count, 1))] = PADDING
            rows = np.concatenate([rows, fresh])
            _, first = np.unique(rows, axis=0, return_index=True)
            rows = rows[np.sort(first)][:count]
            if len(rows) == count:
                return rows, (rows != PADDING).sum(1)
        raise UserError(
            f"sequences: {count:,} are needed, but only {len(rows):,} of {self.min_length} to {longest} symbols of "
            f"{self.vocabulary - FIRST_SYMBOL} differ; lower count, or raise vocabulary or the lengths"
        )

    def _fields(self, symbols: Numbers, lengths: Numbers, read: int, written: int) -> dict[str, torch.Tensor]:
        """Return the fields of some sequences."""
        count, longest = symbols.shape
        positions = np.arange(longest)
        if self.task == "copy":
            results = symbols
        elif self.task == "sort":
            padded = np.where(symbols == PADDING, self.vocabulary, symbols)
            results = np.sort(padded, 1)
            results[results == self.vocabulary] = PADDING
        else:
            source = lengths[:, None] - 1 - positions
            results = np.where(source >= 0, np.take_along_axis(symbols, source.clip(0), 1), PADDING)
        target = _end(results, lengths, written)
        previous = np.concatenate([np.full((count, 1), START), target[:, :-1]], 1)
        fields = {"tokens": _end(symbols, lengths, read), "previous": previous, "target": target}
        return {name: torch.from_numpy(values) for name, values in fields.items()}


def _end(symbols: Numbers, lengths: Numbers, size: int) -> Numbers:
    """Return sequences with an end token, filled with padding to a size."""
    rows = np.full((len(symbols), size), PADDING, np.int64)
    rows[:, : symbols.shape[1]] = symbols
    rows[np.arange(len(rows)), lengths] = END
    return rows
