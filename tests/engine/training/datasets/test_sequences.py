"""Generated sequences: what has to become of them, and the tokens that begin, end and fill them."""

from typing import Any

import pytest
import torch

from composer.core.errors import UserError
from composer.core.graph import ExtensionRef
from composer.engine.training.datasets import LoadedDataset, load, load_facts

PADDING, START, END = 0, 1, 2


def load_sequences(shapes: dict[str, tuple[int, ...]] | None = None, **options: Any) -> LoadedDataset:
    reference = ExtensionRef("sequences", {"count": 100, **options})
    return load(reference, shapes or {"tokens": (8,), "previous": (9,)})


def symbols(row: torch.Tensor) -> list[int]:
    """Return the symbols in front of the end token, after which there is padding only."""
    values: list[int] = row.tolist()
    end = values.index(END)
    assert set(values[end + 1 :]) <= {PADDING}
    return values[:end]


@pytest.mark.parametrize(
    ("task", "expected"), [("copy", lambda row: row), ("reverse", lambda row: row[::-1]), ("sort", sorted)]
)
def test_the_target_is_what_becomes_of_the_tokens(task: str, expected: Any) -> None:
    data = load_sequences(task=task)
    for split in data.parts().values():
        batch = split.take(slice(None))
        assert batch["tokens"].shape[1] == 8 and batch["target"].shape[1] == batch["previous"].shape[1] == 9
        for tokens, target, previous in zip(batch["tokens"], batch["target"], batch["previous"], strict=True):
            row = symbols(tokens)
            assert 3 <= len(row) <= 7 and set(row) <= set(range(3, 13))
            assert symbols(target) == expected(row)
            assert previous.tolist() == [START, *target.tolist()[:-1]]


def test_no_sequence_is_in_two_parts_and_seeds_differ() -> None:
    data = load_sequences()
    rows = torch.cat([split.take(slice(None))["tokens"] for split in data.parts().values()])
    assert {name: len(split) for name, split in data.parts().items()} == {"train": 100, "val": 20, "test": 20}
    assert len(torch.unique(rows, dim=0)) == 140
    assert torch.equal(rows[:100], load_sequences().train.take(slice(None))["tokens"])
    assert not torch.equal(rows[:100], load_sequences(seed=1).train.take(slice(None))["tokens"])
    lengths = (rows > END).sum(1)
    assert set(lengths.tolist()) == {3, 4, 5, 6, 7}


def test_lengths_and_vocabulary() -> None:
    rows = load_sequences({"tokens": (30,)}, min_length=2, max_length=4, vocabulary=40).train.take(slice(None))
    assert set((rows["tokens"] > END).sum(1).tolist()) == {2, 3, 4} and rows["target"].shape == (100, 30)
    assert rows["tokens"].max() == 39
    facts = load_facts(ExtensionRef("sequences", {"count": 50, "max_length": 6}))
    assert facts.fields["tokens"].shape is None and facts.parts["val"].count == 10 and facts.classes == ()


@pytest.mark.parametrize(
    ("shapes", "options", "message"),
    [
        ({"tokens": (8,)}, {"max_length": 8}, "max_length 8 needs inputs of 9 tokens.*but the design takes 8"),
        ({"tokens": (3,)}, {}, "min_length 3 is more than the longest sequence, 2 symbols"),
        ({"tokens": (8, 4)}, {}, r"the input 'tokens' is \[8, 4\], expected a row of tokens"),
        ({"tokens": (5,)}, {"vocabulary": 4}, "140 are needed, but only 2 of 3 to 4 symbols of 1 differ"),
    ],
)
def test_sequences_that_cannot_be_are_refused(shapes: Any, options: Any, message: str) -> None:
    with pytest.raises(UserError, match=message):
        load_sequences(shapes, **options)
