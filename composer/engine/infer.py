"""Shapes and costs of a whole design, on the meta device: no weights, no memory, whatever the size of the model.

The walk follows the topological order and keeps a memo by (block, parameters, input specs), so that only an edited node and what
its new shapes reach is computed. Sub-graphs are walked once for every use and round, because each may bring other shapes; the
tree that comes out (`GraphResult`) is what `codegen` reads, and `DesignFacts` is its flat form for the window.
"""

from collections import Counter, OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import networkx as nx
import torch
from torch import nn

from composer.core import rules
from composer.core.block_file import BlockSpec
from composer.core.catalog import Catalog
from composer.core.errors import UserError
from composer.core.expressions import resolve, resolve_variables
from composer.core.facts import DesignFacts, NodeFacts, PortSpec, Totals
from composer.core.graph import Design, Graph, Literal, Node, Scalar, Wire
from composer.core.params import ParamError, Resolved, resolve_params
from composer.core.ports import input_ports, output_ports
from composer.engine import cost, library
from composer.engine.meta_kernels import MetaMode

MEMO_SIZE = 20_000  # more than a design has different nodes: walking more entries than the memo holds would never find one


MAX_ROUNDS = 200_000  # of one walk: repeats inside repeats multiply


@dataclass(frozen=True, slots=True)
class Value:
    """What a wire carries: a spec, whether gradients flow back into it, and whose storage it is (for counting saved bytes once)."""

    shape: tuple[int, ...]
    dtype: str
    grad: bool
    storage: int

    @property
    def nbytes(self) -> int:
        """Bytes of the tensor."""
        count = getattr(torch, self.dtype).itemsize
        for size in self.shape:
            count *= size
        return int(count)


@dataclass(frozen=True, slots=True)
class BlockCost:
    """Memo entry: what one instance of a block with given parameters and inputs gives and costs; `error` when it cannot run."""

    outputs: tuple[tuple[tuple[int, ...], str, bool], ...] = ()
    params: int = 0
    params_trainable: int = 0
    buffers: int = 0
    macs: int = 0
    saved_bytes: int = 0
    saved_inputs: tuple[bool, ...] = ()
    saved_outputs: tuple[bool, ...] = ()
    aliases: tuple[int | None, ...] = ()
    uncounted: Mapping[str, int] = field(default_factory=dict)
    moved_bytes: int = 0
    working_bytes: int = 0
    error: str | None = None


@dataclass(frozen=True, slots=True)
class _Known:
    """Memo entry of a whole node: parameters and cost of each round, and its facts, whose activation bytes are those of its last use."""

    rounds: tuple[tuple[dict[str, Literal], BlockCost], ...]
    facts: NodeFacts


@dataclass(slots=True)
class NodeResult:
    """One node of one use of a graph; `rounds` holds one entry for each round of its repeat."""

    node: Node
    facts: NodeFacts
    rounds: "list[dict[str, Literal] | GraphResult]"


@dataclass(slots=True)
class GraphResult:
    """One use of a graph: its nodes in topological order, and the values at its outputs."""

    name: str
    graph: Graph
    nodes: dict[str, NodeResult] = field(default_factory=dict)
    values: dict[tuple[str, str], Value] = field(default_factory=dict)
    outputs: list[Value] = field(default_factory=list)
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Inference:
    """The tree and its flat form."""

    design: Design
    root: GraphResult
    facts: DesignFacts
    structural: tuple[rules.Problem, ...]

    @property
    def errors(self) -> list[str]:
        """Every reason why the design cannot be built, the structural ones first."""
        own = [problem.message for problem in self.structural if problem.level == "error"]
        return list(dict.fromkeys([*own, *self.facts.errors.values()]))


