"""A canvas on a session without an engine, and a hand that presses, moves and releases on its viewport."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMainWindow
from pytestqt.qtbot import QtBot

from composer.core.blocks.catalog import read_catalog
from composer.core.facts import DesignFacts, NodeFacts, PortSpec
from composer.core.graph import Design, Graph, Input, Node, Output, Wire
from composer.gui.canvas import CanvasView
from composer.gui.canvas.gestures import BLOCK_MIME
from composer.gui.look import theme
from composer.gui.session.session import Session
from tests.gui.menus import actions_of

if sys.platform == "linux" and not os.environ.get("DISPLAY") and not os.environ.get("WAYLAND_DISPLAY"):
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

CATALOG = read_catalog()
NONE = Qt.KeyboardModifier.NoModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
CTRL = Qt.KeyboardModifier.ControlModifier
ALT = Qt.KeyboardModifier.AltModifier
LEFT, MIDDLE, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton, Qt.MouseButton.RightButton


def small_design() -> Design:
    """A residual block, a loose node, dendrites with two inputs, and a sub-graph."""
    nodes = {
        "conv": Node("conv", "Conv2d", {"out_channels": 8}, (200, 0)),
        "norm": Node("norm", "BatchNorm2d", {}, (420, 0)),
        "add": Node("add", "Add", {}, (600, 0)),
        "loose": Node("loose", "SqueezeExcite", {}, (420, 240)),
        "pool": Node("pool", "GlobalAvgPool", {}, (760, 0)),
        "dendrites": Node("dendrites", "ActiveDendrites", {}, (980, 0)),
        "stage": Node("stage", "graph:stage", {}, (200, 240)),
    }
    ends = ("image conv", "conv norm", "norm add", "conv add", "add pool", "pool dendrites")
    wires = tuple(Wire(*pair.split()) for pair in ends)
    main = Graph(
        {"image": Input("image", (3, 32, 32), position=(0, 0))}, nodes, {"logits": Output("logits", (1200, 0))}, wires
    )
    inner = Graph(
        {"x": Input("x", position=(0, 0))},
        {"mb": Node("mb", "MBConv", {}, (200, 0))},
        {"y": Output("y", (400, 0))},
        (Wire("x", "mb"), Wire("mb", "y")),
    )
    return Design("Small", main, {"stage": inner})


def facts_of(design: Design) -> DesignFacts:
    """Return facts as an engine would infer them: maps of 8 channels, vectors after the pool."""
    shapes = {"image": (1, 3, 32, 32), "pool": (1, 8), "dendrites": (1, 128), "logits": (1, 128)}
    nodes = {
        id: NodeFacts("", outputs=(PortSpec("", shapes.get(id, (1, 8, 32, 32))),), params=100, macs=1000)
        for id in design.main.ids()
    }
    return DesignFacts(nodes)


def deliver(session: Session, facts: DesignFacts) -> None:
    """Give the session facts, as the engine would."""
    session._feed.facts = facts
    session.facts_changed.emit(frozenset(facts.nodes), 1)


@pytest.fixture
def session(qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    monkeypatch.setenv("NETCOMPOSER_HOME", str(tmp_path / "home"))
    theme.apply(qapp, "light")
    session = Session(engine=None)
    session.custom_blocks._catalog = CATALOG
    session.document.apply(small_design(), "Start")
    yield session
    session.close()


@pytest.fixture
def canvas(session: Session, qtbot: QtBot) -> Iterator[CanvasView]:
    view = CanvasView(session)
    qtbot.addWidget(view)
    view.resize(1500, 800)
    view.set_animated(False)
    with qtbot.waitExposed(view):
        view.show()
    QApplication.processEvents()
    view.view.show_at(1.0, QPointF(600, 120))
    deliver(session, facts_of(session.document.design))
    window = QMainWindow()
    view.actions, view.context = actions_of(view, window)
    yield view
    view.list.close_()
    view.actions.close()
    window.deleteLater()


class Hand:
    """Sends the events that a user causes; points are in the scene."""

    def __init__(self, canvas: CanvasView) -> None:
        self.canvas = canvas
        self.view = canvas.view
        self.target = canvas.view.viewport()

    def at(self, point: QPointF | tuple[float, float] | str) -> QPoint:
        """Return a point, or the middle of an item, in the viewport."""
        if isinstance(point, str):
            point = self.canvas.scene.nodes[point].pos()
        return self.view.mapFromScene(QPointF(*point) if isinstance(point, tuple) else point)

    def port(self, id: str, index: int = 0, *, output: bool) -> QPointF:
        return self.canvas.scene.nodes[id].port_position(output, index)

    def press(self, point, keys=NONE, button=LEFT) -> None:
        QTest.mousePress(self.target, button, keys, self.at(point))

    def move(self, point) -> None:
        QTest.mouseMove(self.target, self.at(point))

    def release(self, point, keys=NONE, button=LEFT) -> None:
        QTest.mouseRelease(self.target, button, keys, self.at(point))

    def click(self, point, keys=NONE) -> None:
        self.press(point, keys)
        self.release(point, keys)

    def double(self, point) -> None:
        QTest.mouseDClick(self.target, LEFT, NONE, self.at(point))

    def drag(self, start, end, keys=NONE, button=LEFT, through=()) -> None:
        self.press(start, keys, button)
        a, b = QPointF(self.at(start)), QPointF(self.at(end))
        stops = [self.at(point) for point in through] or [(a + (b - a) * step / 4).toPoint() for step in range(1, 5)]
        for stop in stops:
            QTest.mouseMove(self.target, stop)
        self.move(end)
        self.release(end, keys, button)

    def key(self, key: Qt.Key, keys=NONE) -> None:
        QTest.keyClick(self.view, key, keys)

    def drop(self, block: str, point, *, leave: bool = False) -> None:
        """Drag a block in from the palette; with `leave`, out again."""
        data = QMimeData()
        data.setData(BLOCK_MIME, block.encode())
        at, copy = self.at(point), Qt.DropAction.CopyAction
        for event in (QDragEnterEvent(at, copy, data, LEFT, NONE), QDragMoveEvent(at, copy, data, LEFT, NONE)):
            QApplication.sendEvent(self.target, event)
            assert event.isAccepted()
        if leave:
            self.view.cancel_gesture()
            return
        QApplication.sendEvent(self.target, QDropEvent(QPointF(at), copy, data, LEFT, NONE))


@pytest.fixture
def hand(canvas: CanvasView) -> Hand:
    return Hand(canvas)
