"""The guide agrees with the program: its menu entries, keys and panels exist under the names it gives."""

import re
from pathlib import Path

import pytest

from composer.core.blocks.block_search import block_choices, search
from composer.core.blocks.catalog import read_catalog
from composer.core.files.templates import read_head, template_files
from composer.core.graph import Design
from composer.gui.panels import load_panels
from composer.gui.shell.commands import MENUS, Command, load_commands

GUIDE = Path(__file__).resolve().parents[2] / "resources" / "guide"
STEPS = (GUIDE / "getting_started.md").read_text("utf-8")
SHORTCUTS = (GUIDE / "shortcuts.md").read_text("utf-8")
BOLD = re.findall(r"\*\*(.+?)\*\*", STEPS + SHORTCUTS)


@pytest.fixture(scope="module")
def commands() -> list[Command]:
    """The commands of the program."""
    rows, broken = load_commands()
    assert not broken
    return rows


def shortcut_rows() -> list[tuple[str, str]]:
    """Key and command of each row of the table of keys."""
    table = SHORTCUTS.split("## Keys")[1].split("## Mouse")[0]
    rows = [tuple(cell.strip() for cell in line.strip("| \n").split("|")) for line in table.splitlines() if "|" in line]
    return [(row[0], row[1]) for row in rows[2:]]


def test_every_key_of_the_table_is_the_default_key_of_its_command(commands: list[Command]) -> None:
    by_title = {command.title: command for command in commands}
    rows = shortcut_rows()
    assert len(rows) > 20
    wrong = {(key, title) for key, title in rows if title not in by_title or by_title[title].shortcuts[:1] != (key,)}
    assert not wrong


def test_every_command_with_a_key_in_the_first_menus_is_in_the_table(commands: list[Command]) -> None:
    listed = {title for _, title in shortcut_rows()}
    missing = {
        command.title
        for command in commands
        if command.menu in ("Edit", "Graph") and command.shortcuts and command.title not in listed
    }
    assert not missing


def test_every_menu_entry_exists(commands: list[Command]) -> None:
    entries = {(command.menu, command.text) for command in commands}
    templates = {read_head(path).name for path in template_files()}
    paths = [tuple(part.strip() for part in text.split(" > ")) for text in BOLD if text.split(" > ")[0] in MENUS]
    assert len(paths) > 3
    for path in paths:
        assert path[:2] in entries, path
        assert path[2:] == () or path[2] in templates, path


def test_every_other_name_is_a_key_or_a_panel(commands: list[Command]) -> None:
    keys = {key for command in commands for key in command.shortcuts}
    titles = {cls.title for cls in load_panels()[0]}
    names = [text for text in BOLD if text.split(" > ")[0] not in MENUS]
    assert {name for name in names if name not in keys | titles} == set()


def test_the_letters_to_type_lead_to_the_block() -> None:
    letters = re.search(r"type a few letters of a block \(`(\w+)`\)", STEPS)
    assert letters is not None
    best = search(block_choices(Design(), read_catalog(), ""), letters[1])[0]
    assert best.block == "MBConv"