class Inferrer:
    """Keeps the memo between edits.

    Args:
        catalog: the known blocks.
    """

    def __init__(self, catalog: Catalog | None = None) -> None:
        self.catalog = catalog or library.catalog()
        self.memo: OrderedDict[Any, BlockCost] = OrderedDict()
        self.known: OrderedDict[Any, _Known] = OrderedDict()
        self.computed = 0

    def infer(self, design: Design, batch: int = 1) -> Inference:
        """Facts of a design.

        Args:
            design: any design, also a broken one.
            batch: size of the batch axis.

        Returns:
            The `Inference`; errors are in it, not raised.
        """
        structural = tuple(rules.check(design, self.catalog))
        try:
            variables = resolve_variables(design.variables)
        except UserError:
            variables = {}
        walk = _Walk(self, design, batch, structural)
        root = walk.graph(design.main, "", self.inputs(design, variables, batch, walk), variables)
        facts = walk.flatten(root)
        return Inference(design, root, facts, structural)

    def inputs(self, design: Design, variables: Mapping[str, Scalar], batch: int, walk: "_Walk") -> dict[str, Value | str]:
        """Values at the main inputs; a sentence instead where the shape cannot be computed."""
        values: dict[str, Value | str] = {}
        for item in design.main.inputs.values():
            try:
                shape = tuple(_size(size, variables) for size in item.shape)
            except UserError as error:
                values[item.id] = f"{item.id}: {error}"
                continue
            values[item.id] = Value((batch, *shape), item.dtype, False, walk.new_storage())
        return values

    def block(self, spec: BlockSpec, params: dict[str, Literal], inputs: Sequence[Value | None]) -> BlockCost:
        """Memo entry of one block instance; None stands for an optional input without a wire."""
        # As text, because 1, 1.0 and True are equal as keys but not as parameters.
        key = (spec.path, repr(_without_rate(params)), tuple(v and (v.shape, v.dtype, v.grad) for v in inputs))
        if key in self.memo:
            self.memo.move_to_end(key)
            return self.memo[key]
        self.computed += 1
        entry = self.memo[key] = _run(spec, params, inputs)
        if len(self.memo) > MEMO_SIZE:
            self.memo.popitem(last=False)
        return entry

    def keep(self, key: Any, known: _Known) -> None:
        """Remember what a node became."""
        self.known[key] = known
        self.known.move_to_end(key)
        if len(self.known) > MEMO_SIZE:
            self.known.popitem(last=False)


def _without_rate(params: dict[str, Literal]) -> dict[str, Literal]:
    """Parameters with any rate of stochastic depth taken for one: it mostly differs from block to block, and costs never depend on it."""
    rate = params.get("drop_path")
    return {**params, "drop_path": 0.5} if isinstance(rate, float) and 0 < rate < 1 else params


def _size(size: int | str, variables: Mapping[str, Scalar]) -> int:
    value = resolve(size, variables)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or value < 1:
        raise UserError(f"size {size!r} of its shape gives {value!r}, expected a whole number above 0")
    return value


def _run(spec: BlockSpec, params: dict[str, Literal], inputs: Sequence[Value | None]) -> BlockCost:
    try:
        cls = library.block_class(spec)
        with torch.device("meta"), MetaMode():
            module = cls(**params)
        tensors = [v and torch.empty(v.shape, dtype=getattr(torch, v.dtype), device="meta", requires_grad=v.grad) for v in inputs]
        found = _measure(module, tensors)
    except Exception as error:  # a block is foreign code: whatever it raises belongs to its node, not to the engine
        return BlockCost(error=_sentence(spec, error))
    return BlockCost(
        outputs=tuple((tuple(t.shape), str(t.dtype).removeprefix("torch."), t.requires_grad) for t in found.outputs),
        params=sum(p.numel() for p in module.parameters()),
        params_trainable=sum(p.numel() for p in module.parameters() if p.requires_grad),
        buffers=sum(b.numel() for b in module.buffers()),
        macs=found.macs,
        saved_bytes=found.saved_bytes,
        saved_inputs=found.saved_inputs,
        saved_outputs=found.saved_outputs,
        aliases=found.aliases,
        uncounted=found.uncounted,
        moved_bytes=found.moved_bytes,
        working_bytes=found.working_bytes,
    )


def _measure(module: nn.Module, tensors: Sequence[Any]) -> cost.Cost:
    """Shapes and MACs as in evaluation, saved bytes as in training; one pass where the two do not differ."""
    present = [index for index, tensor in enumerate(tensors) if tensor is not None]
    call = module if len(present) == len(tensors) else _Partial(module, len(tensors), tuple(present))
    given = tuple(tensors[index] for index in present)
    training: cost.Cost | None = None
    try:
        training = cost.measure(call.train(), given)
    except ValueError as error:
        # Batch statistics of a single value: batch 1 through a pooled BatchNorm. Evaluation is the only mode that runs.
        if "more than 1 value per channel" not in str(error):
            raise
    if training is not None and not cost.mode_matters(module):
        found = training
    else:
        found = cost.measure(call.eval(), given)
        if training is not None and len(training.saved_outputs) == len(found.outputs):
            found = replace(
                found, saved_bytes=training.saved_bytes, saved_inputs=training.saved_inputs, saved_outputs=training.saved_outputs
            )
    if len(present) == len(tensors):
        return found
    saved = [False] * len(tensors)
    for index, flag in zip(present, found.saved_inputs, strict=True):
        saved[index] = flag
    aliases = tuple(None if a is None else present[a] for a in found.aliases)
    return replace(found, saved_inputs=tuple(saved), aliases=aliases)


