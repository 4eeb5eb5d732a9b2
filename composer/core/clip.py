"""Copied items that mean the same wherever they are pasted: with the sub-graphs and variables that they use.

A name may have another meaning in the design that they are pasted into. What is equal there is reused; everything else
is brought along under a free name, and a note states which name that is.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from composer.core import edits, names
from composer.core.diff import diff_graph
from composer.core.errors import UserError
from composer.core.expressions import resolve, resolve_variables, substitute, value_names
from composer.core.graph import (
    SUBGRAPH,
    Design,
    Graph,
    Literal,
    Node,
    Value,
    as_literal,
    frozen,
    is_expression,
    is_repeat,
)


@dataclass(frozen=True)
class Clip:
    """Copied items and everything that their meaning depends on.

    Args:
        items: the items and the wires that end in them; its parameters are those that the source graph exposes and the
            items use, with their defaults.
        graphs: the sub-graphs that they contain, by name.
        variables: the variables that they use, directly, through sub-graphs and through other variables.
        values: the values of the exposed parameters in the instance from which the items were copied.
    """

    items: Graph
    graphs: Mapping[str, Graph] = field(default_factory=dict)
    variables: Mapping[str, Literal] = field(default_factory=dict)
    values: Mapping[str, Value] = field(default_factory=dict)


def take(design: Design, ids: Iterable[str], *, graph: str = "", instance_path: Iterable[str] = ()) -> Clip:
    """Copy items of a graph.

    Args:
        design: the design.
        ids: the items.
        graph: their graph.
        instance_path: node ids from the main graph to the instance that the user sees; its values are those that
            exposed parameters take where they are not exposed.
    """
    items = edits.excerpt(design, ids, graph=graph)
    used = _names_inside(items)
    exposed = {name: value for name, value in design.graph(graph).params.items() if name in used}
    nested = design.nested_graphs(name for name in _contained(items) if name in design.graphs)
    graphs = {name: part for name, part in design.graphs.items() if name in nested}
    outer = used - exposed.keys()
    for part in graphs.values():
        outer |= _names_in(part)
    values = _instance_values(design, tuple(instance_path), exposed)
    for value in values.values():
        outer |= value_names(value)
    return Clip(replace(items, params=frozen(exposed)), graphs, _closure(design.variables, outer), values)


def adapt(design: Design, clip: Clip, *, graph: str = "") -> tuple[Design, Graph, list[str]]:
    """Bring sub-graphs and variables into a design, so that the items of a clip mean there what they meant.

    Args:
        design: the design.
        clip: the copied items.
        graph: the graph into which they will be pasted with `edits.paste`.

    Returns:
        The design with the sub-graphs and variables that it did not have, the items with the names of that design, and
        one sentence for each name that has another meaning there.
    """
    adapter = _Adapter(design, clip, graph)
    exposed = {name: adapter.exposed(name) for name in clip.items.params}
    adapter.settle_variables()
    blocks = {name: adapter.subgraph(name) for name in _contained(clip.items) if name in clip.graphs}
    items = _translated(replace(clip.items, params=frozen({})), {**adapter.variables, **exposed}, blocks)
    return adapter.design, items, adapter.notes


class _Adapter:
    """Decides the name of each variable and sub-graph of a clip in another design.

    Args:
        design: the design; grows.
        clip: the clip.
        graph: the graph into which the items will be pasted.
    """

    def __init__(self, design: Design, clip: Clip, graph: str) -> None:
        self.design = design
        self.clip = clip
        self.notes: list[str] = []
        self.variables: dict[str, Value] = {}  # what each name of the clip's expressions stands for
        self._home = design.graph(graph)
        self._blocks: dict[str, str] = {}
        self._shadowing = {name for part in (self._home, *clip.graphs.values()) for name in part.params}
        # A name that an expression of the design uses without a variable must not get a meaning by the paste.
        self._used = {name for _, part in design.all_graphs() for name in _names_in(part)}

    def exposed(self, name: str) -> Value:
        """Return what an exposed parameter of the source graph stands for in the target graph."""
        default = self.clip.items.params[name]
        if name in self._home.params and self._home.params[name] == default:
            return f"={name}"
        value = self.clip.values.get(name, default)
        if isinstance(value, str | int | float) and not isinstance(value, bool) and not is_expression(value):
            return f"={self._settle(name, value)}"
        self.settle_variables()
        return _translate(value, self.variables)

    def settle_variables(self) -> None:
        """Decide the names of all variables of the clip."""
        for name in self.clip.variables:
            self._variable(name)

    def _variable(self, name: str, pending: tuple[str, ...] = ()) -> None:
        if name in self.variables or name in pending:  # variables in a cycle are an error in the source, too
            return
        value = self.clip.variables[name]
        for other in sorted(value_names(value) & self.clip.variables.keys()):
            self._variable(other, (*pending, name))
        translated = _translate(value, self.variables)
        assert not isinstance(translated, tuple)
        self.variables[name] = f"={self._settle(name, translated)}"  # type: ignore[arg-type]

    def _settle(self, name: str, value: Literal) -> str:
        """Return the variable of the design that has a value: an equal one if there is one, else a new one."""
        existing = self.design.variables
        for other in (name, *(other for other in existing if names.numbered(other, name))):
            reusable = other not in self._shadowing or (other == name and other not in self._home.params)
            if other in existing and reusable and _same(existing[other], value):
                return other
        taken = {*existing, *self._used, *self._home.params}
        new = name
        if name in taken or names.problem(name) is not None:
            new = names.fresh(name, taken | self._shadowing | self.clip.variables.keys())
            here = f"is {existing[name]} here" if name in existing else "has another meaning here"
            self.notes.append(f"{name} {here}, so the copies use {new} = {value}")
        self.design = replace(self.design, variables=frozen({**existing, new: value}))
        return new

    def subgraph(self, name: str, pending: tuple[str, ...] = ()) -> str:
        """Return the name of the sub-graph of the design that equals one of the clip; add it if there is none."""
        if (
            name in self._blocks or name in pending
        ):  # sub-graphs that contain each other are an error in the source, too
            return self._blocks.get(name, name)
        part = self.clip.graphs[name]
        inner = [other for other in _contained(part) if other in self.clip.graphs]
        blocks = {other: self.subgraph(other, (*pending, name)) for other in inner}
        part = _translated(part, self.variables, blocks)
        graphs = self.design.graphs
        candidates = (name, *(other for other in graphs if names.numbered(other, name)))
        equal = next((o for o in candidates if o in graphs and not diff_graph(graphs[o], part).structural), None)
        if equal is None:
            equal = name
            if name in graphs:
                equal = names.fresh(name, graphs.keys() | self.clip.graphs.keys())
                self.notes.append(f"{name} is another sub-graph here, so the copies use {equal}")
            self.design = self.design.with_graph(equal, part)
        self._blocks[name] = equal
        return equal


def _instance_values(design: Design, path: tuple[str, ...], exposed: Mapping[str, Value]) -> dict[str, Value]:
    """Return the values of exposed parameters in the first iteration of an instance; the defaults where it has none."""
    try:
        scope = resolve_variables(design.variables)
        home, outer = design.main, dict(scope)
        for id in path:
            node = home.nodes[id]
            home = design.graphs[node.subgraph or ""]
            params = {key: resolve(node.params.get(key, default), scope) for key, default in home.params.items()}
            scope = {**outer, **params}
    except (UserError, KeyError):
        return dict(exposed)
    return {name: scope.get(name, value) if path else value for name, value in exposed.items()}


def _contained(graph: Graph) -> list[str]:
    """Return the sub-graphs whose instances are in a graph."""
    return sorted({node.subgraph for node in graph.nodes.values() if node.subgraph is not None})


def _names_in(graph: Graph) -> set[str]:
    """Return the names from outside a graph that its expressions and the defaults of its own parameters use."""
    inner = _names_inside(graph) - graph.params.keys()
    return inner.union(*map(value_names, graph.params.values()))


def _names_inside(graph: Graph) -> set[str]:
    """Return the names that the expressions inside a graph use."""
    values: list[Value] = []
    for node in graph.nodes.values():
        values += [*node.params.values(), node.repeat]
    values += [as_literal(item.shape) for item in graph.inputs.values()]
    return set().union(*map(value_names, values))


def _closure(variables: Mapping[str, Literal], used: Iterable[str]) -> dict[str, Literal]:
    """Return the variables that some names need, in their order."""
    needed: set[str] = set()
    pending = [name for name in used if name in variables]
    while pending:
        if (name := pending.pop()) not in needed:
            needed.add(name)
            pending += [other for other in value_names(variables[name]) if other in variables]
    return {name: value for name, value in variables.items() if name in needed}


def _same(one: Literal, other: Literal) -> bool:
    return type(one) is type(other) and one == other


def _translated(graph: Graph, variables: Mapping[str, Value], blocks: Mapping[str, str]) -> Graph:
    """Return a graph whose expressions and instances use other names; its own parameters keep theirs."""
    changed = {name: value for name, value in variables.items() if value != f"={name}"}
    if not changed and all(name == block for name, block in blocks.items()):
        return graph
    inside = {name: value for name, value in changed.items() if name not in graph.params}
    inputs = {
        id: replace(item, shape=_translate(tuple(item.shape), inside))  # type: ignore[arg-type]
        for id, item in graph.inputs.items()
    }
    nodes = {id: _translated_node(node, inside, blocks) for id, node in graph.nodes.items()}
    params = {name: _translate(value, changed) for name, value in graph.params.items()}
    return replace(graph, inputs=frozen(inputs), nodes=frozen(nodes), params=frozen(params))


def _translated_node(node: Node, variables: Mapping[str, Value], blocks: Mapping[str, str]) -> Node:
    name = node.subgraph
    block = f"{SUBGRAPH}{blocks[name]}" if name is not None and name in blocks else node.block
    params = {key: _translate(value, variables) for key, value in node.params.items()}
    repeat = _translate(node.repeat, variables)
    if not is_repeat(repeat):
        repeat = node.repeat
    return replace(node, block=block, params=frozen(params), repeat=repeat)  # type: ignore[arg-type]


def _translate(value: Value, meanings: Mapping[str, Value]) -> Value:
    """Replace names in the expressions of a value; one without such names stays as it is written."""
    return substitute(value, meanings) if value_names(value) & meanings.keys() else value
