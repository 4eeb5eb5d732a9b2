"""Candidates among values: parameters of the node and of what feeds it, of the uses of a sub-graph, variables, input shapes."""

import difflib
import re
from collections.abc import Iterable, Iterator
from itertools import islice

from composer.core.block_file import ParamSpec
from composer.core.errors import UserError
from composer.core.expressions import names as names_in
from composer.core.expressions import resolve_variables
from composer.core.facts import Repair
from composer.core.graph import Each, Graph, Literal, Ramp, is_expression
from composer.core.params import problem
from composer.core.wire_json import write_value
from composer.engine.repair.case import Case, reset, set_param, set_shape

LARGEST_DIVIDED = 65_536  # sizes beyond are not taken apart
RATE = 0.1  # what a dropout has
COMMON = (1, 2, 3, 4, 8, 16, 32, 64, 96, 128, 192, 224, 256, 384, 512, 768)


def unknown_params(case: Case) -> Iterator[Repair]:
    """Parameters that the block does not have: another spelling, or none."""
    node = case.node
    if node is None:
        return
    inner = case.design.graphs.get(node.subgraph or "")
    if case.spec is None and inner is None:
        return
    known = [param.name for param in case.spec.params] if case.spec is not None else list(inner.params if inner is not None else ())
    for name in node.params:
        if name in known:
            continue
        for near in difflib.get_close_matches(name.lower(), known, 2):
            if near not in node.params:
                params = {near if key == name else key: write_value(value) for key, value in node.params.items()}
                yield Repair(f"Rename {name} to {near}", "update", {"id": node.id, "changes": {"params": params}})
        yield reset(f"Remove {name}", node.id, [name])


def repeat(case: Case) -> Iterator[Repair]:
    """Do not repeat a node that cannot be."""
    node = case.node
    if node is None or node.repeat == 1:
        return
    if isinstance(node.repeat, int) and node.repeat < 1:
        yield Repair("Set repeat to 1", "update", {"id": node.id, "changes": {"repeat": 1}})
    else:
        yield Repair("Do not repeat it", "update", {"id": node.id, "changes": {"repeat": 1}})


def parameters(case: Case) -> Iterator[Repair]:
    """Nearest legal values, for the parameters that the error names first."""
    if case.node is None or case.spec is None:
        return
    named = [param for param in case.spec.params if re.search(rf"\b{param.name}\b", case.error)]
    others = [param for param in case.spec.params if param not in named]
    sizes = [size for shape in case.shapes() for size in shape[1:]]
    for param in (*named, *others):
        if param.inferred:
            continue
        current = case.facts.resolved.get(param.name, case.node.params.get(param.name, param.default))
        for value in islice(nearest(param, current, sizes), 8 if param in named else 3):
            yield set_param(f"Set {param.name} to {show(value)}", case.id, param.name, value)


def nearest(param: ParamSpec, current: object, sizes: Iterable[int]) -> Iterator[Literal]:
    """Legal values near the current one, divisors of the sizes at hand first."""
    if param.type == "choice":
        wanted = difflib.get_close_matches(str(current), [str(choice) for choice in param.choices], 1)
        yield from sorted((choice for choice in param.choices if choice != current), key=lambda choice: str(choice) not in wanted)
    elif param.type == "bool":
        yield not current
    elif param.type == "int":
        start = current if isinstance(current, int | float) else param.default if isinstance(param.default, int) else 1
        yield from (value for value in near_integers(int(start), sizes) if value != current and problem(param, value) is None and value > 0)
    elif param.type == "float" and isinstance(current, int | float):
        low, high = param.range or (0.0, 1.0)
        yield min(max(float(current), low), high)


