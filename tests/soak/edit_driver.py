"""Random edits through the document of a window, as its commands make them; comparison of the canvas with it."""

import random
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from composer.core import edits, frames, subgraphs
from composer.core.bends import set_bends
from composer.core.graph import SUBGRAPH, Design, ExtensionRef, Training, Wire
from composer.gui.canvas.items.content import content
from composer.gui.canvas.scene import DesignScene
from composer.gui.session.session import Session

# Above this many items in a graph, edits that remove are drawn more often.
LARGE = 40
PARAM_VALUES = (1, 2, 3, 8, 16, 0.5, True, "gelu", "=width", "=width * 2", "=nobody", None, -1)


class EditDriver:
    """Draws and applies edits; what the document refuses counts as an edit without effect.

    Args:
        session: its document is edited.
        generator: source of all choices: equal seeds give equal histories.
    """

    def __init__(self, session: Session, generator: random.Random) -> None:
        self.session = session
        self.document = session.document
        self.generator = generator
        self.blocks = sorted(session.catalog.blocks)
        self._adding: tuple[Callable[[], object], ...] = (
            self.add,
            self.add,
            self.insert,
            self.connect,
            self.connect,
            self.duplicate,
            self.paste,
        )
        self._changing: tuple[Callable[[], object], ...] = (
            self.set_params,
            self.reset_params,
            self.rename,
            self.move,
            self.repeat,
            self.note,
            self.group,
            self.ungroup,
            self.make_unique,
            self.rename_graph,
            self.frame,
            self.bend,
            self.variable,
            self.training,
            self.enter,
            self.leave,
            self.select,
            self.undo,
            self.redo,
        )
        self._removing: tuple[Callable[[], object], ...] = (self.delete, self.delete, self.disconnect, self.cut)

    def step(self) -> str:
        """Make one random edit; return the name of its kind."""
        number = len(list(self.document.graph.ids()))
        groups = (self._adding, self._changing, self._removing)
        weights = (2, 4, 1) if number < LARGE else (1, 4, 4)
        (actions,) = self.generator.choices(groups, weights)
        action = self.generator.choice(actions)
        action()
        return action.__name__

    # -- choices -----------------------------------------------------------------------------------------------------

    def _ids(self, most: int = 4) -> list[str]:
        ids = list(self.document.graph.ids())
        return self.generator.sample(ids, min(len(ids), self.generator.randint(1, most)))

    def _node(self) -> str | None:
        nodes = list(self.document.graph.nodes)
        return self.generator.choice(nodes) if nodes else None

    def _instance(self) -> str | None:
        nodes = self.document.graph.nodes
        instances = [id for id, node in nodes.items() if node.subgraph in self.document.design.graphs]
        return self.generator.choice(instances) if instances else None

    def _wire(self) -> Wire | None:
        wires = self.document.graph.wires
        return self.generator.choice(wires) if wires else None

    def _block(self) -> str:
        graphs = [SUBGRAPH + name for name in self.document.design.graphs]
        return self.generator.choice([*self.generator.sample(self.blocks, 8), *graphs, "Input", "Output"])

    def _point(self) -> tuple[float, float]:
        return (float(self.generator.randint(-500, 2500)), float(self.generator.randint(-500, 1500)))

    # -- actions -----------------------------------------------------------------------------------------------------

    def add(self) -> None:
        self.document.add_block(self._block(), self._point(), aside=self.generator.random() < 0.5)

    def insert(self) -> None:
        wire, block = self._wire(), self._block()
        if wire is not None and block not in ("Input", "Output"):
            self.document.insert_on_wire(wire, block)

    def connect(self) -> None:
        ids = list(self.document.graph.ids())
        if len(ids) > 1:
            source, target = self.generator.sample(ids, 2)
            wire = Wire(source, target, "", self.generator.choice(("", "", "x", "context")))
            variadic = self.generator.random() < 0.3
            self.document.edit(f"Connect {wire}", edits.connect, wire, variadic=variadic)

    def disconnect(self) -> None:
        if (wire := self._wire()) is not None:
            self.document.edit("Remove wire", edits.disconnect, [wire])

    def select(self) -> None:
        self.document.select(self._ids())

    def delete(self) -> None:
        wire = self._wire()
        wires = (wire,) if wire is not None and self.generator.random() < 0.4 else ()
        self.document.select(self._ids(2), wires)
        self.document.delete_selection(reconnect=self.generator.random() < 0.5)

    def duplicate(self) -> None:
        self.document.select(self._ids())
        self.document.duplicate()

    def cut(self) -> None:
        self.document.select(self._ids(2))
        self.document.cut()

    def paste(self) -> None:
        self.document.select(self._ids())
        self.document.copy()
        self.document.paste(self._point() if self.generator.random() < 0.5 else None, self.generator.random() < 0.5)

    def set_params(self) -> None:
        if (id := self._node()) is not None:
            node = self.document.graph.nodes[id]
            spec = self.session.catalog.get(node.block)
            names = [param.name for param in spec.params] if spec is not None else ["width"]
            params = {name: self.generator.choice(PARAM_VALUES) for name in names[:1] + names[-1:]}
            key = (id, "soak") if self.generator.random() < 0.3 else None
            self.document.edit(f"Set {id}", edits.set_params, id, params, merge_key=key)

    def reset_params(self) -> None:
        if (id := self._node()) is not None:
            self.document.edit(f"Reset {id}", edits.reset_params, id, list(self.document.graph.nodes[id].params))

    def rename(self) -> None:
        ids = list(self.document.graph.ids())
        if ids:
            self.document.rename(self.generator.choice(ids), f"name_{self.generator.randint(0, 60)}")

    def move(self) -> None:
        positions = {id: self._point() for id in self._ids()}
        if positions:
            self.document.edit("Move", edits.move, positions)

    def repeat(self) -> None:
        if (id := self._node()) is not None:
            self.document.edit(f"Repeat {id}", edits.update_item, id, repeat=self.generator.randint(1, 4))

    def note(self) -> None:
        if (id := self._node()) is not None:
            self.document.edit(f"Note on {id}", edits.update_item, id, note=self.generator.choice(("", "a", "é\nb")))

    def group(self) -> None:
        ids = [id for id in self._ids() if id in self.document.graph.nodes]
        self.document.edit("Make sub-graph", lambda design, graph: subgraphs.make(design, ids, "part", graph=graph)[0])

    def ungroup(self) -> None:
        if (id := self._instance()) is not None:
            self.document.edit(f"Unpack {id}", lambda design, graph: subgraphs.unpack(design, id, graph=graph)[0])

    def make_unique(self) -> None:
        if (id := self._instance()) is not None:
            self.document.edit(f"Make {id} unique", subgraphs.make_unique, id)

    def rename_graph(self) -> None:
        names = list(self.document.design.graphs)
        if names:
            old, new = self.generator.choice(names), f"part_{self.generator.randint(0, 30)}"
            self.document.edit_design(f"Rename {old}", subgraphs.rename_graph, old, new)

    def frame(self) -> None:
        existing = self.document.graph.frames
        if existing and self.generator.random() < 0.5:
            self.document.edit("Remove frame", frames.remove_frame, self.generator.choice(existing).id)
            return
        left, top = self._point()
        self.document.edit("Frame", frames.add_frame, "Group", (left, top, 300.0, 200.0), self._ids())

    def bend(self) -> None:
        if (wire := self._wire()) is not None:
            points = [self._point() for _ in range(self.generator.randint(0, 2))]
            self.document.edit(f"Bend {wire}", set_bends, wire, points)

    def variable(self) -> None:
        name = self.generator.choice(("width", "depth", "size"))
        if self.generator.random() < 0.3:
            self.document.edit_design(f"Remove {name}", edits.remove_variable, name)
        else:
            self.document.edit_design(f"Set {name}", edits.set_variable, name, self.generator.randint(1, 64))

    def training(self) -> None:
        training = Training(epochs=self.generator.randint(1, 9), data=ExtensionRef("digits"))
        self.document.edit_design("Training", edits.set_training, training)

    def enter(self) -> None:
        if (id := self._instance()) is not None:
            self.document.enter(id)

    def leave(self) -> None:
        self.document.leave()

    def undo(self) -> None:
        for _ in range(self.generator.randint(1, 3)):
            self.document.undo()

    def redo(self) -> None:
        for _ in range(self.generator.randint(1, 3)):
            self.document.redo()


