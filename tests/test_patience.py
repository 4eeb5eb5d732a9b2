"""Every deadline by the clock scales with NETCOMPOSER_TEST_PATIENCE."""

import ast
import inspect
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from tests import patience
from tests.patience import seconds
from tests.patient_qtbot import PatientQtBot

TESTS = Path(__file__).parent
QT_WAITS = {name for name in dir(PatientQtBot) if name.startswith("wait")}

SLEEPER = """
import time
import pytest

def test_default(): time.sleep(1.5)

@pytest.mark.timeout(8)
def test_own(): time.sleep(1.5)
"""


def test_seconds_are_scaled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "PATIENCE", 4.0)
    assert seconds(30) == 120


def test_qt_waits_are_scaled(qtbot: PatientQtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "PATIENCE", 0.01)
    with pytest.raises(qtbot.TimeoutError, match="in 50 milliseconds"):
        qtbot.waitUntil(lambda: False)
    for name in QT_WAITS:
        has_deadline = "timeout" in inspect.signature(getattr(QtBot, name)).parameters
        assert name in vars(PatientQtBot) or not has_deadline, f"the deadline of {name} is not scaled"


@pytest.mark.parametrize(("factor", "code"), [("0.1", 1), ("10", 0)])
def test_deadlines_of_pytest_are_scaled(factor: str, code: int, tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text((TESTS / "conftest.py").read_text())
    (tmp_path / "test_sleeper.py").write_text(SLEEPER)
    child = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-o", "timeout=10", "-o", "timeout_method=signal", str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(TESTS.parent), "NETCOMPOSER_TEST_PATIENCE": factor},
        capture_output=True,
        text=True,
        timeout=seconds(60),
        check=False,
    )
    assert child.returncode == code, child.stdout
    # On a busy machine the deadline can pass in the set-up, which pytest counts as an error.
    assert re.search(r"2 failed|2 errors|1 failed, 1 error" if code else "2 passed", child.stdout), child.stdout


def test_no_deadline_is_a_plain_number() -> None:
    for path in TESTS.rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text())):
            if not isinstance(call, ast.Call) or (isinstance(call.func, ast.Attribute) and call.func.attr in QT_WAITS):
                continue
            for keyword in call.keywords:
                if keyword.arg == "timeout":
                    assert not isinstance(keyword.value, ast.Constant), (
                        f"{path.relative_to(TESTS)}, line {call.lineno}: write timeout=seconds(...)"
                    )
