"""What the training process measures besides loss and metrics: one small plot each."""

from collections.abc import Callable
from dataclasses import dataclass

from composer.core import units


def _rate(value: float) -> str:
    return f"{value:.3g}"


def _speed(value: float) -> str:
    return f"{value:,.0f}"


@dataclass(frozen=True, slots=True)
class Measure:
    """A number that step records may carry.

    Args:
        key: its key in the records.
        title: its name for people.
        unit: unit beside the title.
        write: formats a value.
        has_plan: whether its whole course is known before the run, and drawn in grey.
        noisy: whether a moving average is drawn over the raw values.
        from_zero: whether its axis starts at zero.
    """

    key: str
    title: str
    unit: str
    write: Callable[[float], str]
    has_plan: bool = False
    noisy: bool = False
    from_zero: bool = False


MEASURES = (
    Measure("lr", "Learning rate", "", _rate, has_plan=True),
    Measure("grad_norm", "Gradient norm", "", _rate, noisy=True),
    Measure("samples_per_s", "Speed", "samples/s", _speed, noisy=True, from_zero=True),
    Measure("memory_bytes", "Memory", "", units.memory, from_zero=True),
)
