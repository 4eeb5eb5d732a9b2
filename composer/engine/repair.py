"""Repairs for a node with an error: candidates are made from what is known of it, tried, and offered only if they help.

A candidate helps when the node has no error of its own after it and no node that was fine before has one; those after which
nothing at all is wrong come first, then those that lay bare an error of a node that was waiting. Trying is cheap: inference on
the meta device with the memo of the engine computes only what the candidate changes.
"""

import difflib
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import islice

from composer.core.catalog import BlockSpec, ParamSpec
from composer.core.errors import UserError
from composer.core.facts import NodeFacts, Repair
from composer.core.graph import Design, Graph, Literal, Node, Wire, is_expression
from composer.core.params import problem
from composer.core.ports import input_ports, output_ports
from composer.core.repairs import apply_repair
from composer.core.rules import item_problem
from composer.engine.infer import GraphResult, Inference, Inferrer

MAX_TRIALS = 80
MAX_OFFERS = 6


@dataclass(frozen=True, slots=True)
class _Case:
    """A node with an error, and what is around it."""

    design: Design
    graph_name: str
    graph: Graph
    result: GraphResult
    id: str
    error: str


def find_case(inference: Inference, id: str, graph_name: str = "") -> _Case | None:
    """The first use of a graph in which an item has an error of its own."""
    queue = [inference.root]
    while queue:
        result = queue.pop(0)
        for found in result.nodes.values():
            queue.extend(part for part in found.rounds if isinstance(part, GraphResult))
        if result.name != graph_name or result.graph.item(id) is None:
            continue
        node = result.nodes.get(id)
        if node is not None and node.facts.error is not None:
            return _Case(inference.design, graph_name, result.graph, result, id, node.facts.error)
        if node is None and (reason := item_problem(inference.design, _catalog(inference), graph_name, result.graph, id)):
            return _Case(inference.design, graph_name, result.graph, result, id, reason)
    return None


def _catalog(inference: Inference):  # type: ignore[no-untyped-def]
    from composer.engine import library

    return library.catalog()


def find_repairs(inferrer: Inferrer, design: Design, id: str, graph: str = "", *, limit: int = MAX_OFFERS) -> list[Repair]:
    """Repairs of one node that were tried and work, the smallest change first.

    Args:
        inferrer: its memo makes trying cheap.
        design: the design with the error.
        id: the item with the error.
        graph: name of the graph that holds it.
        limit: how many to offer at most.

    Returns:
        Repairs for `core.repairs.apply_repair`; empty if none helps.
    """
    before = inferrer.infer(design)
    case = find_case(before, id, graph)
    if case is None:
        return []
    fine = {path for path, facts in before.facts.nodes.items() if facts.ok}
    offers: list[Repair] = []
    partial: list[Repair] = []
    seen: set[str] = set()
    for candidate in islice(_candidates(inferrer, case), MAX_TRIALS):
        if candidate.label in seen:
            continue
        seen.add(candidate.label)
        left = _errors_left(inferrer, case, candidate, fine)
        if left == 0:
            offers.append(candidate)
            if len(offers) == limit:
                break
        elif left is not None:
            partial.append(candidate)
    return (offers + partial)[:limit]


def _errors_left(inferrer: Inferrer, case: _Case, candidate: Repair, fine: set[str]) -> int | None:
    """How many errors are left once a candidate is applied; None if it does not help."""
    try:
        after = inferrer.infer(apply_repair(case.design, candidate, case.graph_name))
    except (UserError, KeyError, ValueError):
        return None
    node = case.result.nodes.get(case.id)
    still = find_case(after, case.id, case.graph_name)
    # A wire that cannot be seen through is no help: the node itself must be computed, unless it now waits for another.
    if still is not None or (node is not None and any(path in fine for path in after.facts.errors)):
        return None
    return len(after.errors)


