"""Generators of candidates: how they are marked and collected."""

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from functools import cache

from composer.core.facts import Repair
from composer.engine.repair.context import ErrorContext

KINDS = "composer.engine.repair.kinds"

Generate = Callable[[ErrorContext], Iterator[Repair]]


class Stage(IntEnum):
    """When a generator runs; within a stage the smaller rank comes first.

    The candidates of STATED follow from the message itself: one generator is exhausted before the next. Those of LIKELY
    and LAST are guesses, taken in turns from all generators of the stage. LAST changes what a person tied to a
    variable, to a parameter of the sub-graph or to the iteration, and what the message does not mention.
    """

    STATED = 0
    LIKELY = 1
    LAST = 2


@dataclass(frozen=True)
class Generator:
    """A marked generator of candidates."""

    stage: Stage
    rank: int
    generate: Generate


def candidates(stage: Stage, rank: int) -> Callable[[Generate], Generate]:
    """Mark a function as a generator of candidates.

    Args:
        stage: when it runs.
        rank: its order within the stage.
    """

    def mark(generate: Generate) -> Generate:
        generate.candidates = (stage, rank)  # type: ignore[attr-defined]
        return generate

    return mark


@cache
def generators() -> tuple[Generator, ...]:
    """Return the generators of all files in `kinds`, by stage and rank."""
    files = pkgutil.iter_modules(importlib.import_module(KINDS).__path__, f"{KINDS}.")
    modules = [importlib.import_module(file.name) for file in files]
    marked = (
        Generator(value.candidates[0], value.candidates[1], value)
        for module in modules
        for value in vars(module).values()
        if hasattr(value, "candidates") and value.__module__ == module.__name__
    )
    return tuple(sorted(marked, key=lambda generator: (generator.stage, generator.rank)))