def canvas_differences(session: Session, scene: DesignScene) -> list[str]:
    """Compare what the canvas draws with the shown graph; return the differences."""
    document = session.document
    graph, name = document.graph, document.graph_name
    ids = set(graph.ids())
    differences = []
    if set(scene.nodes) != ids:
        differences.append(f"cards {sorted(set(scene.nodes) ^ ids)} differ")
    for id in ids & set(scene.nodes):
        card, item = scene.nodes[id], graph.item(id)
        assert item is not None
        if (card.pos().x(), card.pos().y()) != tuple(item.position):
            differences.append(f"{id} is drawn at {card.pos().toTuple()}, not at {item.position}")
        if card.content != content(document.design, session.catalog, name, id, session.facts_for(id)):
            differences.append(f"the card of {id} shows an earlier content")
    if set(scene.wires) != set(graph.wires):
        differences.append(f"wires {sorted(map(str, set(scene.wires) ^ set(graph.wires)))} differ")
    differences += [f"wire {wire} has no route" for wire, item in scene.wires.items() if item.route is None]
    if {id: item.frame for id, item in scene.frames.items()} != {frame.id: frame for frame in graph.frames}:
        differences.append("the frames differ")
    if any(id not in ids for id in document.selection):
        differences.append(f"the selection {document.selection} holds items that do not exist")
    return differences


def same_design(one: Design, two: Design) -> bool:
    """Return whether two designs are equal, bends included: wires that differ in bends are equal to each other."""
    return one == two and all(
        [wire.bends for wire in one.graph(name).wires] == [wire.bends for wire in two.graph(name).wires]
        for name in ("", *one.graphs)
    )


@contextmanager
def uncaught_errors() -> Iterator[list[str]]:
    """Collect the exceptions that Qt slots raise and the warnings of Qt."""
    from PySide6.QtCore import QtMsgType, qInstallMessageHandler

    errors: list[str] = []
    hook = sys.excepthook

    def on_error(kind: type[BaseException], error: BaseException, _trace: object) -> None:
        errors.append(f"{kind.__name__}: {error}")

    def on_message(level: QtMsgType, _context: object, text: str) -> None:
        if level != QtMsgType.QtDebugMsg and not text.startswith("This plugin does not support"):
            errors.append(f"Qt: {text}")

    sys.excepthook = on_error
    before = qInstallMessageHandler(on_message)
    try:
        yield errors
    finally:
        sys.excepthook = hook
        qInstallMessageHandler(before)