def _candidates(inferrer: Inferrer, case: _Case) -> Iterator[Repair]:
    """Candidates in the order of how small the change is."""
    node = case.graph.nodes.get(case.id)
    yield from _wiring(inferrer, case)
    if node is None:
        return
    spec = inferrer.catalog.get(node.block)
    if node.subgraph is None and spec is None:
        for name in difflib.get_close_matches(node.block, list(inferrer.catalog.blocks), 3, 0.5):
            yield Repair(f"Use {name}", "update", {"id": node.id, "changes": {"block": name}})
        return
    facts = case.result.nodes[node.id].facts
    yield from facts.repairs
    yield from _unknown_params(inferrer, case, node, spec)
    if is_expression(node.repeat) or node.repeat != 1:
        yield Repair("Do not repeat it", "update", {"id": node.id, "changes": {"repeat": 1}})
    if spec is not None:
        yield from _layouts(inferrer, case, node, spec)
        yield from _parameters(case, node, spec, facts)
        yield from _projections(inferrer, case, node, spec)
        yield from _upstream(inferrer, case, node)
    for name in node.params:
        yield Repair(f"Reset {name}", "reset_params", {"id": node.id, "params": [name]})
    if len(node.params) > 1:
        yield Repair("Reset all parameters", "reset_params", {"id": node.id, "params": list(node.params)})


# -- wires ------------------------------------------------------------------------------------------------------------------


def _wiring(inferrer: Inferrer, case: _Case) -> Iterator[Repair]:
    """Missing wires, wires to ports that do not exist, too many wires at one port."""
    ports = input_ports(case.design, inferrer.catalog, case.graph_name, case.id)
    known = [port.name for port in ports]
    arriving: dict[str, list[Wire]] = {}
    for wire in case.graph.into(case.id):
        sources = [port.name for port in output_ports(case.design, inferrer.catalog, case.graph_name, wire.source)]
        if wire.target_port and wire.target_port not in known:
            yield Repair(f"Remove wire {wire}", "disconnect", {"wires": [_row(wire)]})
            for port in known:
                yield _several(f"Move wire to {port}", _cut(wire), _draw(Wire(wire.source, wire.target, wire.source_port, port)))
        if wire.source_port and sources and wire.source_port not in sources:
            for port in sources:
                yield _several(f"Take {wire.source}.{port}", _cut(wire), _draw(Wire(wire.source, wire.target, port, wire.target_port)))
        arriving.setdefault(wire.target_port or (known[0] if known else ""), []).append(wire)
    for port in ports:
        wires = arriving.get(port.name, [])
        if len(wires) > 1 and not port.variadic:
            for block in ("Add", "Concat"):
                yield Repair(f"Join the wires with {block}", "join", {"wires": [_row(wire) for wire in wires], "block": block})
            for wire in wires:
                yield Repair(f"Keep only {wire}", "disconnect", {"wires": [_row(other) for other in wires if other is not wire]})
        if not wires and not port.optional:
            name = "" if port is ports[0] else port.name
            wires_in = [Wire(source, case.id, source_port, name) for source, source_port in _free_sources(inferrer, case)]
            for wire in wires_in:
                yield Repair(f"Wire {wire}", "connect", {"wire": _row(wire)})
            spec = inferrer.catalog.get(getattr(case.graph.nodes.get(case.id), "block", ""))
            if spec is not None:
                axes = spec.shapes.inputs[min(known.index(port.name), len(spec.shapes.inputs) - 1)]
                for wire in wires_in:
                    value = case.result.values.get((wire.source, wire.source_port))
                    for block in _between(inferrer, value.shape if value is not None else (), axes):
                        insert = Repair("", "insert", {"wire": _row(wire), "block": block})
                        yield _several(f"Wire {wire} through {block}", _draw(wire), insert)


def _free_sources(inferrer: Inferrer, case: _Case) -> list[tuple[str, str]]:
    """Outputs that could feed the item: those that nothing uses first, then the nearest above it."""
    order = case.graph.order()
    used = {wire.source for wire in case.graph.wires}
    above = [id for id in order if id not in case.graph.outputs and id != case.id]
    above.sort(key=lambda id: (id in used, -order.index(id)))
    return [
        (id, "" if index == 0 else port.name)
        for id in above
        for index, port in enumerate(output_ports(case.design, inferrer.catalog, case.graph_name, id))
    ]


def _row(wire: Wire) -> tuple[str, str, str, str]:
    return (wire.source, wire.target, wire.source_port, wire.target_port)


def _cut(wire: Wire) -> Repair:
    return Repair("", "disconnect", {"wires": [_row(wire)]})


def _draw(wire: Wire) -> Repair:
    return Repair("", "connect", {"wire": _row(wire)})


