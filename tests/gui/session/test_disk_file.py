"""The file of the design: foreign changes are noticed, never replaced unasked, and can be taken over."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox, QPushButton
from pytestqt.qtbot import QtBot

from composer.core import edits
from composer.core.files.design_file import load, save
from composer.core.graph import Design
from composer.gui.session import recovery
from composer.gui.session.session import Session
from composer.gui.shell import unsaved
from composer.gui.widgets.banner import Banner
from composer.gui.window import Window


@pytest.fixture
def path(tmp_path: Path, small: Design) -> Path:
    path = tmp_path / "net.yaml"
    save(small, path)
    return path


@pytest.fixture
def opened(session: Session, path: Path) -> Session:
    assert session.open(path)
    return session


def change(path: Path, channels: int = 80) -> None:
    """Change the file as another program does."""
    save(edits.set_params(load(path), "conv_stem", {"out_channels": channels}), path)


def nudge(session: Session) -> None:
    session.document.edit("Move", edits.move, {"attn": (900.0, 5.0)})


def channels(path: Path) -> object:
    return load(path).main.nodes["conv_stem"].params["out_channels"]


def in_place(path: Path) -> None:
    path.write_text(path.read_text().replace("64", "80"))


def same_size_and_time(path: Path) -> None:
    status = path.stat()
    in_place(path)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


@pytest.mark.parametrize("write", [change, in_place, same_size_and_time])
def test_saving_over_a_foreign_change_is_refused_and_nothing_is_lost(opened: Session, path: Path, write) -> None:
    messages: list[str] = []
    opened.message.connect(lambda text, _: messages.append(text))
    write(path)
    nudge(opened)
    assert not opened.save()
    assert channels(path) == 80
    assert opened.document.dirty
    assert messages == ["net.yaml has changed on disk since it was read; reload it, or save under another name"]
    assert opened.save(replace_foreign=True)
    assert channels(path) == 64
    nudge(opened)
    assert opened.save()  # what this window has written is no foreign change


def test_a_change_is_noticed_by_itself_and_its_end_too(opened: Session, path: Path, qtbot: QtBot) -> None:
    content = path.read_bytes()
    change(path)
    qtbot.waitUntil(lambda: opened.disk.state == "changed")
    path.write_bytes(content)  # as git does when a branch is left and entered again
    qtbot.waitUntil(lambda: opened.disk.state == "same")
    path.unlink()
    qtbot.waitUntil(lambda: opened.disk.state == "deleted")
    assert opened.save()  # there is nothing to lose
    assert (opened.disk.state, channels(path)) == ("same", 64)
    change(path)  # the file is another one now, and still watched
    qtbot.waitUntil(lambda: opened.disk.state == "changed")


def test_touching_the_file_or_saving_it_unchanged_is_no_change(opened: Session, path: Path) -> None:
    os.utime(path)
    assert opened.disk.check() == "same"
    save(load(path), path)
    assert opened.disk.check() == "same"
    nudge(opened)
    assert opened.save()


def test_reload_takes_the_change_over_as_a_step_that_can_be_undone(opened: Session, path: Path) -> None:
    nudge(opened)
    mine = opened.document.design
    change(path)
    assert opened.disk.check() == "changed"
    assert opened.reload()
    assert opened.document.design.main.nodes["conv_stem"].params["out_channels"] == 80
    assert not opened.document.dirty
    assert opened.disk.state == "same"
    opened.document.undo()
    assert opened.document.design is mine  # the unsaved changes are not lost
    assert opened.document.dirty
    assert opened.save()


def test_a_version_that_cannot_be_read_changes_nothing(opened: Session, path: Path) -> None:
    path.write_text("<<<<<<< HEAD\n")
    before = opened.document.design
    assert not opened.reload()
    assert opened.document.design is before
    assert not opened.save()
    assert path.read_text() == "<<<<<<< HEAD\n"


def test_keep_mine_counts_as_unsaved_and_may_then_be_saved(opened: Session, path: Path) -> None:
    change(path)
    assert opened.disk.check() == "changed"
    opened.keep_mine()
    assert opened.disk.state == "same"
    assert opened.document.dirty
    assert opened.save()
    assert channels(path) == 64


def test_restored_work_knows_which_version_it_was_based_on(
    session: Session, path: Path, small: Design, qtbot: QtBot
) -> None:
    session.open(path)
    nudge(session)
    session._write_recovery()
    session._recovery.wait()
    session._recovery.close()
    recovered = next(recovery.recoverable_work())
    change(path)
    other = Session(engine=None, parent=session)
    other.restore(recovered)
    assert other.disk.state == "changed"
    assert not other.save()
    assert channels(path) == 80
    other.close()


def test_two_windows_on_one_file_know_it(opened: Session, path: Path) -> None:
    other = Session(engine=None, parent=opened)
    assert other.open(path)
    assert other.disk.other_window
    assert not opened.disk.other_window
    nudge(opened)
    assert opened.save()
    assert other.disk.check() == "changed"
    other.document.edit("Set", edits.set_params, "attn", {"num_heads": 8})
    assert not other.save()
    other.new()
    assert not other.disk.other_window
    other.close()
    script = (
        "import sys; from pathlib import Path; from PySide6.QtWidgets import QApplication; app = QApplication([])\n"
        "from composer.gui.session.session import Session; s = Session(engine=None); s.open(Path(sys.argv[1]))\n"
        "print(s.disk.other_window); s.close()"
    )
    run = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "True"


def banner(window: Window) -> Banner | None:
    banners = [b for b in window.findChildren(Banner) if b.isVisible() and "net.yaml" in b.text.text()]
    return banners[0] if banners else None


def press(shown: Banner, text: str) -> None:
    button = next(b for b in shown.findChildren(QPushButton) if b.text() == text)
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def test_the_banner_offers_reload_keep_mine_and_compare(window, path: Path, qtbot: QtBot) -> None:
    shown: Window = window(path)
    assert banner(shown) is None
    nudge(shown.session)
    change(path)
    qtbot.waitUntil(lambda: banner(shown) is not None)
    strip = banner(shown)
    assert strip is not None
    assert "was changed on disk by another program or window; your unsaved changes are not in it" in strip.text.text()
    press(strip, "Compare")
    assert shown.session.comparison.on
    assert any("out_channels" in str(line) for line in shown.session.comparison.lines)
    assert banner(shown) is not None
    shown.session.comparison.stop()
    press(strip, "Reload")
    assert shown.session.document.design.main.nodes["conv_stem"].params["out_channels"] == 80
    assert banner(shown) is None
    change(path, 96)
    qtbot.waitUntil(lambda: banner(shown) is not None)
    strip = banner(shown)
    assert strip is not None
    press(strip, "Keep mine")
    assert banner(shown) is None
    assert shown.isWindowModified()
    path.unlink()
    qtbot.waitUntil(lambda: banner(shown) is not None)
    strip = banner(shown)
    assert strip is not None
    press(strip, "Save it again")
    assert channels(path) == 80
    assert banner(shown) is None


@pytest.mark.parametrize(
    ("label", "on_disk", "saved"), [("Cancel", 80, False), ("Replace it", 64, True), ("Save as…", 80, True)]
)
def test_saving_asks_before_it_replaces_a_foreign_change(
    window, path: Path, monkeypatch: pytest.MonkeyPatch, label: str, on_disk: int, saved: bool
) -> None:
    shown: Window = window(path)
    other = path.with_name("mine.yaml")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: (str(other), ""))
    nudge(shown.session)
    change(path)

    def answer() -> None:
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        assert box.text() == "“net.yaml” has changed on disk since it was read."
        assert box.defaultButton().text() == "Save as…"
        QTest.mouseClick(next(b for b in box.buttons() if b.text() == label), Qt.MouseButton.LeftButton)

    QTimer.singleShot(50, answer)
    assert unsaved.save(shown, shown.session) is saved
    assert channels(path) == on_disk
    assert other.exists() is (label == "Save as…")
    assert shown.session.document.dirty is not saved
