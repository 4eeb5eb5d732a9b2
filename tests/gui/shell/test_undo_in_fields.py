"""Ctrl+Z in every field of every panel: typing is undone first, then the design; leaving commits nothing else."""

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractSpinBox, QLineEdit, QPlainTextEdit, QWidget
from pytestqt.qtbot import QtBot

from composer.core.graph import Design
from composer.gui.inspector.node_page import NodePage
from composer.gui.panels.training import TrainingPanel
from composer.gui.window import Window

Make = Callable[..., Window]
CTRL = Qt.KeyboardModifier.ControlModifier


def fields_of(window: Window) -> Iterator[QWidget]:
    """Yield every visible text field; the field inside a spin box is the spin box's."""
    for widget in window.findChildren(QWidget):
        inner = isinstance(widget, QLineEdit) and isinstance(widget.parent(), QAbstractSpinBox)
        if isinstance(widget, QLineEdit | QPlainTextEdit | QAbstractSpinBox) and widget.isVisible() and not inner:
            yield widget


def content(field: QWidget) -> str:
    if isinstance(field, QPlainTextEdit):
        return field.toPlainText()
    assert isinstance(field, QLineEdit | QAbstractSpinBox)
    return field.text()


@pytest.mark.parametrize(
    ("panel", "selected"),
    [
        *(
            (panel, ())
            for panel in ("palette", "inspector", "costs", "training", "fit", "code", "attention", "problems")
        ),
        *(("inspector", (id,)) for id in ("attn", "image", "logits")),
    ],
)
def test_every_field_undoes_typing_first_and_then_the_design(
    window: Make, small: Design, panel: str, selected: tuple[str, ...], qtbot: QtBot
) -> None:
    shown = window(design=small)
    document = shown.session.document
    document.select(selected)
    shown.show_panel(panel)
    qtbot.wait(50)
    fields = [field for field in fields_of(shown) if field.isEnabled()]
    assert fields
    for field in fields:
        name = f"{type(field).__name__} {field.accessibleName()!r} {content(field)!r}"
        document.edit_design("Probe", lambda design: Design("Probe", design.main, variables=design.variables))
        qtbot.wait(1)
        field.setFocus()
        assert field.hasFocus(), name
        before, index = content(field), document.undo_stack.index()
        read_only = field.isReadOnly()  # type: ignore[attr-defined]
        if not read_only:
            QTest.keyClicks(field, "7")
            if content(field) != before:
                QTest.keyClick(field, Qt.Key.Key_Z, CTRL)
                assert (content(field), document.undo_stack.index()) == (before, index), name
        QTest.keyClick(field, Qt.Key.Key_Z, CTRL)
        assert document.undo_stack.index() == index - 1, name
        shown.canvas.setFocus()
        assert document.undo_stack.index() == index - 1, name  # a click elsewhere commits nothing


def type_value(field: QWidget, text: str) -> None:
    field.selectAll()  # type: ignore[attr-defined]
    QTest.keyClicks(field, text)
    QTest.keyClick(
        field, Qt.Key.Key_Return, CTRL if isinstance(field, QPlainTextEdit) else Qt.KeyboardModifier.NoModifier
    )


@pytest.mark.parametrize("name", ["num_heads", "repeat", "note"])
def test_committed_values_of_a_node_are_undone_in_the_design_and_shown(
    window: Make, small: Design, name: str, qtbot: QtBot
) -> None:
    shown = window(design=small)
    document = shown.session.document
    document.select(("attn",))
    inspector = shown.docks.panel("inspector")
    assert inspector is not None
    qtbot.waitUntil(lambda: isinstance(inspector.page, NodePage))  # type: ignore[attr-defined]
    page = inspector.page  # type: ignore[attr-defined]
    field = {"note": page.note, "repeat": page.rows["num_heads"].field}.get(name, page.rows["num_heads"].field)
    field.setFocus()
    before, start = content(field), document.undo_stack.index()
    for text in ("8", "16"):
        type_value(field, text)
    assert document.undo_stack.index() == start + 2
    QTest.keyClick(field, Qt.Key.Key_Z, CTRL)
    assert document.undo_stack.index() == start + 1
    qtbot.waitUntil(lambda: content(field) == "8")
    QTest.keyClick(field, Qt.Key.Key_Z, CTRL)
    qtbot.waitUntil(lambda: content(field) == before)
    assert document.design == small
    shown.canvas.setFocus()
    assert document.undo_stack.index() == start
    assert document.undo_stack.canRedo()  # nothing was committed over it


def test_committed_training_settings_are_undone_in_the_design(window: Make, small: Design, qtbot: QtBot) -> None:
    shown = window(design=small)
    document = shown.session.document
    panel = shown.show_panel("training")
    assert isinstance(panel, TrainingPanel)
    field = panel.form.fields["epochs"]
    field.setFocus()
    for text in ("20", "30"):
        type_value(field, text)
    assert document.design.training.epochs == 30
    QTest.keyClick(field, Qt.Key.Key_Z, CTRL)
    assert document.design.training.epochs == 20
    qtbot.waitUntil(lambda: content(field) == "20")
    shown.canvas.setFocus()
    assert document.design.training.epochs == 20
    assert document.undo_stack.canRedo()


def test_a_committed_spin_box_value_is_undone_in_the_design(window: Make, small: Design, qtbot: QtBot) -> None:
    shown = window(design=small)
    document = shown.session.document
    panel = shown.show_panel("fit")
    assert panel is not None
    qtbot.waitUntil(lambda: "width" in panel.sliders)  # type: ignore[attr-defined]
    field = panel.sliders["width"].field  # type: ignore[attr-defined]
    field.setFocus()
    for text in ("48", "96"):
        type_value(field, text)
    assert document.design.variables["width"] == 96
    QTest.keyClick(field, Qt.Key.Key_Z, CTRL)
    assert document.design.variables["width"] == 48
    qtbot.waitUntil(lambda: field.value() == 48)
    shown.canvas.setFocus()
    assert document.design.variables["width"] == 48
    assert document.undo_stack.canRedo()


def test_a_step_that_changes_nothing_is_not_in_the_history(window: Make, small: Design) -> None:
    document = window(design=small).session.document
    index = document.undo_stack.index()
    assert document.edit_design("Same", lambda design: Design(design.name, design.main, variables=design.variables))
    assert document.undo_stack.index() == index
