"""The learning rate as a function of the step, also of runs that were made longer."""

import itertools
import math

import pytest

from composer.core.graph import ExtensionRef, Training
from composer.core.learning_rate import MODES, EpochChange, learning_rate, rate_jump
from composer.core.training_extensions import schedules

SETTINGS = Training(lr=0.01, epochs=8, warmup_epochs=1.0)


def test_the_learning_rate_warms_up_and_falls() -> None:
    rate = learning_rate(Training(lr=1.0, epochs=10, warmup_epochs=2.0), steps_per_epoch=5)
    assert [rate(step) for step in (0, 4, 9)] == pytest.approx([0.1, 0.5, 1.0])
    assert rate(10) == pytest.approx(1.0)
    assert rate(30) == pytest.approx(0.01 + 0.99 / 2)
    assert rate(50) == pytest.approx(0.01)
    assert all(rate(step) >= rate(step + 1) for step in range(10, 50))
    flat = learning_rate(
        Training(lr=1.0, epochs=10, schedule=ExtensionRef("constant"), warmup_epochs=0.0), steps_per_epoch=5
    )
    assert {flat(step) for step in range(50)} == {1.0}


def test_the_jump_of_a_stretched_cosine_is_that_of_the_formula() -> None:
    """Four epochs of six steps, then eight: the numbers are worked out by hand."""
    before = 0.01 * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * 17 / 18)))
    after = 0.01 * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * 18 / 42)))
    assert rate_jump(SETTINGS, 6, [EpochChange(24, 4, 8, "stretch")]) == pytest.approx((before, after))
    assert (before, after) == pytest.approx((0.000175, 0.00615), rel=1e-2)
    assert rate_jump(SETTINGS, 6, [EpochChange(24, 4, 8, "hold")]) is None
    assert rate_jump(SETTINGS, 6, []) is None
    assert rate_jump(SETTINGS, 6, [EpochChange(0, 4, 8, "stretch")]) is None


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("schedule", schedules())
@pytest.mark.parametrize("step", [1, 5, 13, 24])
def test_a_change_leaves_the_steps_before_it_as_they_were(mode: str, schedule: str, step: int) -> None:
    settings = Training(lr=0.01, epochs=8, warmup_epochs=1.0, schedule=ExtensionRef(schedule))
    original = learning_rate(Training(lr=0.01, epochs=4, warmup_epochs=1.0, schedule=ExtensionRef(schedule)), 6)
    changed = learning_rate(settings, 6, [EpochChange(step, 4, 8, mode)])
    assert [changed(at) for at in range(step)] == [original(at) for at in range(step)]
    assert all(0 < changed(at) <= 0.01 for at in range(48))


def test_hold_keeps_the_last_rate_and_rewarm_rises_to_the_peak_and_falls() -> None:
    last = learning_rate(Training(lr=0.01, epochs=4, warmup_epochs=1.0), 6)(23)
    hold = learning_rate(SETTINGS, 6, [EpochChange(24, 4, 8, "hold")])
    assert {hold(step) for step in range(24, 48)} == {last}
    rewarm = learning_rate(SETTINGS, 6, [EpochChange(24, 4, 8, "rewarm")])
    rising = [rewarm(step) for step in range(23, 30)]
    assert all(low < high for low, high in itertools.pairwise(rising))
    assert rising[0] == last
    assert rising[-1] == pytest.approx(0.01)
    assert all(rewarm(step) >= rewarm(step + 1) for step in range(30, 48))
    assert rewarm(48) == pytest.approx(0.0001)


def test_several_changes_follow_each_other() -> None:
    changes = [EpochChange(24, 4, 6, "hold"), EpochChange(36, 6, 8, "stretch")]
    rate, plain = learning_rate(SETTINGS, 6, changes), learning_rate(SETTINGS, 6)
    held = learning_rate(SETTINGS, 6, changes[:1])
    assert [rate(step) for step in range(36)] == [held(step) for step in range(36)]
    assert [rate(step) for step in range(36, 48)] == [plain(step) for step in range(36, 48)]


def test_changes_survive_their_json() -> None:
    change = EpochChange(24, 4, 8, "hold", 12.5)
    assert EpochChange.from_json(change.to_json()) == change
    for damage in ({"learning_rate": "other"}, {"step": "x"}, {"before": None}):
        with pytest.raises((ValueError, TypeError)):
            EpochChange.from_json({**change.to_json(), **damage})
