"""The user's own blocks in the window: seen when saved, run only when trusted, broken ones named."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QMessageBox
from pytestqt.qtbot import QtBot

from composer.core.blocks import block_folders
from composer.core.files.design_file import save
from composer.core.graph import Design, Graph, Input, Node, Output, Wire
from composer.gui.dialogs.preferences import Preferences
from composer.gui.panels.palette import PalettePanel
from composer.gui.panels.problems import ProblemsPanel
from composer.gui.session.session import Session
from composer.gui.widgets.banner import Banner
from composer.gui.window import Window

SOURCE = '''"""A block."""

import torch
from torch import Tensor, nn

from blocks.spec import block


@block(shape="b c h w -> b c h w", aliases={"channels": "c"})
class Mine(nn.Module):
    """Scale the channels."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.factor = nn.Parameter(torch.ones(channels, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Scale."""
        return x * self.factor
'''


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv(block_folders.VARIABLE, raising=False)
    blocks = tmp_path / "my_blocks"
    blocks.mkdir()
    (blocks / "mine.py").write_text(SOURCE)
    return blocks


def using(*blocks: str) -> Design:
    nodes = {
        f"n{index}": Node(f"n{index}", block, position=(200.0 * (index + 1), 0)) for index, block in enumerate(blocks)
    }
    ids = ["image", *nodes, "y"]
    wires = tuple(Wire(one, other) for one, other in pairwise(ids))
    return Design("Own", Graph({"image": Input("image", (3, 8, 8))}, nodes, {"y": Output("y", (800.0, 0))}, wires))


def question() -> QMessageBox:
    boxes = [box for box in QApplication.topLevelWidgets() if isinstance(box, QMessageBox) and box.isVisible()]
    assert len(boxes) == 1
    return boxes[0]


def press(box: QMessageBox, text: str) -> None:
    next(button for button in box.buttons() if button.text() == text).click()


def banners(window: Window) -> list[Banner]:
    return [banner for banner in window.findChildren(Banner) if banner.isVisible()]


def test_what_an_editor_saves_is_in_the_catalog_and_the_palette(session: Session, folder: Path, qtbot: QtBot) -> None:
    palette = PalettePanel(session)
    qtbot.addWidget(palette)
    palette.show()
    session.custom_blocks.add_folder(folder, trusted=True)
    assert "Mine" in session.catalog
    named: list[frozenset[str]] = []
    session.catalog_changed.connect(named.append)
    replaced = folder / "new.part"
    replaced.write_text(SOURCE.replace("Mine", "Other"))
    replaced.replace(folder / "other.py")  # as editors save
    qtbot.waitUntil(lambda: "Other" in session.catalog)
    (folder / "gates").mkdir()
    (folder / "gates" / "gate.py").write_text(SOURCE.replace("Mine", "Gate"))
    qtbot.waitUntil(lambda: session.catalog.get("Gate") is not None)
    (folder / "gates" / "gate.py").write_text(
        SOURCE.replace("Mine", "Gate").replace("channels: int", "channels: int, depth: int = 3")
    )
    qtbot.waitUntil(lambda: len(session.catalog["Gate"].params) == 2)
    (folder / "other.py").unlink()
    qtbot.waitUntil(lambda: "Other" not in session.catalog)
    assert [set(names) for names in named] == [{"Other"}, {"Gate"}, {"Gate"}, {"Other"}]
    families = lambda: [palette.tree.topLevelItem(i).text(0) for i in range(palette.tree.topLevelItemCount())]  # noqa: E731
    qtbot.waitUntil(lambda: "Gates" in families() and "My blocks" in families())


def test_a_broken_file_is_a_sentence_and_the_others_stay(session: Session, folder: Path, qtbot: QtBot) -> None:
    palette, problems = PalettePanel(session), ProblemsPanel(session)
    for panel in (palette, problems):
        qtbot.addWidget(panel)
        panel.show()
    session.custom_blocks.add_folder(folder, trusted=True)
    (folder / "broken.py").write_text("@block(\n")
    qtbot.waitUntil(lambda: len(session.custom_blocks.broken()) == 1)
    assert "Mine" in session.catalog
    qtbot.waitUntil(lambda: palette.tree.topLevelItem(0).text(0) == "broken.py")
    qtbot.waitUntil(lambda: any("broken.py, line 1" in row.problem.message for row in problems.rows()))
    (folder / "broken.py").write_text(SOURCE.replace("Mine", "Mended"))
    qtbot.waitUntil(lambda: "Mended" in session.catalog and not session.custom_blocks.broken())
    qtbot.waitUntil(lambda: palette.tree.topLevelItem(0).text(0) != "broken.py")


def test_files_that_are_no_blocks_are_ignored(session: Session, folder: Path, qtbot: QtBot) -> None:
    session.custom_blocks.add_folder(folder, trusted=True)
    with qtbot.assertNotEmitted(session.catalog_changed, wait=400):
        (folder / "notes.txt").write_text("nothing to do with it")
        (folder / "__pycache__").mkdir()
    qtbot.waitUntil(lambda: not session.custom_blocks._soon.isActive())


def test_a_design_with_untrusted_blocks_says_so_and_a_yes_is_remembered(
    window: Callable[..., Window], folder: Path, qtbot: QtBot
) -> None:
    block_folders.save_folder(folder, trusted=False)
    shown = window(design=using("Mine", "MBConv"))
    (banner,) = banners(shown)
    assert banner.text.text() == f"Mine is a block of {folder}, whose code does not run until you trust that folder."
    shown.run_command("trust_blocks")
    press(question(), "Not now")
    assert not block_folders.all_folders()[0].trusted and banners(shown) == [banner]
    shown.run_command("trust_blocks")
    press(question(), "Trust this folder")
    assert block_folders.all_folders()[0].trusted
    qtbot.waitUntil(lambda: not banners(shown))
    assert not shown.bench.action("trust_blocks").isEnabled()


def test_a_file_that_the_window_starts_with_says_so_too(
    window: Callable[..., Window], folder: Path, tmp_path: Path
) -> None:
    block_folders.save_folder(folder, trusted=False)
    save(using("Mine"), tmp_path / "mine.yaml")
    (banner,) = banners(window(tmp_path / "mine.yaml"))
    assert banner.text.text().startswith(f"Mine is a block of {folder}")


def test_an_offer_that_was_put_away_stays_away(window: Callable[..., Window], folder: Path) -> None:
    block_folders.save_folder(folder, trusted=False)
    shown = window(design=using("Mine"))
    banners(shown)[0]._choose(shown.bench.banners.hide_trust)
    shown.session.document.add_block("MBConv", (0, 300))
    assert not banners(shown)
    assert shown.bench.action("trust_blocks").isEnabled()


def test_without_untrusted_blocks_nothing_is_said(window: Callable[..., Window], folder: Path) -> None:
    block_folders.save_folder(folder, trusted=False)
    shown = window(design=using("MBConv"))
    assert not banners(shown) and not shown.bench.action("trust_blocks").isEnabled()


def test_folders_are_added_trusted_and_removed_in_the_preferences(
    window: Callable[..., Window], folder: Path, tmp_path: Path
) -> None:
    shown = window()
    dialog = Preferences(shown.session, shown)
    dialog.show_page("blocks")
    dialog.show()
    page = dialog.pages["blocks"]
    page.add_folder(folder)
    item = page.list.topLevelItem(0)
    assert (item.text(0), item.text(1), item.text(2)) == (str(folder), "1", "not trusted")
    press(question(), "Trust this folder")
    assert page.list.topLevelItem(0).text(2) == "trusted" and "Mine" in shown.session.catalog
    page.trust.click()
    assert page.list.topLevelItem(0).text(2) == "not trusted"
    page.remove.click()
    assert (
        page.list.topLevelItemCount() == 0 and not block_folders.all_folders() and "Mine" not in shown.session.catalog
    )
    page.add_folder(tmp_path / "nowhere")
    assert "is not a folder" in page.notice.text
    dialog.close()


def test_a_folder_of_the_command_line_is_listed_but_not_kept(
    window: Callable[..., Window], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(block_folders.VARIABLE, str(folder))
    shown = window(design=using("Mine"))
    assert not banners(shown)
    page = Preferences(shown.session, shown).pages["blocks"]
    assert page.list.topLevelItem(0).text(2) == "from the command line"
    assert not page.remove.isEnabled() and not page.trust.isEnabled()


def test_an_edit_of_the_file_is_computed_by_the_engine_that_runs(
    folder: Path, qtbot: QtBot, qapp: QApplication
) -> None:
    session = Session()
    try:
        session.start_engine()
        session.document.apply(using("Mine"), "Begin")
        session.custom_blocks.add_folder(folder, trusted=False)
        qtbot.waitUntil(lambda: session.engine_state == "ready" and session.facts_current, timeout=30_000)
        assert "until you trust that folder" in session.problems[0].message
        session.custom_blocks.add_folder(folder, trusted=True)
        qtbot.waitUntil(lambda: (facts := session.facts_for("n0")) is not None and facts.params == 3, timeout=30_000)
        process = session.engine.pid
        (folder / "mine.py").write_text(
            SOURCE.replace("torch.ones(channels, 1, 1)", "torch.ones(channels, 1, 7)").replace(
                "x * self.factor", "x * self.factor[..., :1]"
            )
        )
        qtbot.waitUntil(lambda: session.facts_for("n0").params == 21, timeout=5_000)
        assert session.engine.pid == process
    finally:
        session.close()
