"""What a terminal shows while the data is read."""

import time

import pytest

from composer.engine.training.report import PROGRESS_SECONDS, Report


def test_slow_work_is_a_line_every_few_seconds(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    clock = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    report, silent = Report("text"), Report()
    for step in range(5):
        clock[0] += PROGRESS_SECONDS / 2
        report.progress(step / 5, f"checking images: {step} of 5")
        silent.progress(step / 5, "never")
    assert capsys.readouterr().err == "checking images: 2 of 5\n"
