"""Every schedule, as a curve between the peak and the minimum."""

import math
from itertools import pairwise

import pytest

from composer.core.errors import UserError
from composer.core.graph import ExtensionRef, Training
from composer.core.learning_rate import learning_rate
from composer.core.schedules import has_own_warmup, load_schedule
from composer.core.training_extensions import schedules


@pytest.mark.parametrize("name", schedules())
def test_a_schedule_reaches_the_peak_and_falls_no_lower_than_the_minimum(name: str) -> None:
    assert not schedules()[name].problem
    settings = Training(lr=0.5, min_lr=0.01, epochs=10, schedule=ExtensionRef(name), warmup_epochs=2.0)
    rate = learning_rate(settings, 7)
    values = [rate(step) for step in range(70)]
    peak = max(range(70), key=values.__getitem__)
    assert values[peak] == pytest.approx(0.5, rel=0.5)
    assert all(before <= after for before, after in pairwise(values[: peak + 1]))
    assert all(before >= after >= 0.01 for before, after in pairwise(values[peak:]))


@pytest.mark.parametrize(
    ("name", "options", "progress", "epochs", "expected"),
    [
        ("cosine", {}, 0.25, 0, 0.5 * (1 + math.cos(math.pi / 4))),
        ("cosine", {"cycles": 2}, 0.75, 0, 0.5),
        ("cosine", {"cycles": 2}, 1.0, 0, 0.0),
        ("linear", {}, 0.25, 0, 0.75),
        ("polynomial", {"power": 2.0}, 0.5, 0, 0.25),
        ("step", {"every": 30.0, "factor": 0.1}, 0, 29.99, 1.0),
        ("step", {"every": 30.0, "factor": 0.1}, 0, 90, 1e-3),
        ("exponential", {"factor": 0.5}, 0, 3, 0.125),
        ("one_cycle", {}, 0.0, 0, 0.04),
        ("one_cycle", {}, 0.3, 0, 1.0),
        ("one_cycle", {}, 1.0, 0, 0.0),
        ("inverse_sqrt", {"timescale": 4.0}, 0, 16, 0.5),
        ("inverse_sqrt", {"timescale": 4.0}, 0, 1, 1.0),
        ("trapezoid", {}, 0.8, 0, 1.0),
        ("trapezoid", {}, 0.9, 0, 0.5),
    ],
)
def test_values_by_hand(name: str, options: dict[str, float], progress: float, epochs: float, expected: float) -> None:
    assert load_schedule(ExtensionRef(name, options))(progress, epochs) == pytest.approx(expected, abs=1e-12)


def test_one_cycle_takes_the_place_of_the_warm_up() -> None:
    assert has_own_warmup(ExtensionRef("one_cycle"))
    assert not has_own_warmup(ExtensionRef("cosine"))
    settings = Training(lr=1.0, epochs=10, schedule=ExtensionRef("one_cycle"), warmup_epochs=5.0)
    assert learning_rate(settings, 10)(30) == pytest.approx(1.0)


def test_an_unknown_schedule_is_refused() -> None:
    with pytest.raises(UserError, match="schedule 'stairs' cannot be used; choose one of: constant"):
        load_schedule(ExtensionRef("stairs"))
