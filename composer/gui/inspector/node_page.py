"""The inspector page of one node, or of several nodes of the same block: parameters, repeat, note and facts."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from composer.core import edits, expressions, subgraphs
from composer.core.blocks.catalog import Catalog
from composer.core.declarations import ParamSpec
from composer.core.errors import UserError
from composer.core.exposed import exposing
from composer.core.graph import MAX_REPEAT, Design, Each, Graph, Literal, Node, Ramp, Value, is_expression
from composer.gui.inspector.facts_view import FactsView
from composer.gui.inspector.header import Header
from composer.gui.inspector.param_row import MIXED, ParamRow, heading
from composer.gui.session.session import Session
from composer.gui.widgets.labels import button, label
from composer.gui.widgets.text_box import TextBox

NodeEdit = Callable[[Design, str, str], Design]  # design, node id, graph name -> edited design
REPEAT = ParamSpec(
    "repeat",
    "int",
    default=1,
    range=(1, MAX_REPEAT),
    help="Number of iterations in sequence, each with its own weights",
)


class NodePage(QWidget):
    """The form of one or several nodes; an edit applies to all of them.

    Args:
        session: the session.
        ids: nodes of the shown graph that use the same block.

    Attributes:
        ids: the shown nodes.
        spec: the block; None for a sub-graph.
        rows: the row of each parameter.
        repeat: the row with the number of iterations.
        note: the field with the note.
        facts: the engine's results; None for several nodes.
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
        self.header = self._make_header(nodes[0])
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
        """Return what the form is built from; nodes with another key need another page."""
        nodes = [session.document.graph.nodes[id] for id in ids]
        inner = session.document.design.graphs.get(nodes[0].subgraph or "")
        unknown = tuple(name for name in nodes[0].params if name not in inner.params) if inner is not None else ()
        exposed = (unknown, tuple(inner.params)) if inner is not None else ()
        return len(ids), nodes[0].block, exposed

    def _make_header(self, node: Node) -> Header:
        single = len(self.ids) == 1
        title = self.ids[0] if single else f"{len(self.ids)} nodes"
        kind = f"Sub-graph {node.subgraph}" if node.subgraph else node.block
        family = "graph" if node.subgraph else self.spec.category if self.spec else "basic"
        summary = self.spec.summary if self.spec else ""
        rename = (lambda new: self.session.document.rename(self.ids[0], new)) if single else None
        return Header(title, kind, family, summary, rename)

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
        param_row = ParamRow(spec, self._variables, per_iteration=spec is not REPEAT)
        param_row.changed.connect(self._set_value)
        param_row.reset_requested.connect(self._reset)
        param_row.expose_requested.connect(self._expose)
        if self.session.document.graph_name and len(self.ids) == 1 and spec is not REPEAT:
            param_row.offer_expose()
        param_row.grey_default = self.spec is None and spec is not REPEAT
        self._layout.addWidget(param_row)
        self._layout.addWidget(param_row.problem)
        return param_row

    def _add_note(self) -> None:
        self.note = TextBox(2, "Note for readers of the design")
        self.note.setAccessibleName("note")
        self.note.committed.connect(
            lambda text: self._edit_nodes(
                "Set note", lambda d, id, graph: edits.update_item(d, id, graph=graph, note=text)
            )
        )
        self._layout.addWidget(self.note)

    def show_nodes(self, ids: tuple[str, ...]) -> None:
        """Show other nodes in the same form; building another form would take far longer."""
        self.ids = ids
        for param_row in (*self.rows.values(), self.repeat):
            param_row.reset_editing()
        if self.facts is not None:
            self.facts.show_item(ids[0])
        self.update_values()

    @property
    def in_use(self) -> bool:
        """Whether a field of the page has the focus, so that its text belongs to the shown nodes."""
        focus = QApplication.focusWidget()
        return focus is not None and self.isAncestorOf(focus)

    def update_values(self) -> None:
        """Show the current values."""
        session = self.session
        nodes = [node for id in self.ids if (node := session.document.graph.nodes.get(id)) is not None]
        if not nodes:
            return
        facts = [session.facts_for(id) for id in self.ids]
        if len(self.ids) == 1:
            self.header.show_name(self.ids[0])
        for name, param_row in self.rows.items():
            spec = param_row.spec
            is_set = any(name in node.params for node in nodes)
            inferred = spec.inferred and not is_set
            resolved = _common([f.resolved.get(name) if f is not None and name in f.resolved else MIXED for f in facts])
            if inferred:
                value: object = None if resolved is MIXED else resolved
            else:
                value = _common([node.params.get(name, spec.default) for node in nodes])
            param_row.show_value(value, is_set=is_set, inferred=inferred, resolved=resolved)
            if param_row.expose is not None:
                plain = not (is_expression(value) or isinstance(value, Each | Ramp))
                param_row.expose.setVisible(plain and not spec.inferred)
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

    def _variables(self) -> Mapping[str, Literal]:
        """Return what expressions of this graph may use: the design's variables and the exposed parameters."""
        document = self.session.document
        try:
            variables = expressions.resolve_variables(document.design.variables)
        except UserError:
            variables = dict(document.design.variables)
        exposed = document.graph.params if document.graph_name else {}
        return {**variables, **{name: value for name, value in exposed.items() if isinstance(value, int | float | str)}}

    def _set_value(self, name: str, value: Value, gesture: int) -> None:
        key = ("param", self.ids, name, id(self), gesture) if gesture >= 0 else None
        if name == "repeat" and name not in self.rows:
            self._edit_nodes(
                "Set repeat", lambda d, id, graph: edits.update_item(d, id, graph=graph, repeat=value), key
            )
        else:
            self._edit_nodes(
                f"Set {name}", lambda d, id, graph: edits.set_params(d, id, {name: value}, graph=graph), key
            )

    def _reset(self, name: str) -> None:
        if name == "repeat" and name not in self.rows:
            self._edit_nodes("Reset repeat", lambda d, id, graph: edits.update_item(d, id, graph=graph, repeat=1))
        else:
            self._edit_nodes(f"Reset {name}", lambda d, id, graph: edits.reset_params(d, id, [name], graph=graph))

    def _expose(self, name: str) -> None:
        id = self.ids[0]
        value = self.session.document.graph.nodes[id].params.get(name, self.rows[name].spec.default)

        def exposed(design: Design, graph: str) -> Design:
            return subgraphs.expose(design, id, name, value, graph=graph)[0]

        self.session.document.edit(f"Expose {name} of {id}", exposed)

    def _edit_nodes(self, label: str, edit_node: NodeEdit, merge_key: object = None) -> None:
        """Apply an edit to all shown nodes as one step of the history."""

        def edit_all(design: Design, graph: str) -> Design:
            for id in self.ids:
                design = edit_node(design, id, graph)
            return design

        target = self.ids[0] if len(self.ids) == 1 else f"{len(self.ids)} nodes"
        self.session.document.edit(f"{label} of {target}", edit_all, merge_key=merge_key)


