"""The page of one node, or of several nodes of the same block: its parameters as a form, its repeat, its facts."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from composer.core import edits, expressions, subgraphs
from composer.core.blocks.catalog import Catalog
from composer.core.declarations import ParamSpec
from composer.core.errors import UserError
from composer.core.exposed import exposing
from composer.core.graph import MAX_REPEAT, Design, Each, Graph, Node, Ramp, Scalar, Value, is_expression
from composer.gui.inspector.facts_view import FactsView
from composer.gui.inspector.header import Header
from composer.gui.inspector.param_row import MIXED, ParamRow, heading
from composer.gui.session.session import Session
from composer.gui.widgets.labels import button, label
from composer.gui.widgets.text_box import TextBox

Change = Callable[[Design, str, str], Design]
REPEAT = ParamSpec(
    "repeat",
    "int",
    default=1,
    range=(1, MAX_REPEAT),
    help="How many times in a row, each time with weights of its own",
)


class NodePage(QWidget):
    """The form.

    Args:
        session: the session.
        ids: nodes of the shown graph that use the same block.
    """

    def __init__(self, session: Session, ids: tuple[str, ...]) -> None:
        super().__init__()
        self.session = session
        self.ids = ids
        nodes = [session.document.graph.nodes[id] for id in ids]
        block = nodes[0].block
        self.spec = session.catalog.get(block)
        single = len(ids) == 1
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(12, 4, 12, 12)
        self._layout.setSpacing(4)
        kind = f"Sub-graph {nodes[0].subgraph}" if nodes[0].subgraph else block
        family = "graph" if nodes[0].subgraph else self.spec.category if self.spec else "basic"
        title = ids[0] if single else f"{len(ids)} nodes"
        summary = self.spec.summary if self.spec else ""
        self.header = Header(
            title, kind, family, summary, (lambda new: session.document.rename(self.ids[0], new)) if single else None
        )
        self._layout.addWidget(self.header)
        self.rows: dict[str, ParamRow] = {}
        self._add_params(nodes[0])
        self._layout.addWidget(heading("Node"))
        self.repeat = self._row(REPEAT)
        self._add_note()
        if single and nodes[0].subgraph:
            self._layout.addWidget(button("Open the sub-graph", lambda: session.document.enter(self.ids[0])))
        if single:
            self.facts: FactsView | None = FactsView(session, ids[0])
            self._layout.addWidget(self.facts)
        else:
            self.facts = None
        self._layout.addStretch(1)
        self.update_values()

    @staticmethod
    def key(session: Session, ids: tuple[str, ...]) -> object:
        """What the form is made of: a page with another key must be made anew."""
        nodes = [session.document.graph.nodes[id] for id in ids]
        inner = session.document.design.graphs.get(nodes[0].subgraph or "")
        foreign = tuple(name for name in nodes[0].params if name not in inner.params) if inner is not None else ()
        exposed = (foreign, tuple(inner.params)) if inner is not None else ()
        return len(ids), nodes[0].block, exposed

    def _add_params(self, node: Node) -> None:
        specs = (
            list(self.spec.params)
            if self.spec
            else _subgraph_params(self.session.document.design, self.session.catalog, node)
        )
        if specs:
            self._layout.addWidget(heading("Parameters"))
        elif self.spec is not None:
            self._layout.addWidget(label("This block has no parameters.", "muted"))
        for spec in specs:
            self.rows[spec.name] = self._row(spec)

    def _row(self, spec: ParamSpec) -> ParamRow:
        made = ParamRow(spec, self._variables, by_round=spec is not REPEAT)
        made.changed.connect(self._changed)
        made.reset_asked.connect(self._reset)
        made.expose_asked.connect(self._expose)
        if self.session.document.graph_name and len(self.ids) == 1 and spec is not REPEAT:
            made.offer_expose()
        made.grey_default = self.spec is None and spec is not REPEAT
        self._layout.addWidget(made)
        self._layout.addWidget(made.problem)
        return made

    def _add_note(self) -> None:
        self.note = TextBox(2, "A note for readers of the design")
        self.note.setAccessibleName("note")
        self.note.committed.connect(
            lambda text: self._for_all("Note", lambda d, id, graph: edits.update_item(d, id, graph, note=text))
        )
        self._layout.addWidget(self.note)

    def show_nodes(self, ids: tuple[str, ...]) -> None:
        """Show other nodes with the same form; made for going from node to node without building it anew."""
        self.ids = ids
        for made in (*self.rows.values(), self.repeat):
            made.begin_anew()
        if self.facts is not None:
            self.facts.show_item(ids[0])
        self.update_values()

    @property
    def in_use(self) -> bool:
        """Whether something is being typed, which belongs to the nodes shown now."""
        focus = QApplication.focusWidget()
        return focus is not None and self.isAncestorOf(focus)

    def update_values(self) -> None:
        """Show the values of the moment."""
        session = self.session
        nodes = [node for id in self.ids if (node := session.document.graph.nodes.get(id)) is not None]
        if not nodes:
            return
        facts = [session.facts_for(id) for id in self.ids]
        if len(self.ids) == 1:
            self.header.show_name(self.ids[0])
        for name, made in self.rows.items():
            is_set = any(name in node.params for node in nodes)
            inferred = made.spec.inferred and not is_set
            resolved = _common([f.resolved.get(name) if f is not None and name in f.resolved else MIXED for f in facts])
            if inferred:
                value: object = None if resolved is MIXED else resolved
            else:
                value = _common([node.params.get(name, made.spec.default) for node in nodes])
            made.show_value(value, is_set=is_set, inferred=inferred, resolved=resolved)
            if made.expose is not None:
                made.expose.setVisible(
                    not (made.spec.inferred or is_expression(value) or isinstance(value, Each | Ramp))
                )
        repeat = _common([node.repeat for node in nodes])
        self.repeat.show_value(repeat, is_set=repeat != 1, inferred=False, resolved=self._resolved(repeat))
        self.note.show_text(nodes[0].note if len({node.note for node in nodes}) == 1 else "")
        if self.facts is not None:
            self.facts.update_values()

    def _resolved(self, value: object) -> object:
        if not isinstance(value, str):
            return MIXED
        try:
            return expressions.evaluate(value, self._variables())
        except UserError:
            return MIXED

    def _variables(self) -> Mapping[str, Scalar]:
        session = self.session
        try:
            known = expressions.resolve_variables(session.document.design.variables)
        except UserError:
            known = dict(session.document.design.variables)
        inner = session.document.graph.params if session.document.graph_name else {}
        return {**known, **{name: value for name, value in inner.items() if isinstance(value, int | float | str)}}

    def _changed(self, name: str, value: Value, gesture: int) -> None:
        key = ("param", self.ids, name, id(self), gesture) if gesture >= 0 else None
        if name == "repeat" and name not in self.rows:
            self._for_all("Repeat", lambda d, id, graph: edits.update_item(d, id, graph, repeat=value), key)
        else:
            self._for_all(f"Set {name}", lambda d, id, graph: edits.set_params(d, id, {name: value}, graph), key)

    def _reset(self, name: str) -> None:
        if name == "repeat" and name not in self.rows:
            self._for_all("Repeat once", lambda d, id, graph: edits.update_item(d, id, graph, repeat=1))
        else:
            self._for_all(f"Reset {name}", lambda d, id, graph: edits.reset_params(d, id, [name], graph))

    def _expose(self, name: str) -> None:
        id = self.ids[0]
        value = self.session.document.graph.nodes[id].params.get(name, self.rows[name].spec.default)

        def exposed(design: Design, graph: str) -> Design:
            return subgraphs.expose(design, graph, id, name, value)[0]

        self.session.document.edit(f"Expose {name} of {id}", exposed)

    def _for_all(self, label: str, change: Change, merge_key: object = None) -> None:
        def changed(design: Design, graph: str) -> Design:
            for id in self.ids:
                design = change(design, id, graph)
            return design

        where = self.ids[0] if len(self.ids) == 1 else f"{len(self.ids)} nodes"
        self.session.document.edit(f"{label} of {where}", changed, merge_key=merge_key)


def _common(values: list[object]) -> object:
    first = values[0]
    return first if all(value == first and type(value) is type(first) for value in values) else MIXED


def _subgraph_params(design: Design, catalog: Catalog, node: Node) -> list[ParamSpec]:
    """The parameters that a sub-graph exposes, as a form; those that a node sets but the sub-graph lacks are shown too."""
    inner = design.graphs.get(node.subgraph or "")
    exposed = dict(inner.params) if inner is not None else {}
    defaults = {**dict.fromkeys(node.params), **exposed}
    return [_exposed_spec(catalog, inner, name, default) for name, default in defaults.items()]


def _exposed_spec(catalog: Catalog, inner: Graph | None, name: str, default: Value) -> ParamSpec:
    """An exposed parameter takes what the inner parameter takes that it stands for."""
    origin = exposing(inner, name) if inner is not None else None
    block = catalog.get(origin[0].block) if origin is not None else None
    found = block.param(origin[1]) if block is not None and origin is not None else None
    plain = default if not isinstance(default, Each | Ramp) else None
    if found is None:
        return ParamSpec(name, _kind(default), default=plain, optional=True)
    return replace(found, name=name, default=plain, required=False, axis=None)


def _kind(value: object) -> str:
    kinds: tuple[tuple[type, str], ...] = ((bool, "bool"), (int, "int"), (float, "float"), (tuple, "tuple"))
    return next((name for kind, name in kinds if isinstance(value, kind)), "str")