def _several(label: str, *parts: Repair) -> Repair:
    return Repair(label, "several", {"repairs": [asdict(part) for part in parts]})


# -- parameters -------------------------------------------------------------------------------------------------------------


def _unknown_params(inferrer: Inferrer, case: _Case, node: Node, spec: BlockSpec | None) -> Iterator[Repair]:
    known = [param.name for param in spec.params] if spec is not None else list(case.design.graphs[node.subgraph or ""].params)
    for name, value in node.params.items():
        if name in known:
            continue
        for near in difflib.get_close_matches(name, known, 2):
            if near not in node.params:
                plain = value if not isinstance(value, tuple) else list(value)
                yield _several(
                    f"Rename {name} to {near}",
                    Repair("", "reset_params", {"id": node.id, "params": [name]}),
                    Repair("", "set_params", {"id": node.id, "params": {near: plain}}),
                )
        yield Repair(f"Remove {name}", "reset_params", {"id": node.id, "params": [name]})


def _parameters(case: _Case, node: Node, spec: BlockSpec, facts: NodeFacts) -> Iterator[Repair]:
    """Nearest legal values, for the parameters that the error names first."""
    named = [param for param in spec.params if re.search(rf"\b{param.name}\b", case.error)]
    others = [param for param in spec.params if param not in named]
    sizes = [size for value in _input_shapes(case, node) for size in value[1:]]
    for param in (*named, *others):
        if param.inferred:
            continue
        current = facts.resolved.get(param.name, node.params.get(param.name, param.default))
        for value in islice(_nearest(param, current, sizes), 8 if param in named else 3):
            yield Repair(f"Set {param.name} to {_show(value)}", "set_params", {"id": node.id, "params": {param.name: value}})


def _nearest(param: ParamSpec, current: object, sizes: Iterable[int]) -> Iterator[Literal]:
    """Legal values near the current one."""
    if param.type == "choice":
        yield from (choice for choice in param.choices if choice != current)
    elif param.type == "bool":
        yield not current
    elif param.type == "int":
        start = current if isinstance(current, int | float) else param.default if isinstance(param.default, int) else 1
        divisors = {d for size in set(sizes) if 0 < size <= 65536 for d in range(1, min(size, 512) + 1) if size % d == 0}
        around = {int(start) + step for step in range(-8, 9)}
        found = sorted((divisors | around | set(sizes)) - {current}, key=lambda value: (value not in divisors, abs(value - start), -value))
        yield from (value for value in found if problem(param, value) is None and value > 0)
    elif param.type == "float" and isinstance(current, int | float):
        low, high = param.range or (0.0, 1.0)
        yield min(max(float(current), low), high)


def _show(value: Literal) -> str:
    return ", ".join(str(v) for v in value) if isinstance(value, tuple) else str(value)


def _input_shapes(case: _Case, node: Node) -> list[tuple[int, ...]]:
    found = []
    for wire in case.graph.into(node.id):
        value = case.result.values.get((wire.source, wire.source_port)) or case.result.values.get((wire.source, ""))
        if value is not None:
            found.append(value.shape)
    return found