def _common(values: list[object]) -> object:
    """Return the value that all nodes share, or `MIXED`."""
    first = values[0]
    return first if all(value == first and type(value) is type(first) for value in values) else MIXED


def _subgraph_params(design: Design, catalog: Catalog, node: Node) -> list[ParamSpec]:
    """Return the parameters that a sub-graph exposes, and those that the node sets but the sub-graph lacks."""
    inner = design.graphs.get(node.subgraph or "")
    exposed = dict(inner.params) if inner is not None else {}
    defaults = {**dict.fromkeys(node.params), **exposed}
    return [_exposed_spec(catalog, inner, name, default) for name, default in defaults.items()]


def _exposed_spec(catalog: Catalog, inner: Graph | None, name: str, default: Value) -> ParamSpec:
    """Return the declaration of an exposed parameter: that of the inner parameter it sets, under its own name."""
    origin = exposing(inner, name) if inner is not None else None
    block = catalog.get(origin[0].block) if origin is not None else None
    spec = block.param(origin[1]) if block is not None and origin is not None else None
    plain = default if not isinstance(default, Each | Ramp) else None
    if spec is None:
        return ParamSpec(name, _type_name(default), default=plain, optional=True)
    return replace(spec, name=name, default=plain, required=False, axis=None)


def _type_name(value: object) -> str:
    """Return the type of a value as declarations name it; bool comes before int, of which it is a subclass."""
    types: tuple[tuple[type, str], ...] = ((bool, "bool"), (int, "int"), (float, "float"), (tuple, "tuple"))
    return next((name for kind, name in types if isinstance(value, kind)), "str")
