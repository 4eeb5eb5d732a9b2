"""One walk over a design in topological order, into sub-graphs, round by round; what it finds is in `found`.

Sub-graphs are walked once for every use and round, because each may bring other shapes. The first bad node says why; what comes
after it waits.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from graphlib import CycleError
from math import prod
from typing import TYPE_CHECKING

from composer.core import rules
from composer.core.blocks.block_file import BlockSpec
from composer.core.blocks.params import ParamError, Resolved, resolve_params
from composer.core.blocks.ports import input_ports, output_ports
from composer.core.errors import UserError
from composer.core.expressions import resolve, resolve_variables
from composer.core.facts import SUMMED, DesignFacts, NodeFacts, PortSpec, summed
from composer.core.graph import MAX_REPEAT, Design, Graph, Literal, Node, Scalar, Wire
from composer.engine.inference.flatten import flatten, totals
from composer.engine.inference.node_memo import Instance, Known, Step
from composer.engine.inference.peak_memory import peak_bytes
from composer.engine.inference.results import BlockCost, GraphResult, NodeResult, TensorSpec, itemsize

if TYPE_CHECKING:
    from composer.engine.inference.infer import Inferrer

MAX_ITERATIONS = 200_000  # of one walk: repeats inside repeats multiply


class RoundError(UserError):
    """A block that cannot run with the parameters it has; they are kept, because repairs start from them."""

    def __init__(self, message: str, node: str, resolved: Resolved) -> None:
        super().__init__(message)
        self.node = node
        self.resolved = resolved


class Walk:
    """One walk over a design."""

    def __init__(self, inferrer: "Inferrer", design: Design, batch: int, structural: Sequence[rules.Problem]) -> None:
        self.inferrer = inferrer
        self.catalog = inferrer.catalog
        self.design = design
        self.batch = batch
        self.problems: dict[tuple[str, str], str] = {}
        for found in structural:
            if found.level == "error" and found.node is not None:
                self.problems.setdefault((found.graph, found.node), found.message)
        self.storages = 0
        self.walked = 0
        self.saved: set[int] = set()  # storages that were already counted
        self.inside: list[str] = []  # sub-graphs that are being walked, each within the one before

    def _new_storage(self) -> int:
        self.storages += 1
        return self.storages

    def run(self) -> tuple[GraphResult, DesignFacts]:
        """Walk the whole design; the tree of results, and its flat form."""
        try:
            variables = resolve_variables(self.design.variables)
        except UserError:
            variables = {}
        root = self._graph(self.design.main, "", self._inputs(variables), variables)
        working = peak_bytes(root, self._carrier(root))
        return root, DesignFacts(flatten(root, self.problems), totals(root, working), self.batch)

    def _inputs(self, variables: Mapping[str, Scalar]) -> dict[str, TensorSpec | str]:
        """Values at the main inputs; a sentence instead where the shape cannot be computed."""
        values: dict[str, TensorSpec | str] = {}
        for item in self.design.main.inputs.values():
            try:
                shape = tuple(_size(size, variables) for size in item.shape)
            except UserError as error:
                values[item.id] = f"{item.id}: {error}"
                continue
            size = itemsize(item.dtype) * prod(shape) * self.batch
            values[item.id] = TensorSpec((self.batch, *shape), item.dtype, False, self._new_storage(), size)
        return values

    def _graph(
        self, graph: Graph, name: str, inputs: Mapping[str, TensorSpec | str], variables: Mapping[str, Scalar]
    ) -> GraphResult:
        result = GraphResult(name, graph)
        blocked: dict[str, str] = {}  # id -> id of the item with the error behind which it waits
        for id, value in inputs.items():
            if isinstance(value, TensorSpec):
                result.values[id, ""] = value
            else:
                blocked[id] = id
                result.problem = result.problem or value
        try:
            order = graph.order()
        except CycleError:
            return self._circle(result)
        for id in order:
            if id in graph.nodes:
                node = graph.nodes[id]
                cause = next((blocked[wire.source] for wire in graph.in_wires(id) if wire.source in blocked), None)
                problem = self.problems.get((name, id))
                if problem is None and cause is not None:
                    blocked[id] = cause
                    result.nodes[id] = NodeResult(node, NodeFacts(node.block, waits_for=cause), [])
                    continue
                if problem is None:
                    found = self._node(node, name, graph, result.values, variables)
                else:
                    found = NodeResult(node, NodeFacts(node.block, error=problem), [])
                result.nodes[id] = found
                if not found.facts.ok:
                    blocked[id] = id
                    result.problem = result.problem or found.facts.error
            elif id in graph.outputs:
                arriving = graph.in_wires(id)
                if len(arriving) == 1 and arriving[0].source not in blocked:
                    wire = arriving[0]
                    leaving = result.values.get(self._key(graph, name, wire.source, wire.source_port))
                    if leaving is not None:
                        result.outputs.append(leaving)
                        result.values[id, ""] = leaving
                result.problem = result.problem or self.problems.get((name, id))
        return result

    def _circle(self, result: GraphResult) -> GraphResult:
        """A graph whose wires form a cycle: one item says so, the others wait for it."""
        own = {id: problem for (graph, id), problem in self.problems.items() if graph == result.name}
        first = next((id for id, problem in own.items() if problem.startswith("wires form a cycle")), None) or next(
            iter(own)
        )
        result.problem = own[first]
        for id, node in result.graph.nodes.items():
            problem = own.get(id)
            result.nodes[id] = NodeResult(
                node, NodeFacts(node.block, error=problem, waits_for=None if problem else first), []
            )
        return result

    def _key(self, graph: Graph, name: str, source: str, port: str) -> tuple[str, str]:
        """Where the value of a port is kept: the empty name always stands for the first port."""
        if not port or source in graph.inputs:
            return source, ""
        ports = output_ports(self.design, self.catalog, name, source)
        return (source, "") if ports and ports[0].name == port else (source, port)

    def _node(
        self,
        node: Node,
        name: str,
        graph: Graph,
        values: dict[tuple[str, str], TensorSpec],
        variables: Mapping[str, Scalar],
    ) -> NodeResult:
        wires = graph.in_wires(node.id)
        step = self.inferrer.steps.get((name, node.id))
        within = step is not None and self.walked + len(step.known.rounds) <= MAX_ITERATIONS
        if step is not None and within and step.node is node and step.wires is wires:
            given = [values.get(source) if source is not None else None for source in step.sources]
            if all((value and value.spec) == spec for value, spec in zip(given, step.arrived, strict=True)):
                self.walked += len(step.known.rounds)
                return self._become(name, step, given, values)
        ports = input_ports(self.design, self.catalog, name, node.id)
        arriving: dict[str, list[tuple[str, str]]] = {port.name: [] for port in ports}
        for wire in wires:
            source = self._key(graph, name, wire.source, wire.source_port)
            if source in values:
                arriving[wire.target_port or ports[0].name].append(source)
        sources: list[tuple[str, str] | None] = []
        for port in ports:
            sources.extend(
                arriving[port.name] if port.variadic else [arriving[port.name][0] if arriving[port.name] else None]
            )
        inputs = [values[source] if source is not None else None for source in sources]
        try:
            rounds = self._rounds(node, variables)
            if node.subgraph is None:
                spec = self.catalog[node.block]
                firsts = [values[arriving[port.name][0]] if arriving[port.name] else None for port in ports]
                known, lasting = self._known(Instance(node, spec, inputs, firsts, variables, rounds))
                arrived = tuple(value and value.spec for value in inputs)
                step = Step(node, wires, tuple(sources), arrived, tuple(port.name for port in spec.outputs), known)
                # A named port is found through its source's block, which may change while this node does not.
                if lasting and not any(wire.source_port for wire in wires):
                    self.inferrer.steps[name, node.id] = step
                return self._become(name, step, inputs, values)
            result, outputs = self._use(node, inputs, variables, rounds)
        except RoundError as error:
            facts = NodeFacts(
                node.block, resolved=error.resolved.values, inferred=error.resolved.inferred, error=str(error)
            )
            return NodeResult(node, facts, [])
        except ParamError as error:
            return NodeResult(node, NodeFacts(node.block, error=str(error), repairs=error.repairs), [])
        except UserError as error:
            return NodeResult(node, NodeFacts(node.block, error=_own(node, str(error))), [])
        for index, (output, value) in enumerate(outputs):
            values[node.id, output if index else ""] = value
        return result

    def _become(
        self, name: str, step: Step, inputs: Sequence[TensorSpec | None], values: dict[tuple[str, str], TensorSpec]
    ) -> NodeResult:
        """The result of a node whose costs are known: its outputs, and the bytes that it is the first to save."""
        node, known = step.node, step.known
        saved = 0
        given, outputs = list(inputs), list[TensorSpec]()
        for _, entry in known.rounds:
            outputs = self._outputs(entry, given)
            saved += (
                entry.saved_bytes
                + self._count_saved(entry.saved_inputs, given)
                + self._count_saved(entry.saved_outputs, outputs)
            )
            given = [*outputs, *given[len(outputs) :]]
        facts = known.facts
        if facts.activation_bytes != saved:
            facts = replace(facts, activation_bytes=saved)
            if (
                self.inferrer.steps.get((name, node.id)) is step
            ):  # and not an earlier node's: this one may depend on variables
                self.inferrer.steps[name, node.id] = step._replace(known=replace(known, facts=facts))
        for index, (output, value) in enumerate(zip(step.ports, outputs, strict=False)):
            values[node.id, output if index else ""] = value
        return NodeResult(node, facts, [resolved for resolved, _ in known.rounds])

    def _rounds(self, node: Node, variables: Mapping[str, Scalar]) -> int:
        value = resolve(node.repeat, variables)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if not isinstance(value, int) or not 1 <= value <= MAX_REPEAT:
            raise UserError(f"repeat {node.repeat!r} gives {value!r}, expected a whole number from 1 to {MAX_REPEAT}")
        self.walked += value
        if self.walked > MAX_ITERATIONS:
            raise UserError(
                f"repeat {value}: the rounds of the whole design multiply to more than {MAX_ITERATIONS:,}; repeat less often"
            )
        return value

    def _count_saved(self, flags: Sequence[bool], values: Sequence[TensorSpec | None]) -> int:
        """Bytes of the saved values that nobody counted before."""
        total = 0
        for flag, value in zip(flags, values, strict=True):
            if flag and value is not None and value.storage not in self.saved:
                self.saved.add(value.storage)
                total += value.stored
        return total

    def _known(self, made: Instance) -> tuple[Known, bool]:
        """What a node of a block becomes, and whether that holds whatever the variables are."""
        node = made.node
        text = repr(node.params)
        lasting = "'=" not in text and '"=' not in text and not isinstance(node.repeat, str)
        scope = "" if lasting else repr(made.variables)
        key = (node.block, text, scope, made.rounds, tuple(value and value.spec for value in made.inputs))
        known = self.inferrer.known.get(key) or self._compute(made)
        self.inferrer.keep(key, known)
        return known, lasting

    def _outputs(self, entry: BlockCost, given: Sequence[TensorSpec | None]) -> list[TensorSpec]:
        """The values that one round gives, in storages of their own or in those of its inputs."""
        found = []
        for (shape, dtype, grad, strides), alias, stored in zip(
            entry.outputs, entry.aliases, entry.stored, strict=True
        ):
            origin = given[alias] if alias is not None else None
            storage, size = (origin.storage, origin.stored) if origin is not None else (self._new_storage(), stored)
            found.append(TensorSpec(shape, dtype, grad, storage, size, strides))
        return found

    def _compute(self, made: Instance) -> Known:
        """What a node of a block becomes, round by round."""
        node, spec, rounds = made.node, made.spec, made.rounds
        found: list[tuple[dict[str, Literal], BlockCost]] = []
        uncounted: Counter[str] = Counter()
        inferred: tuple[str, ...] = ()
        outputs: list[TensorSpec] = []
        working = 0
        given, firsts = list(made.inputs), list(made.firsts)
        for index in range(rounds):
            try:
                sizes = spec.shapes.bind([None if value is None else value.shape for value in firsts])
            except UserError as error:
                raise UserError(f"{node.id}: {error}; {self._layout_hint(spec, firsts)}") from None
            resolved = resolve_params(spec, node, made.variables, sizes, index, rounds)
            inferred = inferred if index else resolved.inferred
            entry = self.inferrer.block(spec, resolved.values, given)
            if entry.error is not None:
                raise RoundError(_own(node, entry.error), node.id, resolved)
            found.append((resolved.values, entry))
            uncounted.update(entry.uncounted)
            outputs = self._outputs(entry, given)
            held = sum(value.nbytes for value in given if value is not None) + sum(value.nbytes for value in outputs)
            working = max(working, held, entry.working_bytes)
            if index + 1 < rounds:
                if len(outputs) > len(given) or None in given[: len(outputs)]:
                    raise UserError(
                        f"{node.id}: repeat {rounds} needs as many inputs as outputs; {spec.name} has more outputs"
                    )
                given = [*outputs, *given[len(outputs) :]]
                firsts = [*outputs, *firsts[len(outputs) :]]
        facts = NodeFacts(
            node.block,
            resolved=found[0][0],
            inferred=inferred,
            outputs=tuple(
                PortSpec(port.name, v.shape, v.dtype) for port, v in zip(spec.outputs, outputs, strict=False)
            ),
            # Activations are counted by whoever uses the node: a value that two nodes save is one.
            **summed((entry for _, entry in found), [name for name in SUMMED if name != "activation_bytes"]),
            working_bytes=working,
            uncounted=dict(uncounted),
        )
        return Known(tuple(found), facts)

    def _layout_hint(self, spec: BlockSpec, inputs: Sequence[TensorSpec | None]) -> str:
        """What to do when the number of axes does not fit."""
        first = inputs[0] if inputs else None
        wanted = spec.shapes.inputs[0]
        if first is not None and len(first.shape) == 4 and len(wanted) == 3:
            return "put MapToTokens in between"
        if first is not None and len(first.shape) == 3 and len(wanted) == 4:
            return "put TokensToMap in between"
        return f"{spec.name} takes {spec.shape.split('->')[0].strip()}"

    def _use(
        self, node: Node, inputs: Sequence[TensorSpec | None], variables: Mapping[str, Scalar], rounds: int
    ) -> tuple[NodeResult, list[tuple[str, TensorSpec]]]:
        """One use of a sub-graph: its graph walked once a round."""
        name = node.subgraph or ""
        if name in self.inside:
            raise UserError(f"sub-graph {name!r} is inside itself; a network must be finite")
        graph = self.design.graphs[name]
        counted = graph.live_nodes()  # what leads nowhere is not built
        given = list(inputs)
        results: list[dict[str, Literal] | GraphResult] = []
        facts = NodeFacts(node.block)
        inside: GraphResult | None = None
        for index in range(rounds):
            # A sub-graph sees the design's variables and its own parameters; a use may set the latter from its surroundings.
            own = {
                key: resolve(node.params.get(key, default), variables, index, rounds)
                for key, default in graph.params.items()
            }
            scope = {**resolve_variables(self.design.variables), **own}
            entering = {
                id: value if value is not None else f"{id} is not wired"
                for id, value in zip(graph.inputs, given, strict=False)
            }
            self.inside.append(name)
            inside = self._graph(graph, name, entering, scope)  # type: ignore[arg-type]
            self.inside.pop()
            results.append(inside)
            if index == 0:
                facts = replace(facts, resolved=own)
            if inside.problem is not None or len(inside.outputs) != len(graph.outputs):
                cause = inside.problem or "an output is not wired"
                where = f" (round {index + 1})" if rounds > 1 else ""
                return NodeResult(node, replace(facts, error=f"{node.id}{where}: inside {name}: {cause}"), results), []
            if index + 1 < rounds:
                if len(inside.outputs) > len(given):
                    raise UserError(
                        f"{node.id}: repeat {rounds} needs as many inputs as outputs; {name} has more outputs"
                    )
                given = [*inside.outputs, *given[len(inside.outputs) :]]
        assert inside is not None
        parts = [
            part.facts
            for result in results
            if isinstance(result, GraphResult)
            for id, part in result.nodes.items()
            if id in counted
        ]
        uncounted: Counter[str] = Counter()
        for part in parts:
            uncounted.update(part.uncounted)
        outputs = list(zip(graph.outputs, inside.outputs, strict=True))
        facts = replace(
            facts,
            outputs=tuple(PortSpec(id, value.shape, value.dtype) for id, value in outputs),
            **summed(parts),
            working_bytes=max(
                peak_bytes(result, self._carrier(result)) for result in results if isinstance(result, GraphResult)
            ),
            uncounted=dict(uncounted),
        )
        return NodeResult(node, facts, results), outputs

    def _carrier(self, result: GraphResult) -> Callable[[Wire], TensorSpec | None]:
        """What a wire of a graph carries."""
        return lambda wire: result.values.get(self._key(result.graph, result.name, wire.source, wire.source_port))


def _size(size: int | str, variables: Mapping[str, Scalar]) -> int:
    value = resolve(size, variables)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or value < 1:
        raise UserError(f"size {size!r} of its shape gives {value!r}, expected a whole number above 0")
    return value


def _own(node: Node, message: str) -> str:
    return message if message.startswith((f"{node.id}:", f"{node.id} ")) else f"{node.id}: {message}"
