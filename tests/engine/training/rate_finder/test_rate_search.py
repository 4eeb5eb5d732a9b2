"""The learning-rate range test: its curve, its suggestions, its plot."""

import json
from pathlib import Path

import pytest
from PIL import Image

from composer.cli.main import main
from composer.core.errors import UserError
from composer.core.files.design_file import dumps
from composer.engine.training.rate_finder.rate_plot import plot_rates
from composer.engine.training.rate_finder.rate_search import RateCurve, find_rate, smooth
from tests.engine.designs import tiny


def curve_of(losses: list[float], *, diverged: bool = True) -> RateCurve:
    rates = tuple(10.0 ** (-4 + 0.25 * step) for step in range(len(losses)))
    return RateCurve(rates, tuple(losses), tuple(smooth(losses)), diverged, 64)


def test_suggestions_are_the_steepest_descent_and_a_tenth_of_the_minimum() -> None:
    curve = curve_of([3.0] * 6 + [2.8, 2.0, 1.2, 1.0, 1.0, 1.0, 1.0, 1.4, 4.0, 9.0])
    assert curve.steepest == pytest.approx(10 ** (-4 + 0.25 * 7), rel=0.6)
    assert curve.tenth_of_minimum == pytest.approx(curve.minimum / 10)
    assert 10 ** (-4 + 0.25 * 9) <= curve.minimum <= 10 ** (-4 + 0.25 * 11)


def test_a_loss_that_only_grows_has_no_steepest_descent() -> None:
    curve = curve_of([1.0 + step for step in range(12)])
    assert curve.steepest is None
    assert curve.to_json()["suggestions"]["steepest"] is None


def test_the_loss_falls_and_then_grows_and_the_run_can_be_repeated() -> None:
    first, again = (find_rate(tiny(), device="cpu", lowest=1e-5, highest=100.0, steps=60) for _ in range(2))
    assert first.losses == again.losses
    assert first.diverged
    assert 1e-4 < first.tenth_of_minimum < first.minimum < 3
    assert first.steepest is not None
    assert first.steepest < first.minimum
    assert min(first.smoothed) < first.smoothed[0] * 0.9


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"lowest": 1.0, "highest": 0.1}, "run from 1 to 0.1, expected two rising numbers above 0"),
        ({"steps": 3}, "3 steps are too few for a curve, expected 10 or more"),
        ({"lowest": 1e20, "highest": 1e30}, "start lower than 1e+20"),
    ],
)
def test_a_range_without_a_curve_is_refused(options: dict[str, float], message: str) -> None:
    with pytest.raises(UserError) as refusal:
        find_rate(tiny(), device="cpu", **options)
    assert message in str(refusal.value)


def test_the_plot_shows_curve_and_suggestions() -> None:
    curve = curve_of([3.0] * 6 + [2.8, 2.0, 1.2, 1.0, 1.0, 1.0, 1.0, 1.4, 4.0, 9.0])
    image = plot_rates(curve, "Tiny")
    colors = {color for _, color in image.getcolors(1_000_000)}
    assert {(38, 92, 196), (196, 92, 12), (16, 128, 92)} <= colors
    assert plot_rates(curve_of([1.0] * 12), "Flat").size == image.size


def test_the_command_prints_writes_the_plot_and_nothing_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("tiny.yaml").write_text(dumps(tiny()))
    words = ["lr-find", "tiny.yaml", "--device", "cpu", "--steps", "12", "--set", "optimizer=sgd"]
    assert main([*words, "--plot", "rates.png", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert len(data["rates"]) == len(data["losses"]) == len(data["smoothed"])
    assert data["suggestions"]["tenth_of_minimum"] > 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["rates.png", "tiny.yaml"]
    with Image.open("rates.png") as image:
        assert image.size == (1200, 720)
    Path("mine.png").write_text("not to be replaced")
    assert main([*words, "--plot", "mine.png"]) == 2
    assert "mine.png" in capsys.readouterr().err
    assert Path("mine.png").read_text() == "not to be replaced"
    assert main([*words, "--plot", "rates.jpg"]) == 2
    assert "expected .png" in capsys.readouterr().err
