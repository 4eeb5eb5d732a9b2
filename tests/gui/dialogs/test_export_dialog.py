"""The export dialog and the badge of proof: every target, weights, replacing, cancelling, and the messages."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QDesktopServices
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from composer.core import edits
from composer.core.export_targets import DRAWING, export_targets
from composer.core.graph import Design
from composer.gui.dialogs.export_dialog import ExportDialog
from composer.gui.panels.code import CodePanel
from composer.gui.session.session import Session
from composer.gui.window import Window
from tests.gui.tiny import tiny, write_run

Make = Callable[..., Window]


@pytest.fixture
def dialog(live: Session, small: Design, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> ExportDialog:
    """The dialog on the small design; drawings are one word, and the packages of every target seem to be there."""
    monkeypatch.setattr("composer.core.export_targets.find_spec", lambda name: name)
    live.document.apply(small, "Begin")
    dialog = ExportDialog(live, lambda path: path.write_text("drawn"))
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, on=False)
    qtbot.addWidget(dialog)
    with qtbot.waitExposed(dialog):
        dialog.show()
    qtbot.waitUntil(lambda: dialog._runs_read)
    return dialog


def name(dialog: ExportDialog, path: Path) -> None:
    dialog.file.selectAll()
    QTest.keyClicks(dialog.file, str(path))


def test_every_target_is_offered(dialog: ExportDialog) -> None:
    titles = [dialog.targets.item(row).text() for row in range(dialog.targets.count())]
    assert titles == [*(target.title for target in export_targets().values()), DRAWING.title]
    for target in export_targets().values():
        dialog.select_target(target.key)
        assert dialog.verify.isVisible() == target.provable


@pytest.mark.parametrize(("run", "level"), [("good", "success"), ("tampered", "error")])
def test_the_written_file_is_verified_on_request(
    dialog: ExportDialog, live: Session, small: Design, run: str, level: str, tmp_path: Path, qtbot: QtBot
) -> None:
    if run == "tampered":
        live.document.edit("Rename", edits.rename, "conv_stem", "wrong")
    dialog.verify.setChecked(True)
    name(dialog, tmp_path / "net.py")
    qtbot.mouseClick(dialog.go, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: dialog.notice.text.startswith("Wrote net.py"))
    assert dialog.notice.level == level
    assert ("verified: keys match" if level == "success" else "NOT EQUAL") in dialog.notice.text


@pytest.mark.parametrize("key", ["package", "onnx", "latex", "drawing"])
def test_a_file_is_written(dialog: ExportDialog, key: str, tmp_path: Path, qtbot: QtBot) -> None:
    dialog.select_target(key)
    assert dialog.file.text().endswith(dialog.target.suffix)
    assert dialog.weights.isVisible() == dialog.target.needs_weights
    name(dialog, tmp_path / "net")
    qtbot.mouseClick(dialog.go, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: dialog.notice.text.startswith("Wrote net"))
    assert (tmp_path / "net").with_suffix(dialog.target.suffix).exists()
    assert dialog.notice.level == "success"


@pytest.mark.parametrize(
    ("typed", "written"),
    [("", "small.onnx"), ("/", "small.onnx"), ("/net_v1.5", "net_v1.5.onnx"), ("/.", "small.onnx")],
)
def test_a_folder_and_a_number_are_not_taken_for_name_and_suffix(
    dialog: ExportDialog, typed: str, written: str, tmp_path: Path, qtbot: QtBot
) -> None:
    dialog.file.setText(f"{tmp_path}{typed}")
    dialog.select_target("latex")
    assert dialog.file.text() == str(tmp_path / written.replace(".onnx", ".tex"))
    dialog.select_target("onnx")
    dialog.file.setText(f"{tmp_path}{typed}")
    qtbot.mouseClick(dialog.go, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: dialog.notice.text.startswith(f"Wrote {written}"))
    assert (tmp_path / written).exists()


def test_the_root_is_a_folder(dialog: ExportDialog) -> None:
    dialog.file.setText("/")
    dialog.select_target("mermaid")
    assert dialog.file.text() == str(Path("/small.mmd"))


def test_a_file_that_exists_is_replaced_after_a_question(dialog: ExportDialog, tmp_path: Path, qtbot: QtBot) -> None:
    (tmp_path / "net.py").write_text("mine")
    name(dialog, tmp_path / "net.py")
    qtbot.mouseClick(dialog.go, Qt.MouseButton.LeftButton)
    assert "exists already" in dialog.notice.text
    assert (tmp_path / "net.py").read_text() == "mine"
    qtbot.mouseClick(dialog.notice.action("Replace it"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: dialog.notice.text == "Wrote net.py")
    assert (tmp_path / "net.py").read_text() == "exported"


def test_what_another_target_wrote_is_not_replaced_unasked(dialog: ExportDialog, tmp_path: Path, qtbot: QtBot) -> None:
    name(dialog, tmp_path / "net.py")
    for _ in range(2):  # the same once more needs no question
        qtbot.mouseClick(dialog.go, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda: dialog.notice.text == "Wrote net.py")
        dialog.notice.clear()
    dialog.select_target("package")
    qtbot.mouseClick(dialog.go, Qt.MouseButton.LeftButton)
    assert dialog.notice.text == "net.py exists already"


def test_a_failure_is_one_sentence(dialog: ExportDialog, tmp_path: Path, qtbot: QtBot) -> None:
    name(dialog, tmp_path / "no" / "such" / "net.py")
    qtbot.mouseClick(dialog.go, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: dialog.notice.level == "error")
    assert dialog.notice.text.startswith("Not exported: ")
    assert dialog.go.isEnabled()


def test_escape_cancels_and_then_closes(
    dialog: ExportDialog, live: Session, small: Design, tmp_path: Path, qtbot: QtBot
) -> None:
    live.document.apply(Design("hang", small.main), "Rename")
    name(dialog, tmp_path / "net.py")
    qtbot.mouseClick(dialog.go, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: dialog.progress.value() == 50)
    assert dialog.close_button.text() == "Cancel"
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert "Cancelled" in dialog.notice.text
    assert dialog.isVisible()
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()


def test_the_menu_opens_it(window: Make, small: Design, qtbot: QtBot) -> None:
    main_window = window(design=small)
    QTest.keyClick(main_window, Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    qtbot.waitUntil(lambda: main_window.findChild(ExportDialog) is not None)
    dialog = main_window.findChild(ExportDialog)
    assert dialog.isVisible()
    dialog.close()


@pytest.fixture
def code(live: Session, small: Design, qtbot: QtBot) -> Iterator[CodePanel]:
    """The code panel with the source of the small design."""
    live.document.apply(small, "Begin")
    panel = CodePanel(live)
    qtbot.addWidget(panel)
    panel.resize(700, 300)
    with qtbot.waitExposed(panel):
        panel.show()
    qtbot.waitUntil(lambda: "class Model" in panel.view.toPlainText())
    yield panel
    panel._soon.stop()


def test_the_badge_proves_forgets_and_recalls(code: CodePanel, live: Session, qtbot: QtBot) -> None:
    assert code.badge.text() == "Verify"
    qtbot.mouseClick(code.badge, Qt.MouseButton.LeftButton)
    assert code.badge.state == "running"
    qtbot.waitUntil(lambda: code.badge.state == "verified")
    assert code.badge.text() == "Verified, 0 difference"
    assert "Parameters: 3,000" in code.badge.toolTip()
    assert code.notice.text == "Verified: keys match"
    live.document.edit("Move", edits.move, {"attn": (9.0, 9.0)})
    assert code.badge.state == "verified"
    live.document.edit("Set", edits.set_params, "attn", {"num_heads": 8})
    assert code.badge.state == "unverified"
    assert code.notice.text == ""
    live.document.undo()
    qtbot.waitUntil(lambda: code.badge.state == "verified")


def test_the_badge_says_not_equal(code: CodePanel, live: Session, qtbot: QtBot) -> None:
    live.document.edit("Rename", edits.rename, "conv_stem", "wrong")
    qtbot.mouseClick(code.badge, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: code.badge.state == "different")
    assert code.notice.level == "error"
    assert "0.5" in code.badge.toolTip()


def test_a_proof_is_cancelled_by_hand_and_by_an_edit(
    code: CodePanel, live: Session, small: Design, qtbot: QtBot
) -> None:
    live.document.apply(Design("hang", small.main, variables=small.variables), "Rename")
    qtbot.mouseClick(code.badge, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(code.badge, Qt.MouseButton.LeftButton)
    assert code.badge.state == "unverified"
    qtbot.mouseClick(code.badge, Qt.MouseButton.LeftButton)
    live.document.edit("Set", edits.set_params, "attn", {"num_heads": 8})
    assert code.badge.state == "unverified"


def test_a_target_without_its_packages_says_what_to_install(
    dialog: ExportDialog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("composer.core.export_targets.find_spec", lambda name: None if "runtime" in name else name)
    dialog.select_target("onnx")
    assert dialog.notice.text == "ONNX needs the package onnxruntime; install: pip install onnxruntime"
    assert not dialog.go.isEnabled()
    dialog.select_target("python")
    assert dialog.notice.text == ""
    assert dialog.go.isEnabled()


def test_nothing_is_exported_with_weights_before_they_are_listed(
    live: Session, home: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("composer.core.export_targets.find_spec", lambda name: name)
    live.document.apply(tiny(), "Begin")
    write_run(home / "runs" / "trained", tiny())
    dialog = ExportDialog(live, lambda path: None)
    qtbot.addWidget(dialog)
    dialog.select_target("onnx")
    assert not dialog.go.isEnabled()
    qtbot.waitUntil(dialog.go.isEnabled)
    assert dialog.weights.currentData() == str(home / "runs" / "trained")
    assert dialog.weights.count() == 2


def test_the_folder_of_what_was_written_can_be_shown(
    dialog: ExportDialog, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()))
    name(dialog, tmp_path / "net.py")
    qtbot.mouseClick(dialog.go, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: dialog.notice.text.startswith("Wrote net.py"))
    show = dialog.notice.action("Show folder")
    assert show is not None
    show.click()
    assert opened == [str(tmp_path)]
