"""A design that learns from a Python file of somebody's: nothing runs before the question is answered."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QMessageBox
from pytestqt.qtbot import QtBot

from composer.core import edits
from composer.core.dataset_file import untrusted_file
from composer.core.files import trusted_files
from composer.core.files.design_file import save
from composer.core.graph import Design, ExtensionRef
from composer.gui.widgets.banner import Banner
from composer.gui.window import Window


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv(trusted_files.VARIABLE, raising=False)
    path = tmp_path / "noise.py"
    path.write_text(f"open({str(tmp_path / 'ran')!r}, 'a').close()\n")
    return path


def learning_from(design: Design, data: ExtensionRef) -> Design:
    return edits.set_training(design, replace(design.training, data=data))


def banner(window: Window) -> Banner | None:
    return next((item for item in window.findChildren(Banner) if item.isVisible()), None)


def press(text: str) -> None:
    (box,) = (box for box in QApplication.topLevelWidgets() if isinstance(box, QMessageBox) and box.isVisible())
    next(button for button in box.buttons() if button.text() == text).click()


def test_the_design_says_so_and_a_yes_is_remembered(
    window: Callable[..., Window], small: Design, file: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    save(learning_from(small, ExtensionRef("file", {"path": "noise.py"})), tmp_path / "design.yaml")
    shown = window(tmp_path / "design.yaml")
    shown_banner = banner(shown)
    assert shown_banner is not None
    assert shown_banner.text.text() == (
        f"This design learns from {file}, a Python program that does not run until you trust it."
    )
    shown.run_command("trust_data")
    press("Not now")
    assert not trusted_files.is_trusted(file) and banner(shown) is shown_banner
    shown.run_command("trust_data")
    press("Trust this file")
    assert trusted_files.is_trusted(file) and not (tmp_path / "ran").exists()
    qtbot.waitUntil(lambda: banner(shown) is None)
    assert not shown.bench.action("trust_data").isEnabled()


def test_other_data_needs_no_question(window: Callable[..., Window], small: Design) -> None:
    shown = window(design=small)
    assert banner(shown) is None and not shown.bench.action("trust_data").isEnabled()


def test_a_file_behind_another_source_is_found(file: Path, tmp_path: Path) -> None:
    assert untrusted_file(ExtensionRef("permuted", {"source": "file:noise.py"}), tmp_path) == file
    assert untrusted_file(ExtensionRef("permuted"), tmp_path) is None
    trusted_files.save_trusted(file, trusted=True)
    assert untrusted_file(ExtensionRef("file", {"path": str(file)}), tmp_path) is None
