"""Memory of a training step and least times on devices: arithmetic on facts."""

import pytest

from composer.core import memory, roofline
from composer.core.device_profiles import PROFILES, DeviceProfile
from composer.core.errors import UserError
from composer.core.facts import NodeFacts, Totals
from composer.core.graph import ExtensionRef, Training

TEN = Totals(params=10, params_trainable=8, macs=500, activation_bytes=100, moved_bytes=50, buffers=2)
SLOW = DeviceProfile("slow", "Slow", 10**9, 10.0, {"fp32": 100.0, "bf16": 400.0}, "nobody")


def test_gradients_and_optimizers_count_what_is_trained() -> None:
    assert memory.frozen(TEN) == 2
    assert memory.gradient_bytes(TEN) == 32
    assert memory.optimizer_bytes(TEN, "sgd") == 32
    assert memory.optimizer_bytes(TEN) == 64


def test_a_training_step_holds_all_of_it() -> None:
    parts = memory.training_memory(TEN, "sgd")
    assert (parts.weights, parts.buffers, parts.gradients, parts.optimizer, parts.activations) == (40, 8, 32, 32, 100)
    assert parts.total == 212
    assert memory.training_memory(TEN).total - parts.total == 32


def test_the_optimizer_of_the_design_is_compared_too() -> None:
    assert memory.compared(Training()) == ("adamw", "sgd")
    assert memory.compared(Training(optimizer=ExtensionRef("rmsprop"))) == ("adamw", "sgd", "rmsprop")
    assert memory.compared(Training(optimizer=ExtensionRef("lion"))) == ("adamw", "sgd")


def test_an_unknown_optimizer_is_named() -> None:
    with pytest.raises(UserError, match="'lion' is unknown; choose one of: ada"):
        memory.optimizer_bytes(TEN, "lion")


@pytest.mark.parametrize(
    ("macs", "moved", "precision", "seconds", "bound"),
    [
        (500, 10, "fp32", 10.0, "compute"),
        (50, 1000, "fp32", 100.0, "memory"),
        (500, 10, "bf16", 2.5, "compute"),
        (50, 1000, "bf16", 50.0, "memory"),
        (0, 0, "fp32", 0.0, "memory"),
    ],
)
def test_the_larger_of_the_two_roofs(macs: int, moved: int, precision: str, seconds: float, bound: str) -> None:
    estimate = roofline.estimate(NodeFacts(macs=macs, moved_bytes=moved), SLOW, precision)
    assert (estimate.seconds, estimate.bound) == (seconds, bound)


@pytest.mark.parametrize(("precision", "moved"), [("fp32", 400), ("tf32", 400), ("bf16", 200), ("fp16", 200)])
def test_bytes_moved_are_those_of_the_precision(precision: str, moved: int) -> None:
    device = DeviceProfile("all", "All", 10**9, 10.0, dict.fromkeys(("fp32", "tf32", "bf16", "fp16"), 100.0), "nobody")
    estimate = roofline.estimate(NodeFacts(macs=0, moved_bytes=400), device, precision)
    assert (estimate.moved_bytes, estimate.seconds) == (moved, moved / 10)


def test_intensity_and_ridge() -> None:
    assert roofline.intensity(TEN) == 20
    assert roofline.intensity(Totals()) == 0
    assert roofline.estimate(NodeFacts(macs=100, moved_bytes=50), SLOW).intensity == 4
    assert roofline.ridge(SLOW) == 10


def test_what_a_device_does_not_have() -> None:
    with pytest.raises(UserError, match="Slow has fp32, bf16"):
        roofline.estimate(NodeFacts(), SLOW, "tf32")
    with pytest.raises(UserError, match="device 'abacus' is unknown; choose one of: this, a100"):
        roofline.find("abacus")


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_profiles_are_plausible_and_say_where_they_come_from(profile: DeviceProfile) -> None:
    assert PROFILES[profile.key] is profile
    assert (
        profile.title.startswith(profile.source.split()[0])
        and profile.url.startswith("https://")
        and profile.url.isprintable()
    )
    assert 1e12 < profile.peaks["fp32"] <= min(profile.peaks.values()) < 1e15
    assert 1e11 < profile.bandwidth < 1e13
    assert 1e9 < profile.memory < 1e12
    if (
        "tf32" in profile.peaks
    ):  # dense peaks of one tensor core: half the width, twice the rate; sparse ones beside them would break it
        assert profile.peaks["fp16"] == profile.peaks["bf16"] == pytest.approx(2 * profile.peaks["tf32"], rel=1e-3)
