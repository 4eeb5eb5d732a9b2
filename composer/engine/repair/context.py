"""An item with an error and what is around it, from which candidates are made."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass

from composer.core.blocks.block_file import BlockSpec
from composer.core.blocks.ports import output_ports
from composer.core.facts import NodeFacts, Repair
from composer.core.graph import Design, Graph, Input, Literal, Node, Wire
from composer.engine.inference.infer import Inference, Inferrer
from composer.engine.inference.results import GraphResult, NodeResult, TensorSpec


@dataclass(frozen=True, slots=True)
class Use:
    """A node that uses a sub-graph in which the item with the error lies."""

    graph: str
    result: NodeResult


@dataclass(frozen=True, slots=True)
class Case:
    """An item with an error.

    Args:
        inferrer: keeps the memo, so that trying is cheap.
        design: the design with the error.
        graph_name: graph that holds the item; empty for the main graph.
        graph: that graph.
        result: the use of it in which the error is, as far as it could be computed.
        id: the item; empty for an error of the design as a whole.
        error: its sentence.
        uses: the nodes through which the graph is reached, the innermost first.
    """

    inferrer: Inferrer
    design: Design
    graph_name: str
    graph: Graph
    result: GraphResult
    id: str
    error: str
    uses: tuple[Use, ...] = ()

    @property
    def node(self) -> Node | None:
        """The item, where it is a node."""
        return self.graph.nodes.get(self.id)

    @property
    def spec(self) -> BlockSpec | None:
        """The node's block, where it is known."""
        return self.inferrer.catalog.get(self.node.block) if self.node is not None else None

    @property
    def facts(self) -> NodeFacts:
        """What is known of the node."""
        found = self.result.nodes.get(self.id)
        return found.facts if found is not None else NodeFacts()

    def value(self, wire: Wire) -> TensorSpec | None:
        """What a wire of this graph carries, where that is known."""
        ports = output_ports(self.design, self.inferrer.catalog, self.graph_name, wire.source)
        first = (
            not wire.source_port
            or wire.source in self.graph.inputs
            or (bool(ports) and ports[0].name == wire.source_port)
        )
        return self.result.values.get((wire.source, "" if first else wire.source_port))

    def shapes(self) -> list[tuple[int, ...]]:
        """Shapes of what the wires bring."""
        return [value.shape for wire in self.graph.in_wires(self.id) if (value := self.value(wire)) is not None]


def first_errors(inference: Inference, inferrer: Inferrer) -> Iterator[Case]:
    """Items with an error of their own, causes before what waits for them, each once.

    Args:
        inference: of a design.
        inferrer: the one that made it.
    """
    seen: set[tuple[str, str, str]] = set()
    structural = [problem for problem in inference.structural if problem.level == "error"]
    places: dict[str, tuple[GraphResult, tuple[Use, ...]]] = {"": (inference.root, ())}

    def case(result: GraphResult, id: str, error: str, uses: tuple[Use, ...]) -> Case:
        return Case(inferrer, inference.design, result.name, result.graph, result, id, error, uses)

    def visit(result: GraphResult, uses: tuple[Use, ...]) -> Iterator[Case]:
        if result.name not in places or result.problem is not None:
            places[result.name] = (result, uses)
        for id, found in result.nodes.items():
            inner = [use for use in found.iterations if isinstance(use, GraphResult)]
            for use in inner:
                yield from visit(use, (Use(result.name, found), *uses))
            if found.facts.error is not None and not any(use.problem for use in inner):
                yield case(result, id, found.facts.error, uses)

    def every() -> Iterator[Case]:
        for problem in structural:
            if problem.node is None:
                yield case(inference.root, "", problem.message, ())
        for id in inference.root.graph.inputs:
            if error := inference.facts.nodes[id].error:
                yield case(inference.root, id, error, ())
        yield from visit(inference.root, ())
        for problem in structural:
            if problem.node is not None:
                result, uses = places.get(problem.graph) or (
                    GraphResult(problem.graph, inference.design.graph(problem.graph)),
                    (),
                )
                yield case(result, problem.node, problem.message, uses)

    for found in every():
        key = (found.graph_name, found.id, "" if found.id else found.error)
        if key not in seen:
            seen.add(key)
            yield found


def find_case(inference: Inference, inferrer: Inferrer, id: str, graph: str = "") -> Case | None:
    """The case of one item; None if nothing is wrong with it."""
    return next((case for case in first_errors(inference, inferrer) if (case.graph_name, case.id) == (graph, id)), None)


def causes(inference: Inference, inferrer: Inferrer) -> list[str]:
    """A sentence for each error, told once: of one in a sub-graph by the first use that stops at it, which says where that is."""
    found = []
    for case in first_errors(inference, inferrer):
        told = case.uses[-1].result.facts.error if case.uses else None
        found.append(told if told is not None and told.endswith(case.error) else case.error)
    return found


# -- repairs, put together --------------------------------------------------------------------------------------------------


def row(wire: Wire) -> tuple[str, str, str, str]:
    """A wire as a repair carries it."""
    return (wire.source, wire.target, wire.source_port, wire.target_port)


def cut(*wires: Wire) -> Repair:
    """Remove wires."""
    return Repair("", "disconnect", {"wires": [row(wire) for wire in wires]})


def draw(wire: Wire) -> Repair:
    """Draw a wire."""
    return Repair("", "connect", {"wire": row(wire)})


def insert(label: str, wire: Wire, block: str, **params: Literal) -> Repair:
    """Put a block on a wire."""
    return Repair(
        label,
        "insert",
        {"wire": row(wire), "block": block, "params": params} if params else {"wire": row(wire), "block": block},
    )


def set_param(label: str, id: str, param: str, value: Literal, graph: str | None = None) -> Repair:
    """Set one parameter of a node, of another graph where one is named."""
    return Repair(
        label, "set_params", {"id": id, "params": {param: value}, **({} if graph is None else {"graph": graph})}
    )


def reset(label: str, id: str, params: Iterable[str], graph: str | None = None) -> Repair:
    """Give parameters back to the wire or their default."""
    return Repair(
        label, "reset_params", {"id": id, "params": list(params), **({} if graph is None else {"graph": graph})}
    )


def set_shape(item: Input, shape: tuple[int | str, ...]) -> Repair:
    """Set the shape of a main input."""
    label = f"Set the shape of {item.id} to {' x '.join(map(str, shape))}"
    return Repair(label, "update", {"id": item.id, "changes": {"shape": shape}, "graph": ""})


def several(label: str, *parts: Repair) -> Repair:
    """Several repairs as one."""
    return Repair(label, "several", {"repairs": [asdict(part) for part in parts]})
