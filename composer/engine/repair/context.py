"""An error of a design with everything around it that a repair may start from."""

from collections.abc import Iterator
from dataclasses import dataclass

from composer.core.binding import source_key
from composer.core.blocks.block_file import BlockSpec
from composer.core.facts import NodeFacts
from composer.core.graph import Design, Graph, Node, Wire
from composer.engine.inference.infer import Inference, Inferrer
from composer.engine.inference.results import GraphResult, NodeResult, TensorSpec


@dataclass(frozen=True, slots=True)
class InstanceContext:
    """A node whose sub-graph holds the item with the error.

    Attributes:
        graph: name of the graph that holds the node.
        result: the result of the node.
    """

    graph: str
    result: NodeResult


@dataclass(frozen=True, slots=True)
class ErrorContext:
    """An item with an error.

    Attributes:
        inferrer: its memo makes trying a repair cheap.
        design: the design with the error.
        graph_name: graph that holds the item; empty for the main graph.
        graph: that graph.
        result: the instance of the graph in which the error is, as far as it could be computed.
        id: the item; empty for an error of the design as a whole.
        message: the error.
        instances: the nodes through whose sub-graphs the graph is reached, the innermost first.
    """

    inferrer: Inferrer
    design: Design
    graph_name: str
    graph: Graph
    result: GraphResult
    id: str
    message: str
    instances: tuple[InstanceContext, ...] = ()

    @property
    def node(self) -> Node | None:
        """The item if it is a node."""
        return self.graph.nodes.get(self.id)

    @property
    def spec(self) -> BlockSpec | None:
        """The block of the node, if it exists."""
        return self.inferrer.catalog.get(self.node.block) if self.node is not None else None

    @property
    def facts(self) -> NodeFacts:
        """Facts of the node, as far as they could be computed."""
        result = self.result.nodes.get(self.id)
        return result.facts if result is not None else NodeFacts()

    @property
    def wires(self) -> tuple[Wire, ...]:
        """The wires that end at the item."""
        return self.graph.in_wires(self.id)

    def value(self, wire: Wire) -> TensorSpec | None:
        """Return the tensor on a wire of this graph, if it could be computed."""
        return self.result.values.get(source_key(self.design, self.inferrer.catalog, self.graph_name, wire))

    def shapes(self) -> list[tuple[int, ...]]:
        """Return the shapes that arrive at the item."""
        return [value.shape for wire in self.wires if (value := self.value(wire)) is not None]

    def sizes(self) -> list[int]:
        """Return the sizes that arrive at the item, the batch left out."""
        return [size for shape in self.shapes() for size in shape[1:]]


def first_errors(inference: Inference, inferrer: Inferrer) -> Iterator[ErrorContext]:
    """Yield each item with an error of its own once, causes before the items that wait for them.

    Args:
        inference: of a design.
        inferrer: the inferrer that computed it.
    """
    seen: set[tuple[str, str, str]] = set()
    for error in _all_errors(inference, inferrer):
        key = (error.graph_name, error.id, "" if error.id else error.message)
        if key not in seen:
            seen.add(key)
            yield error


def find_error(inference: Inference, inferrer: Inferrer, id: str, graph: str = "") -> ErrorContext | None:
    """Return the error of one item; None if nothing is wrong with it."""
    errors = first_errors(inference, inferrer)
    return next((error for error in errors if (error.graph_name, error.id) == (graph, id)), None)


def misreads(inference: Inference, inferrer: Inferrer) -> Iterator[ErrorContext]:
    """Yield each node that misreads its input once, with the warning as message."""
    seen: set[tuple[str, str]] = set()
    for result, instances in _graph_results(inference.root, ()):
        for id, node in result.nodes.items():
            message = node.facts.warning
            if message is not None and (result.name, id) not in seen:
                seen.add((result.name, id))
                yield ErrorContext(
                    inferrer, inference.design, result.name, result.graph, result, id, message, instances
                )


def find_misread(inference: Inference, inferrer: Inferrer, id: str, graph: str = "") -> ErrorContext | None:
    """Return the context of a node that misreads its input; None if it does not."""
    contexts = misreads(inference, inferrer)
    return next((context for context in contexts if (context.graph_name, context.id) == (graph, id)), None)


def causes(inference: Inference, inferrer: Inferrer) -> list[str]:
    """Return one message for each error; for one in a sub-graph that of the outermost instance, which locates it."""
    messages = []
    for error in first_errors(inference, inferrer):
        outer = error.instances[-1].result.facts.error if error.instances else None
        messages.append(outer if outer is not None and outer.endswith(error.message) else error.message)
    return messages


def _all_errors(inference: Inference, inferrer: Inferrer) -> Iterator[ErrorContext]:
    """Yield errors of the design, of its inputs, of nodes in the order of inference, and of wiring it did not reach."""
    root = inference.root
    structural = [problem for problem in inference.structural if problem.level == "error"]
    reached: dict[str, tuple[GraphResult, tuple[InstanceContext, ...]]] = {}

    def context(
        result: GraphResult, id: str, message: str, instances: tuple[InstanceContext, ...] = ()
    ) -> ErrorContext:
        return ErrorContext(inferrer, inference.design, result.name, result.graph, result, id, message, instances)

    for problem in structural:
        if problem.node is None:
            yield context(root, "", problem.message)
    for id in root.graph.inputs:
        if message := inference.facts.nodes[id].error:
            yield context(root, id, message)
    for result, instances in _graph_results(root, ()):
        # Of several instances of a graph keep the one with an error: only there the values around the error exist.
        if result.name not in reached or result.problem is not None:
            reached[result.name] = (result, instances)
        for id, node_result in result.nodes.items():
            message = node_result.facts.error
            inner = [part for part in node_result.iterations if isinstance(part, GraphResult)]
            if message is not None and not any(part.problem for part in inner):
                yield context(result, id, message, instances)
    for problem in structural:
        if problem.node is not None:
            unreached = GraphResult(problem.graph, inference.design.graph(problem.graph))
            result, instances = reached.get(problem.graph, (unreached, ()))
            yield context(result, problem.node, problem.message, instances)


def _graph_results(
    result: GraphResult, instances: tuple[InstanceContext, ...]
) -> Iterator[tuple[GraphResult, tuple[InstanceContext, ...]]]:
    """Yield the results of all instances and iterations of graphs, inner ones first."""
    for node_result in result.nodes.values():
        for part in node_result.iterations:
            if isinstance(part, GraphResult):
                yield from _graph_results(part, (InstanceContext(result.name, node_result), *instances))
    yield result, instances
