"""One walk over a design in topological order, into each instance of a sub-graph and each iteration of a repeat.

A sub-graph is walked once for every instance and iteration, because each may bring other shapes. The first node with an
error reports it; the nodes after it wait for it.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from graphlib import CycleError
from math import prod

from composer.core import rules
from composer.core.binding import PortKey, bound_wires, output_keys, source_key
from composer.core.blocks.catalog import Catalog
from composer.core.blocks.params import ParamError
from composer.core.blocks.ports import input_ports
from composer.core.blocks.token_rules import input_layout
from composer.core.errors import UserError
from composer.core.expressions import resolve, resolve_variables
from composer.core.facts import DesignFacts, NodeFacts, PortSpec, summed
from composer.core.graph import MAX_REPEAT, Design, Graph, Literal, Node, Value, Wire
from composer.core.limits import MAX_NESTING
from composer.engine.inference.block_node import (
    BlockError,
    depends_on_variables,
    lookup_or_infer,
    prefix_node_id,
    repeat_error,
    replay,
)
from composer.engine.inference.flatten import flatten, totals
from composer.engine.inference.memo import Memo
from composer.engine.inference.node_memo import CachedVisit, NodeCall
from composer.engine.inference.peak_memory import peak_bytes
from composer.engine.inference.results import GraphResult, NodeResult, TensorSpec, itemsize
from composer.engine.inference.storages import Storages

# Of one walk: repeats inside repeats multiply.
MAX_ITERATIONS = 200_000


class Walk:
    """One walk over a design.

    Args:
        memo: what was computed before; the walk adds to it.
        catalog: the available blocks.
        design: any design, also one with errors.
        batch: size of the batch axis.
        structural: problems that follow from the wiring alone.
    """

    def __init__(
        self, memo: Memo, catalog: Catalog, design: Design, batch: int, structural: Sequence[rules.Problem]
    ) -> None:
        self.memo = memo
        self.catalog = catalog
        self.design = design
        self.batch = batch
        self.problems: dict[tuple[str, str], str] = {}  # first structural error by graph and id
        for problem in structural:
            if problem.level == "error" and problem.node is not None:
                self.problems.setdefault((problem.graph, problem.node), problem.message)
        self.storages = Storages()
        self.iterations = 0
        self.open_graphs: list[str] = []  # sub-graphs that are being walked, each inside the one before

    def run(self) -> tuple[GraphResult, DesignFacts]:
        """Walk the whole design; return the tree of results and its flat form."""
        try:
            variables = resolve_variables(self.design.variables)
        except UserError:
            variables = {}
        root = self._graph(self.design.main, "", self._main_inputs(variables), variables)
        working = peak_bytes(root, self._carrier(root))
        return root, DesignFacts(flatten(root, self.problems), totals(root, working), self.batch)

    # -- a graph -----------------------------------------------------------------------------------------------------

    def _main_inputs(self, variables: Mapping[str, Literal]) -> dict[str, TensorSpec | str]:
        """Return the tensors at the main inputs; a message instead of one whose shape cannot be computed."""
        values: dict[str, TensorSpec | str] = {}
        for item in self.design.main.inputs.values():
            try:
                shape = tuple(_size(size, variables) for size in item.shape)
            except UserError as error:
                values[item.id] = f"{item.id}: {error}"
                continue
            size = itemsize(item.dtype) * prod(shape) * self.batch
            full = (self.batch, *shape)
            layout = input_layout(full, item.dtype)
            values[item.id] = TensorSpec(full, item.dtype, False, self.storages.new(), size, layout=layout)
        return values

    def _graph(
        self, graph: Graph, name: str, inputs: Mapping[str, TensorSpec | str], variables: Mapping[str, Literal]
    ) -> GraphResult:
        """Walk one instance of a graph.

        Args:
            graph: the graph.
            name: its name.
            inputs: tensors at its inputs; a message instead of one that is missing.
            variables: values that its expressions may refer to.
        """
        result = GraphResult(name, graph)
        blocked: dict[str, str] = {}  # id of an item without a value -> id of the item whose error it waits for
        for id, value in inputs.items():
            if isinstance(value, TensorSpec):
                result.values[id, ""] = value
            else:
                blocked[id] = id
                result.problem = result.problem or value
        try:
            order = graph.order()
        except CycleError:
            return self._report_cycle(result)
        for id in order:
            if id in graph.nodes:
                cause = next((blocked[wire.source] for wire in graph.in_wires(id) if wire.source in blocked), None)
                node_result = self._node_or_problem(graph.nodes[id], result, cause, variables)
                result.nodes[id] = node_result
                if node_result.facts.waits_for is not None:
                    blocked[id] = node_result.facts.waits_for
                elif node_result.facts.error is not None:
                    blocked[id] = id
                    result.problem = result.problem or node_result.facts.error
            elif id in graph.outputs:
                self._output(id, result, blocked)
        return result

    def _node_or_problem(
        self, node: Node, result: GraphResult, cause: str | None, variables: Mapping[str, Literal]
    ) -> NodeResult:
        """Visit a node, unless its wiring is wrong or it waits for another item (`cause`)."""
        problem = self.problems.get((result.name, node.id))
        if problem is not None:
            return NodeResult(node, NodeFacts(node.block, error=problem), [])
        if cause is not None:
            return NodeResult(node, NodeFacts(node.block, waits_for=cause), [])
        return self._node(node, result, variables)

    def _output(self, id: str, result: GraphResult, blocked: Mapping[str, str]) -> None:
        """Take the tensor that arrives at an output of a graph."""
        wires = result.graph.in_wires(id)
        if len(wires) == 1 and wires[0].source not in blocked:
            value = self._carrier(result)(wires[0])
            if value is not None:
                result.outputs.append(value)
                result.values[id, ""] = value
        result.problem = result.problem or self.problems.get((result.name, id))

    def _report_cycle(self, result: GraphResult) -> GraphResult:
        """Return the result of a graph whose wires form a cycle: one item reports it, the others wait for that item."""
        problems = {id: problem for (graph, id), problem in self.problems.items() if graph == result.name}
        on_cycle = (id for id, problem in problems.items() if problem.startswith("wires form a cycle"))
        first = next(on_cycle, None) or next(iter(problems))
        result.problem = problems[first]
        for id, node in result.graph.nodes.items():
            problem = problems.get(id)
            facts = NodeFacts(node.block, error=problem, waits_for=None if problem else first)
            result.nodes[id] = NodeResult(node, facts, [])
        return result

    # -- a node ------------------------------------------------------------------------------------------------------

    def _node(self, node: Node, result: GraphResult, variables: Mapping[str, Literal]) -> NodeResult:
        """Visit a node whose inputs all have values, or were left without a wire."""
        visit = self.memo.visits.get((result.name, node.id))
        if visit is not None and (cached_inputs := self._unchanged_inputs(visit, node, result)) is not None:
            self.iterations += len(visit.memo.iterations)
            return self._replay_cached(result, visit, cached_inputs)
        try:
            repeat = self._repeat(node, variables)
            sources, first_sources = self._bind(node, result)
            inputs = [result.values[source] if source is not None else None for source in sources]
            if node.subgraph is not None:
                return self._instance(node, result, inputs, variables, repeat)
            spec = self.catalog[node.block]
            first_inputs = [result.values[source] if source is not None else None for source in first_sources]
            dependent = depends_on_variables(node)
            call = NodeCall(node, spec, inputs, first_inputs, variables if dependent else {}, repeat)
            memo = lookup_or_infer(call, self.memo, self.storages)
        except BlockError as error:
            resolved = error.resolved
            facts = NodeFacts(node.block, resolved=resolved.values, inferred=resolved.inferred, error=str(error))
            return NodeResult(node, facts, [])
        except ParamError as error:
            return NodeResult(node, NodeFacts(node.block, error=str(error), repairs=error.repairs), [])
        except UserError as error:
            return NodeResult(node, NodeFacts(node.block, error=prefix_node_id(node, str(error))), [])
        wires = result.graph.in_wires(node.id)
        signatures = tuple(value and (value.signature, value.layout) for value in inputs)
        visit = CachedVisit(node, wires, tuple(sources), signatures, tuple(port.name for port in spec.outputs), memo)
        # A named port is resolved through the block of its source, which may change while this node and its wires do
        # not.
        if not dependent and not any(wire.source_port for wire in wires):
            self.memo.visits[result.name, node.id] = visit
        return self._replay_cached(result, visit, inputs)

    def _unchanged_inputs(self, visit: CachedVisit, node: Node, result: GraphResult) -> list[TensorSpec | None] | None:
        """Return the inputs of a node if its last visit holds for this walk: same node, same wires, same tensors."""
        if visit.node is not node or visit.wires is not result.graph.in_wires(node.id):
            return None
        if self.iterations + len(visit.memo.iterations) > MAX_ITERATIONS:
            return None
        inputs: list[TensorSpec | None] = []
        for source, signature in zip(visit.sources, visit.signatures, strict=True):
            value = result.values.get(source) if source is not None else None
            if (value and (value.signature, value.layout)) != signature:
                return None
            inputs.append(value)
        return inputs

    def _replay_cached(
        self, result: GraphResult, visit: CachedVisit, inputs: Sequence[TensorSpec | None]
    ) -> NodeResult:
        """Take the outputs of a computed node into a graph, and count the bytes that it is the first to save."""
        node, memo = visit.node, visit.memo
        outputs, saved = replay(memo, inputs, self.storages)
        facts = memo.facts
        if facts.activation_bytes != saved:
            facts = replace(facts, activation_bytes=saved)
            # Keep the facts with the visit, so that an unchanged node has identical facts in the next walk. A node that
            # depends on variables has no visit of its own here.
            if self.memo.visits.get((result.name, node.id)) is visit:
                self.memo.visits[result.name, node.id] = visit._replace(memo=replace(memo, facts=facts))
        result.values.update(zip(output_keys(node.id, visit.ports), outputs, strict=False))
        return NodeResult(node, facts, [resolved for resolved, _ in memo.iterations])

    def _bind(self, node: Node, result: GraphResult) -> tuple[list[PortKey | None], list[PortKey | None]]:
        """Return the sources of a node's inputs in the order of its arguments, and the first source of each port."""
        ports = input_ports(self.design, self.catalog, result.name, node.id)
        sources: list[PortKey | None] = []
        firsts: list[PortKey | None] = []
        for port, wires in bound_wires(result.graph, node.id, ports):
            keys = [source_key(self.design, self.catalog, result.name, wire) for wire in wires]
            computed = [key for key in keys if key in result.values]
            sources.extend(computed if port.variadic else computed[:1] or [None])
            firsts.append(computed[0] if computed else None)
        return sources, firsts

    def _repeat(self, node: Node, variables: Mapping[str, Literal]) -> int:
        """Return the number of iterations of a node, and count them."""
        value = resolve(node.repeat, variables)
        repeat = _integer(value)
        if repeat is None or not 1 <= repeat <= MAX_REPEAT:
            raise UserError(f"repeat {node.repeat!r} is {value!r}, expected an integer from 1 to {MAX_REPEAT}")
        self.iterations += repeat
        if self.iterations > MAX_ITERATIONS:
            raise UserError(
                f"repeat {repeat}: the design has more than {MAX_ITERATIONS:,} iterations in total, because nested "
                "repeats multiply; use smaller repeats"
            )
        return repeat

    # -- an instance of a sub-graph ----------------------------------------------------------------------------------

    def _instance(
        self,
        node: Node,
        outer: GraphResult,
        inputs: Sequence[TensorSpec | None],
        variables: Mapping[str, Literal],
        repeat: int,
    ) -> NodeResult:
        """Walk the sub-graph of a node once for each iteration."""
        name = node.subgraph or ""
        if name in self.open_graphs:
            raise UserError(f"sub-graph {name!r} contains itself; a network must be finite")
        if len(self.open_graphs) >= MAX_NESTING:
            raise UserError(f"sub-graph {name!r} is inside more than {MAX_NESTING} others")
        graph = self.design.graphs[name]
        facts = NodeFacts(node.block, repeat=repeat)
        results: list[GraphResult] = []
        for index in range(repeat):
            # 1. A sub-graph sees the design's variables and its own parameters, which its instance may set by
            #    expressions of the surrounding graph.
            params = {
                key: resolve(node.params.get(key, default), variables, index, repeat)
                for key, default in graph.params.items()
            }
            if index == 0:
                facts = replace(facts, resolved=params)

            # 2. Walk it.
            iteration = self._iteration(graph, name, inputs, params)
            results.append(iteration)
            if iteration.problem is not None or len(iteration.outputs) != len(graph.outputs):
                cause = iteration.problem or "an output is not wired"
                where = f" (iteration {index + 1})" if repeat > 1 else ""
                facts = replace(facts, error=f"{node.id}{where}: inside {name}: {cause}")
                return NodeResult(node, facts, [*results])

            # 3. Its outputs are the first inputs of the next iteration; the other inputs stay.
            if index + 1 < repeat:
                if len(iteration.outputs) > len(inputs):
                    raise repeat_error(node, repeat, name)
                inputs = [*iteration.outputs, *inputs[len(iteration.outputs) :]]
        outputs = dict(zip(graph.outputs, results[-1].outputs, strict=True))
        outer.values.update(zip(output_keys(node.id, list(outputs)), outputs.values(), strict=True))
        return NodeResult(node, self._instance_facts(facts, results, outputs), [*results])

    def _iteration(
        self,
        graph: Graph,
        name: str,
        inputs: Sequence[TensorSpec | None],
        params: Mapping[str, Literal],
    ) -> GraphResult:
        """Walk a sub-graph once."""
        entering = {
            id: value if value is not None else f"{id} is not wired"
            for id, value in zip(graph.inputs, inputs, strict=False)
        }
        scope = {**resolve_variables(self.design.variables), **params}
        self.open_graphs.append(name)
        try:
            return self._graph(graph, name, entering, scope)
        finally:
            self.open_graphs.pop()

    def _instance_facts(
        self, facts: NodeFacts, results: Sequence[GraphResult], outputs: Mapping[str, TensorSpec]
    ) -> NodeFacts:
        """Complete the facts of an instance: sums over the built nodes of all its iterations."""
        live = results[0].graph.live_nodes()
        parts = [part.facts for result in results for id, part in result.nodes.items() if id in live]
        uncounted: Counter[str] = Counter()
        for part in parts:
            uncounted.update(part.uncounted)
        return replace(
            facts,
            outputs=tuple(PortSpec(id, value.shape, value.dtype, value.layout) for id, value in outputs.items()),
            **summed(parts),
            working_bytes=max(peak_bytes(result, self._carrier(result)) for result in results),
            uncounted=dict(uncounted),
        )

    # -- ports -------------------------------------------------------------------------------------------------------

    def _carrier(self, result: GraphResult) -> Callable[[Wire], TensorSpec | None]:
        """Return a function that looks up the tensor on a wire of a graph."""
        return lambda wire: result.values.get(source_key(self.design, self.catalog, result.name, wire))


def _integer(value: object) -> int | None:
    """Return a value as an integer; None if it is not a whole one."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) else None


def _size(size: Value, variables: Mapping[str, Literal]) -> int:
    """Return one size of the shape of an input."""
    value = resolve(size, variables)
    integer = _integer(value)
    if integer is None or integer < 1:
        raise UserError(f"size {size!r} of its shape is {value!r}, expected an integer above 0")
    return integer