class _Partial(nn.Module):
    """A module called without some of its optional inputs."""

    def __init__(self, module: nn.Module, count: int, present: tuple[int, ...]) -> None:
        super().__init__()
        self.module = module
        self.count = count
        self.present = present

    def forward(self, *given: torch.Tensor) -> Any:
        """Call with None in the gaps."""
        arguments: list[torch.Tensor | None] = [None] * self.count
        for index, tensor in zip(self.present, given, strict=True):
            arguments[index] = tensor
        return self.module(*arguments)


def _sentence(spec: BlockSpec, error: Exception) -> str:
    text = str(error).strip().split("\n")[0]
    if isinstance(error, ValueError) and text:
        return text
    if "overflow" in text.lower() or isinstance(error, OverflowError):
        return f"{spec.name}: a size is beyond what a tensor can have; reduce the parameters"
    return f"{spec.name} cannot run with these inputs: {text or type(error).__name__}"


class RoundError(UserError):
    """A block that cannot run with the parameters it has; they are kept, because repairs start from them."""

    def __init__(self, message: str, node: str, resolved: Resolved) -> None:
        super().__init__(message)
        self.node = node
        self.resolved = resolved


class _Walk:
    """One walk over a design."""

    def __init__(self, inferrer: Inferrer, design: Design, batch: int, structural: Sequence[rules.Problem]) -> None:
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

    def new_storage(self) -> int:
        self.storages += 1
        return self.storages

    def graph(self, graph: Graph, name: str, inputs: Mapping[str, Value | str], variables: Mapping[str, Scalar]) -> GraphResult:
        result = GraphResult(name, graph)
        blocked: dict[str, str] = {}  # id -> id of the item with the error behind which it waits
        for id, value in inputs.items():
            if isinstance(value, Value):
                result.values[id, ""] = value
            else:
                blocked[id] = id
                result.problem = result.problem or value
        try:
            order = graph.order()
        except nx.NetworkXUnfeasible:
            return self.circle(result)
        for id in order:
            if id in graph.nodes:
                node = graph.nodes[id]
                cause = next((blocked[wire.source] for wire in graph.into(id) if wire.source in blocked), None)
                problem = self.problems.get((name, id))
                if problem is None and cause is not None:
                    blocked[id] = cause
                    result.nodes[id] = NodeResult(node, NodeFacts(node.block, waits_for=cause), [])
                    continue
                if problem is None:
                    found = self.node(node, name, graph, result.values, variables)
                else:
                    found = NodeResult(node, NodeFacts(node.block, error=problem), [])
                result.nodes[id] = found
                if not found.facts.ok:
                    blocked[id] = id
                    result.problem = result.problem or found.facts.error
            elif id in graph.outputs:
                arriving = graph.into(id)
                if len(arriving) == 1 and arriving[0].source not in blocked:
                    wire = arriving[0]
                    leaving = result.values.get(self.key(graph, name, wire.source, wire.source_port))
                    if leaving is not None:
                        result.outputs.append(leaving)
                        result.values[id, ""] = leaving
                result.problem = result.problem or self.problems.get((name, id))
        return result

    def circle(self, result: GraphResult) -> GraphResult:
        """A graph whose wires form a cycle: one item says so, the others wait for it."""
        own = {id: problem for (graph, id), problem in self.problems.items() if graph == result.name}
        first = next((id for id, problem in own.items() if problem.startswith("wires form a cycle")), None) or next(iter(own))
        result.problem = own[first]
        for id, node in result.graph.nodes.items():
            problem = own.get(id)
            result.nodes[id] = NodeResult(node, NodeFacts(node.block, error=problem, waits_for=None if problem else first), [])
        return result

    def key(self, graph: Graph, name: str, source: str, port: str) -> tuple[str, str]:
        """Where the value of a port is kept: the empty name always stands for the first port."""
        if not port or source in graph.inputs:
            return source, ""
        ports = output_ports(self.design, self.catalog, name, source)
        return (source, "") if ports and ports[0].name == port else (source, port)

    def node(
        self,
        node: Node,
        name: str,
        graph: Graph,
        values: dict[tuple[str, str], Value],
        variables: Mapping[str, Scalar],
    ) -> NodeResult:
        ports = input_ports(self.design, self.catalog, name, node.id)
        arguments: dict[str, list[Value]] = {port.name: [] for port in ports}
        for wire in graph.into(node.id):
            value = values.get(self.key(graph, name, wire.source, wire.source_port))
            if value is not None:
                arguments[wire.target_port or ports[0].name].append(value)
        inputs: list[Value | None] = []
        for port in ports:
            inputs.extend(arguments[port.name] if port.variadic else [arguments[port.name][0] if arguments[port.name] else None])
        try:
            rounds = self.rounds(node, variables)
            if node.subgraph is not None:
                found = self.use(node, inputs, variables, rounds)
            else:
                spec = self.catalog[node.block]
                found = self.block(node, spec, inputs, [arguments[port.name] for port in ports], variables, rounds)
        except RoundError as error:
            facts = NodeFacts(node.block, resolved=error.resolved.values, inferred=error.resolved.inferred, error=str(error))
            return NodeResult(node, facts, [])
        except ParamError as error:
            return NodeResult(node, NodeFacts(node.block, error=str(error), repairs=error.repairs), [])
        except UserError as error:
            return NodeResult(node, NodeFacts(node.block, error=_own(node, str(error))), [])
        result, outputs = found
        for index, (output, value) in enumerate(outputs):
            values[node.id, output if index else ""] = value
        return result

    def rounds(self, node: Node, variables: Mapping[str, Scalar]) -> int:
        value = resolve(node.repeat, variables)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if not isinstance(value, int) or not 1 <= value <= 10_000:
            raise UserError(f"repeat {node.repeat!r} gives {value!r}, expected a whole number from 1 to 10000")
        self.walked += value
        if self.walked > MAX_ROUNDS:
            raise UserError(f"repeat {value}: the rounds of the whole design multiply to more than {MAX_ROUNDS:,}; repeat less often")
        return value

    def count_saved(self, flags: Sequence[bool], values: Sequence[Value | None]) -> int:
        """Bytes of the saved values that nobody counted before."""
        total = 0
        for flag, value in zip(flags, values, strict=True):
            if flag and value is not None and value.storage not in self.saved:
                self.saved.add(value.storage)
                total += value.nbytes
        return total

    def block(
        self,
        node: Node,
        spec: BlockSpec,
        inputs: Sequence[Value | None],
        by_port: Sequence[list[Value]],
        variables: Mapping[str, Scalar],
        rounds: int,
    ) -> tuple[NodeResult, list[tuple[str, Value]]]:
        text = repr(node.params)
        # What a node becomes depends on the variables only if it has expressions.
        scope = repr(variables) if "'=" in text or '"=' in text else ""
        key = (node.block, text, scope, rounds, tuple(v and (v.shape, v.dtype, v.grad) for v in inputs))
        known = self.inferrer.known.get(key)
        if known is None:
            known = self.compute(node, spec, inputs, by_port, variables, rounds)
        saved = 0
        given = list(inputs)
        outputs: list[Value] = []
        for _, entry in known.rounds:
            outputs = self.outputs(entry, given)
            saved += entry.saved_bytes + self.count_saved(entry.saved_inputs, given) + self.count_saved(entry.saved_outputs, outputs)
            given = [*outputs, *given[len(outputs) :]]
        if known.facts.activation_bytes != saved:
            known = replace(known, facts=replace(known.facts, activation_bytes=saved))
        self.inferrer.keep(key, known)
        return NodeResult(node, known.facts, [resolved for resolved, _ in known.rounds]), [
            (port.name, value) for port, value in zip(spec.outputs, outputs, strict=False)
        ]

    def outputs(self, entry: BlockCost, given: Sequence[Value | None]) -> list[Value]:
        """The values that one round gives, in storages of their own or in those of its inputs."""
        found = []
        for (shape, dtype, grad), alias in zip(entry.outputs, entry.aliases, strict=True):
            origin = given[alias] if alias is not None else None
            found.append(Value(shape, dtype, grad, origin.storage if origin is not None else self.new_storage()))
        return found

    def compute(
        self,
        node: Node,
        spec: BlockSpec,
        inputs: Sequence[Value | None],
        by_port: Sequence[list[Value]],
        variables: Mapping[str, Scalar],
        rounds: int,
    ) -> _Known:
        """What a node of a block becomes, round by round."""
        found: list[tuple[dict[str, Literal], BlockCost]] = []
        uncounted: Counter[str] = Counter()
        inferred: tuple[str, ...] = ()
        outputs: list[Value] = []
        working = 0
        given = list(inputs)
        firsts = [values[0] if values else None for values in by_port]
        for index in range(rounds):
            try:
                sizes = spec.shapes.bind([None if value is None else value.shape for value in firsts])
            except UserError as error:
                raise UserError(f"{node.id}: {error}; {self.layout_hint(spec, firsts)}") from None
            resolved = resolve_params(spec, node, variables, sizes, index, rounds)
            inferred = inferred if index else resolved.inferred
            entry = self.inferrer.block(spec, resolved.values, given)
            if entry.error is not None:
                raise RoundError(_own(node, entry.error), node.id, resolved)
            found.append((resolved.values, entry))
            uncounted.update(entry.uncounted)
            outputs = self.outputs(entry, given)
            held = sum(value.nbytes for value in given if value is not None) + sum(value.nbytes for value in outputs)
            working = max(working, held, entry.working_bytes)
            if index + 1 < rounds:
                if len(outputs) > len(given):
                    raise UserError(f"{node.id}: repeat {rounds} needs as many inputs as outputs; {spec.name} has more outputs")
                given = [*outputs, *given[len(outputs) :]]
                firsts = [*outputs, *firsts[len(outputs) :]]
        entries = [entry for _, entry in found]
        facts = NodeFacts(
            node.block,
            resolved=found[0][0],
            inferred=inferred,
            outputs=tuple(PortSpec(port.name, v.shape, v.dtype) for port, v in zip(spec.outputs, outputs, strict=False)),
            params=sum(entry.params for entry in entries),
            params_trainable=sum(entry.params_trainable for entry in entries),
            buffers=sum(entry.buffers for entry in entries),
            macs=sum(entry.macs for entry in entries),
            working_bytes=working,
            moved_bytes=sum(entry.moved_bytes for entry in entries),
            uncounted=dict(uncounted),
        )
        return _Known(tuple(found), facts)

    def layout_hint(self, spec: BlockSpec, inputs: Sequence[Value | None]) -> str:
        """What to do when the number of axes does not fit."""
        first = inputs[0] if inputs else None
        wanted = spec.shapes.inputs[0]
        if first is not None and len(first.shape) == 4 and len(wanted) == 3:
            return "put MapToTokens in between"
        if first is not None and len(first.shape) == 3 and len(wanted) == 4:
            return "put TokensToMap in between"
        return f"{spec.name} takes {spec.shape.split('->')[0].strip()}"

    def use(
        self, node: Node, inputs: Sequence[Value | None], variables: Mapping[str, Scalar], rounds: int
    ) -> tuple[NodeResult, list[tuple[str, Value]]]:
        """One use of a sub-graph: its graph walked once a round."""
        name = node.subgraph or ""
        if name in self.inside:
            raise UserError(f"sub-graph {name!r} is inside itself; a network must be finite")
        graph = self.design.graphs[name]
        counted = rules.leading_to_output(graph)  # what leads nowhere is not built
        given = list(inputs)
        results: list[dict[str, Literal] | GraphResult] = []
        facts = NodeFacts(node.block)
        inside: GraphResult | None = None
        for index in range(rounds):
            # A sub-graph sees the design's variables and its own parameters; a use may set the latter from its surroundings.
            own = {key: resolve(node.params.get(key, default), variables, index, rounds) for key, default in graph.params.items()}
            scope = {**resolve_variables(self.design.variables), **own}
            entering = {id: value if value is not None else f"{id} is not wired" for id, value in zip(graph.inputs, given, strict=False)}
            self.inside.append(name)
            inside = self.graph(graph, name, entering, scope)  # type: ignore[arg-type]
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
                    raise UserError(f"{node.id}: repeat {rounds} needs as many inputs as outputs; {name} has more outputs")
                given = [*inside.outputs, *given[len(inside.outputs) :]]
        assert inside is not None
        parts = [part.facts for result in results if isinstance(result, GraphResult) for id, part in result.nodes.items() if id in counted]
        uncounted: Counter[str] = Counter()
        for part in parts:
            uncounted.update(part.uncounted)
        outputs = list(zip(graph.outputs, inside.outputs, strict=True))
        facts = replace(
            facts,
            outputs=tuple(PortSpec(id, value.shape, value.dtype) for id, value in outputs),
            params=sum(part.params for part in parts),
            params_trainable=sum(part.params_trainable for part in parts),
            buffers=sum(part.buffers for part in parts),
            macs=sum(part.macs for part in parts),
            activation_bytes=sum(part.activation_bytes for part in parts),
            working_bytes=max(self.peak(result) for result in results if isinstance(result, GraphResult)),
            moved_bytes=sum(part.moved_bytes for part in parts),
            uncounted=dict(uncounted),
        )
        return NodeResult(node, facts, results), outputs

    def peak(self, result: GraphResult) -> int:
        """Most bytes that inference holds at once: what a node works on and every value that a later one still wants."""
        order = list(result.nodes)
        place = {id: index for index, id in enumerate(order)}
        needs = {id: [self.value(result, wire) for wire in result.graph.into(id)] for id in (*order, *result.graph.outputs)}
        last: dict[int, int] = {}  # storage -> place of the last node that reads it
        for id, values in needs.items():
            for value in values:
                if value is not None:
                    last[value.storage] = max(last.get(value.storage, -1), place.get(id, len(order)))
        held = {value.storage: value.nbytes for id in result.graph.inputs if (value := result.values.get((id, "")))}
        total = sum(held.values())
        most = total
        ending: dict[int, list[int]] = {}
        for storage, index in last.items():
            ending.setdefault(index, []).append(storage)
        made: dict[str, list[Value]] = {}
        for (id, _), value in result.values.items():
            made.setdefault(id, []).append(value)
        for index, id in enumerate(order):
            own = {value.storage: value.nbytes for value in needs[id] if value is not None}
            most = max(most, total - sum(held.get(storage, 0) for storage in own) + result.nodes[id].facts.working_bytes)
            for value in made.get(id, ()):
                if value.storage not in held and value.storage in last:
                    held[value.storage] = value.nbytes
                    total += value.nbytes
            for storage in ending.get(index, ()):
                total -= held.pop(storage, 0)
        return most

    def value(self, result: GraphResult, wire: Wire) -> Value | None:
        """What a wire carries."""
        return result.values.get(self.key(result.graph, result.name, wire.source, wire.source_port))

    def flatten(self, root: GraphResult) -> DesignFacts:
        nodes: dict[str, NodeFacts] = {}

        def visit(result: GraphResult, prefix: str) -> None:
            for id in (*result.graph.inputs, *result.graph.outputs):
                value = result.values.get((id, ""))
                outputs = (PortSpec("", value.shape, value.dtype),) if value is not None else ()
                item_error = None
                if value is None and id in result.graph.inputs and not prefix:
                    item_error = result.problem
                if value is None and id in result.graph.outputs:
                    item_error = self.problems.get((result.name, id))
                nodes[prefix + id] = NodeFacts("", outputs=outputs, error=item_error)
            for id, found in result.nodes.items():
                nodes[prefix + id] = found.facts
                inner = [part for part in found.rounds if isinstance(part, GraphResult)]
                if not inner:
                    continue
                broken = next((part for part in inner if part.problem is not None), None)
                visit(broken or inner[0], f"{prefix}{id}/")
                if len(inner) > 1 and any(_shapes(part) != _shapes(inner[0]) for part in inner):
                    for index, part in enumerate(inner):
                        visit(part, f"{prefix}{id}/{index}/")

        visit(root, "")
        counted = rules.leading_to_output(root.graph)
        main = [found.facts for id, found in root.nodes.items() if id in counted]
        totals = Totals(
            params=sum(facts.params for facts in main),
            params_trainable=sum(facts.params_trainable for facts in main),
            macs=sum(facts.macs for facts in main),
            activation_bytes=sum(facts.activation_bytes for facts in main),
            working_bytes=self.peak(root),
            moved_bytes=sum(facts.moved_bytes for facts in main),
            buffers=sum(facts.buffers for facts in main),
        )
        return DesignFacts(nodes, totals, self.batch)


def _shapes(result: GraphResult) -> list[Any]:
    return [(found.facts.outputs, found.facts.resolved, found.facts.error) for found in result.nodes.values()]


def _own(node: Node, message: str) -> str:
    return message if message.startswith((f"{node.id}:", f"{node.id} ")) else f"{node.id}: {message}"


def infer(design: Design, batch: int = 1, catalog: Catalog | None = None) -> Inference:
    """Facts of a design, with a memo of its own.

    Args:
        design: any design.
        batch: size of the batch axis.
        catalog: the known blocks; the library by default.
    """
    return Inferrer(catalog).infer(design, batch)