def _upstream(inferrer: Inferrer, case: _Case, node: Node) -> Iterator[Repair]:
    """Change the size that the wire brings, at the node that made it: the nearest multiples that a divisor asks for."""
    numbers = sorted({int(text) for text in re.findall(r"\b\d+\b", case.error)} - {0, 1})
    for wire in case.graph.into(node.id):
        origin: str | None = wire.source
        for _ in range(8):  # through nodes that hand the size on
            source = case.graph.nodes.get(origin or "")
            spec = inferrer.catalog.get(source.block) if source is not None else None
            if source is None or spec is None:
                break
            resolved = case.result.nodes[source.id].facts.resolved
            for param in spec.params:
                value = resolved.get(param.name)
                if param.type != "int" or param.inferred or not isinstance(value, int) or value not in numbers:
                    continue
                for divisor in numbers:
                    if divisor >= value:
                        continue
                    for near in sorted({value // divisor * divisor, -(-value // divisor) * divisor}, key=lambda v: abs(v - value)):
                        if near > 0 and problem(param, near) is None:
                            arguments = {"id": source.id, "params": {param.name: near}}
                            yield Repair(f"Set {param.name} of {source.id} to {near}", "set_params", arguments)
                for other in numbers:
                    if other != value and problem(param, other) is None:
                        yield Repair(f"Set {param.name} of {source.id} to {other}", "set_params", {"id": source.id, "params": {param.name: other}})
            incoming = case.graph.into(source.id)
            origin = incoming[0].source if incoming else None


# -- blocks in between ------------------------------------------------------------------------------------------------------


def _layouts(inferrer: Inferrer, case: _Case, node: Node, spec: BlockSpec) -> Iterator[Repair]:
    """Change of layout where the number of axes does not fit: map, tokens, vector."""
    for wire, axes, shape in _wired(inferrer, case, node, spec):
        for block in _between(inferrer, shape, axes):
            yield Repair(f"Insert {block} on {wire}", "insert", {"wire": _row(wire), "block": block})


def _between(inferrer: Inferrer, shape: tuple[int, ...], axes: tuple[str, ...]) -> list[str]:
    """Blocks that change the layout from what a wire brings to what a port takes."""
    if "..." in axes or len(axes) == len(shape):
        return []
    wanted = {
        (4, 3): ("MapToTokens", "PatchEmbed"),
        (3, 4): ("TokensToMap",),
        (4, 2): ("GlobalAvgPool", "Flatten"),
        (3, 2): ("SequencePool", "SelectTokens", "Flatten"),
    }.get((len(shape), len(axes)), ())
    return [block for block in wanted if block in inferrer.catalog]


def _projections(inferrer: Inferrer, case: _Case, node: Node, spec: BlockSpec) -> Iterator[Repair]:
    """Make the inputs of a merge agree in width, size and layout; pad a map to what the block divides it by."""
    wired = list(_wired(inferrer, case, node, spec))
    shapes = [shape for _, _, shape in wired]
    for wire, _, shape in wired:
        for other in shapes:
            if other == shape:
                continue
            if len(shape) == len(other) == 4:
                # A 1x1 convolution brings width and, by its stride, size: the shortcut of a ResNet.
                stride = max(1, -(-shape[2] // other[2]))
                params = {"out_channels": other[1], "kernel_size": 1, "stride": stride, "act": "none"}
                yield Repair(f"Insert a 1x1 projection to {other[1]} channels on {wire}", "insert", {"wire": _row(wire), "block": "ConvNormAct", "params": params})
                if shape[1] == other[1] and other[2] > shape[2] and other[2] % shape[2] == 0:
                    arguments = {"wire": _row(wire), "block": "Upsample", "params": {"scale_factor": other[2] // shape[2]}}
                    yield Repair(f"Upsample {wire}", "insert", arguments)
            if len(shape) == len(other) and shape[-1] != other[-1]:
                arguments = {"wire": _row(wire), "block": "Linear", "params": {"out_features": other[-1]}}
                yield Repair(f"Insert a projection to {other[-1]} on {wire}", "insert", arguments)
            if len(shape) == 4 and len(other) == 3:
                yield Repair(f"Insert MapToTokens on {wire}", "insert", {"wire": _row(wire), "block": "MapToTokens"})
            if len(shape) == 3 and len(other) == 4:
                yield Repair(f"Insert TokensToMap on {wire}", "insert", {"wire": _row(wire), "block": "TokensToMap"})
        if len(shape) == 4 and "Pad2d" in inferrer.catalog:
            for multiple in sorted({int(text) for text in re.findall(r"\b\d+\b", case.error)} & set(range(2, 65))):
                yield Repair(f"Pad {wire} to multiples of {multiple}", "insert", {"wire": _row(wire), "block": "Pad2d", "params": {"multiple": multiple}})


def _wired(inferrer: Inferrer, case: _Case, node: Node, spec: BlockSpec) -> Iterator[tuple[Wire, tuple[str, ...], tuple[int, ...]]]:
    """Each wire into a node with the axes its port expects and the shape it brings."""
    ports = [port.name for port in spec.inputs]
    for wire in case.graph.into(node.id):
        value = case.result.values.get((wire.source, wire.source_port)) or case.result.values.get((wire.source, ""))
        index = ports.index(wire.target_port) if wire.target_port in ports else 0
        if value is not None and index < len(spec.shapes.inputs):
            yield wire, spec.shapes.inputs[index], value.shape
