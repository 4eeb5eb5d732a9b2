"""What one part of the soak test has to do, and what it has seen so far."""

import random
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")
# Violations that are printed; the figure counts all.
SHOWN = 20


@dataclass
class Soak:
    """The plan of one part and its results.

    Args:
        part: name of the part; seeds differ between parts.
        folder: scratch folder, removed afterwards.
        seed: start of all random numbers.
        share: factor on the number of cases; 1.0 is the whole part.
        deadline: `time.monotonic()` at which no new case starts.

    Attributes:
        cases: finished cases.
        planned: cases that were planned.
        violations: what must not happen and did, with the case that shows it.
        figures: other figures to print, by name.
    """

    part: str
    folder: Path
    seed: int = 1
    share: float = 1.0
    deadline: float = float("inf")
    cases: int = 0
    planned: int = 0
    violations: list[str] = field(default_factory=list)
    figures: dict[str, float] = field(default_factory=dict)

    def random(self, name: object) -> random.Random:
        """Return a generator of random numbers that depends on seed, part and name only."""
        return random.Random(f"{self.seed}/{self.part}/{name}")

    def count(self, full: int, least: int = 1) -> int:
        """Return the number of cases under the share of this run."""
        return max(least, round(full * self.share))

    def sample(self, items: Sequence[T], name: object) -> list[T]:
        """Return all items in a full run, else an evenly spread share of them in their order."""
        number = min(len(items), self.count(len(items), least=2))
        return sorted_sample(self.random(name), items, number)

    def each(self, items: Iterable[T]) -> Iterator[T]:
        """Yield the items as cases until the time is up; cases that do not start leave the part incomplete."""
        rows = list(items)
        self.planned += len(rows)
        for row in rows:
            if time.monotonic() > self.deadline:
                return
            yield row
            self.cases += 1

    def expect(self, holds: object, message: str) -> bool:
        """Note a violation unless the condition holds; return whether it does."""
        if not holds:
            self.violations.append(message)
        return bool(holds)

    def scratch(self, name: object) -> Path:
        """Create an empty folder."""
        folder = self.folder / str(name)
        folder.mkdir(parents=True)
        return folder

    def to_json(self) -> dict[str, Any]:
        """Return the results as JSON values."""
        values = asdict(self)
        return {name: values[name] for name in ("part", "cases", "planned", "violations", "figures")}


def sorted_sample(generator: random.Random, items: Sequence[T], number: int) -> list[T]:
    """Return a random subset in the order of the items."""
    return [items[index] for index in sorted(generator.sample(range(len(items)), number))]