def near_integers(start: int, sizes: Iterable[int]) -> list[int]:
    """Whole numbers to try in the place of one: divisors of sizes first, each group nearest first."""
    divisors = {d for size in set(sizes) if 0 < size <= LARGEST_DIVIDED for d in range(1, min(size, 512) + 1) if size % d == 0}
    around = {start + step for step in range(-8, 9)}
    eights = {max(8, start // 8 * 8), (start // 8 + 1) * 8}
    return sorted(divisors | around | eights | set(sizes), key=lambda value: (value not in divisors, abs(value - start), -value))


def show(value: Literal) -> str:
    """A value as the text of a button."""
    return ", ".join(str(v) for v in value) if isinstance(value, tuple) else str(value)


def resets(case: Case) -> Iterator[Repair]:
    """Give parameters back to their default or to the wire: one, then all."""
    if case.node is None:
        return
    for name in case.node.params:
        yield reset(f"Reset {name}", case.id, [name])
    if len(case.node.params) > 1:
        yield reset("Reset all parameters", case.id, case.node.params)


def upstream(case: Case) -> Iterator[Repair]:
    """Change the size that the wire brings, at the node or input that made it: multiples that a divisor asks for."""
    numbers = sorted({int(text) for text in re.findall(r"\b\d+\b", case.error)} - {0, 1})
    for wire in case.graph.into(case.id):
        origin: str | None = wire.source
        for _ in range(8):  # through nodes that hand the size on
            if origin in case.graph.inputs and not case.graph_name:
                yield from _input_shape(case, origin or "", numbers)
            source = case.graph.nodes.get(origin or "")
            spec = case.inferrer.catalog.get(source.block) if source is not None else None
            if source is None or spec is None:
                break
            resolved = case.result.nodes[source.id].facts.resolved if source.id in case.result.nodes else {}
            for param in spec.params:
                value = resolved.get(param.name)
                if param.type == "int" and not param.inferred and isinstance(value, int) and value in numbers:
                    for near in _multiples(value, numbers):
                        if problem(param, near) is None:
                            yield set_param(f"Set {param.name} of {source.id} to {near}", source.id, param.name, near)
            incoming = case.graph.into(source.id)
            origin = incoming[0].source if incoming else None


def _multiples(value: int, numbers: list[int]) -> list[int]:
    """Values near to one that some number divides, then the numbers themselves."""
    found = [near for divisor in numbers if divisor < value for near in (value // divisor * divisor, -(-value // divisor) * divisor)]
    found.sort(key=lambda near: abs(near - value))
    return [near for near in dict.fromkeys([*found, *numbers]) if near > 0 and near != value]


def _input_shape(case: Case, id: str, numbers: list[int]) -> Iterator[Repair]:
    """Other shapes of a main input: with an axis more or less, or with sizes that numbers of the error divide."""
    item = case.design.main.inputs[id]
    if len(item.shape) == 2:
        for channels in (3, 1):
            yield set_shape(item, (channels, *item.shape))
    elif len(item.shape) == 1:
        yield set_shape(item, (3, item.shape[0], item.shape[0]))
    elif len(item.shape) > 3:
        yield set_shape(item, item.shape[-3:])
    fixed = [size if isinstance(size, int) else 0 for size in item.shape]
    if len(fixed) == 3 and fixed[1] and fixed[2]:
        for number in (*numbers, 8, 16, 32):
            up = tuple(-(-size // number) * number for size in fixed[1:])
            if up != tuple(fixed[1:]):
                yield set_shape(item, (item.shape[0], *up))
        for size in (32, 64, 224):
            yield set_shape(item, (item.shape[0], size, size))


def input_shape(case: Case) -> Iterator[Repair]:
    """A main input whose shape cannot be: sizes that are no whole numbers above 0."""
    item = case.graph.inputs.get(case.id)
    if item is None or case.graph_name:
        return
    good = [size for size in item.shape if isinstance(size, int) and size > 0]
    for size in dict.fromkeys((*good[-1:], 224, 32, 3, 1)):
        yield set_shape(item, tuple(s if isinstance(s, int) and s > 0 else size for s in item.shape))


def uses(case: Case) -> Iterator[Repair]:
    """Where the item lies in a sub-graph: what the uses of it set."""
    sizes = [size for shape in case.shapes() for size in shape[1:]]
    for use in case.uses:
        node = use.result.node
        for name in node.params:
            yield reset(f"Reset {name} of {node.id}", node.id, [name], use.graph)
        for name, current in use.result.facts.resolved.items():
            if isinstance(current, int) and not isinstance(current, bool):
                for value in islice((v for v in near_integers(current, sizes) if v != current and v > 0), 6):
                    yield set_param(f"Set {name} of {node.id} to {value}", node.id, name, value, use.graph)
        inner = case.design.graphs.get(node.subgraph or "")
        for name, default in (inner.params if inner is not None else {}).items():
            if isinstance(default, int) and not isinstance(default, bool) and name not in node.params:
                for value in islice((v for v in near_integers(default, sizes) if v != default and v > 0), 4):
                    defaults = inner.params if inner is not None else {}
                    params = {**{key: write_value(given) for key, given in defaults.items()}, name: value}
                    yield Repair(f"Set the default of {name} to {value}", "set_exposed", {"graph_name": node.subgraph, "params": params})


# -- variables --------------------------------------------------------------------------------------------------------------


def variables(case: Case) -> Iterator[Repair]:
    """Variables: those that are missing, and other values of those that the item uses."""
    unknown = re.findall(r"uses '(\w+)', which is not a variable", case.error)
    for name in unknown:
        for near in difflib.get_close_matches(name, list(case.design.variables), 2):
            yield from _respell(case, name, near)
        for value in _guesses(case):
            yield Repair(f"Add variable {name} = {value}", "set_variable", {"name": name, "value": value})
    used = _used(case)
    try:
        values = resolve_variables(case.design.variables)
    except UserError:
        values = {}
    sizes = [size for shape in case.shapes() for size in shape[1:]]
    numbers = [int(text) for text in re.findall(r"\b\d+\b", case.error)]
    for name, raw in sorted(case.design.variables.items(), key=lambda pair: pair[0] not in used):
        if name not in used and unknown:
            continue
        current = values.get(name)
        if isinstance(current, bool) or (isinstance(current, str) and not is_expression(raw)):
            current = None
        if not isinstance(current, int | float):
            for value in _guesses(case):
                yield Repair(f"Set variable {name} to {value}", "set_variable", {"name": name, "value": value})
            continue
        dividing = _multiples(int(current), sorted(set(numbers) - {0, 1})) if current > 1 else ()
        candidates = [*dividing, *near_integers(int(current), sizes), 8, 16, 32]
        for value in islice((v for v in dict.fromkeys(candidates) if v != raw and v > 0), 12):
            yield Repair(f"Set variable {name} to {value}", "set_variable", {"name": name, "value": value})


def _respell(case: Case, name: str, near: str) -> Iterator[Repair]:
    """An expression with the name of a variable that exists."""

    def respelled(value: object) -> object:
        return re.sub(rf"\b{name}\b", near, value) if isinstance(value, str) and is_expression(value) else value

    node = case.node
    if node is not None:
        changed = {key: new for key, value in node.params.items() if (new := respelled(value)) != value}
        for key, value in changed.items():
            yield set_param(f"Write {near} in {key}", node.id, key, value)  # type: ignore[arg-type]
    for key, value in case.design.variables.items():
        if (new := respelled(value)) != value:
            yield Repair(f"Write {near} in variable {key}", "set_variable", {"name": key, "value": new})


def _guesses(case: Case) -> list[int | float]:
    """Numbers that a variable might have had: those that the design uses, then common ones."""
    found = [value for value in case.design.variables.values() if isinstance(value, int) and not isinstance(value, bool) and value > 0]
    for graph in (case.design.main, *case.design.graphs.values()):
        found.extend(_numbers(graph))
    common = sorted(set(found), key=lambda value: -found.count(value))[:8]
    return list(dict.fromkeys([*common[:4], RATE, *common[4:], *COMMON]))


def _numbers(graph: Graph) -> Iterator[int]:
    for item in graph.inputs.values():
        yield from (size for size in item.shape if isinstance(size, int) and size > 0)
    for node in graph.nodes.values():
        yield from (value for value in node.params.values() if isinstance(value, int) and not isinstance(value, bool) and value > 0)


def _used(case: Case) -> set[str]:
    """Variables that the item uses, through other variables too."""
    item = case.graph.item(case.id)
    values: list[object] = [*getattr(item, "params", {}).values(), getattr(item, "repeat", 1), *getattr(item, "shape", ())]
    for use in case.uses:
        values += use.result.node.params.values()
    found: set[str] = set()
    queue = [part for value in values for part in _parts(value)]
    while queue:
        text = queue.pop()
        if not isinstance(text, str) or not is_expression(text):
            continue
        try:
            new = names_in(text) - found
        except UserError:
            continue
        found |= new
        queue.extend(case.design.variables[name] for name in new if name in case.design.variables)
    return found


def _parts(value: object) -> tuple[object, ...]:
    if isinstance(value, Each):
        return value.values
    return (value.start, value.stop) if isinstance(value, Ramp) else (value,)


def literal_sizes(case: Case) -> Iterator[Repair]:
    """A number in the place of an expression that cannot be computed."""
    node = case.node
    if node is None or case.spec is None:
        return
    for name, value in node.params.items():
        param = case.spec.param(name)
        if param is None or param.type != "int" or not isinstance(value, str):
            continue
        for guess in islice(_guesses(case), 10):
            if problem(param, guess) is None:
                yield set_param(f"Set {name} to {guess}", node.id, name, guess)
