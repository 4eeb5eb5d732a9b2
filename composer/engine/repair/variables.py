"""Candidates among what has a name of its own: variables, and the parameters of sub-graphs that their uses set."""

import difflib
import re
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice

from composer.core.blocks.params import problem
from composer.core.errors import UserError
from composer.core.expressions import names as names_in
from composer.core.expressions import resolve_variables
from composer.core.facts import Repair
from composer.core.files.design_json import write_value
from composer.core.graph import Each, Graph, Ramp, is_expression
from composer.engine.repair.context import Case, reset, set_param
from composer.engine.repair.values import multiples, named_params, near_integers

RATE = 0.1  # what a dropout has
COMMON = (1, 2, 3, 4, 8, 16, 32, 64, 96, 128, 192, 224, 256, 384, 512, 768)


def uses(case: Case) -> Iterator[Repair]:
    """Where the item lies in a sub-graph: what the uses of it set."""
    sizes = [size for shape in case.shapes() for size in shape[1:]]
    asked = _behind(case)
    for use in case.uses:
        node = use.result.node
        resolved = use.result.facts.resolved
        for name in sorted(
            {*node.params, *resolved},
            key=lambda name: (name not in asked, [*resolved].index(name) if name in resolved else 0),
        ):
            current = resolved.get(name)
            near = near_integers(current, sizes) if isinstance(current, int) and not isinstance(current, bool) else ()
            values = [v for v in near if v != current and v > 0][:6]
            offers = [
                set_param(f"Set {name} of {node.id} to {value}", node.id, name, value, use.graph) for value in values
            ]
            back = [reset(f"Reset {name} of {node.id}", node.id, [name], use.graph)] if name in node.params else []
            yield from (*offers[:2], *back, *offers[2:])
        inner = case.design.graphs.get(node.subgraph or "")
        for name, default in (inner.params if inner is not None else {}).items():
            if isinstance(default, int) and not isinstance(default, bool) and name not in node.params:
                for value in islice((v for v in near_integers(default, sizes) if v != default and v > 0), 4):
                    defaults = inner.params if inner is not None else {}
                    params = {**{key: write_value(given) for key, given in defaults.items()}, name: value}
                    yield Repair(
                        f"Set the default of {name} to {value}",
                        "set_exposed",
                        {"graph_name": node.subgraph, "params": params},
                    )


def _behind(case: Case) -> set[str]:
    """Names in the expressions of the parameters that the error names."""
    found: set[str] = set()
    for param in named_params(case):
        for part in _parts(case.node.params.get(param.name) if case.node is not None else None):
            if is_expression(part):
                with suppress(UserError):
                    found |= names_in(str(part))
    return found


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
    order = {name: (name not in used, not isinstance(values.get(name), int)) for name in case.design.variables}
    for name, raw in sorted(case.design.variables.items(), key=lambda pair: order[pair[0]]):
        if name not in used and unknown:
            continue
        current = values.get(name)
        if isinstance(current, bool) or (isinstance(current, str) and not is_expression(raw)):
            current = None
        if not isinstance(current, int | float):
            for value in _guesses(case):
                yield Repair(f"Set variable {name} to {value}", "set_variable", {"name": name, "value": value})
            continue
        dividing = multiples(int(current), sorted(set(numbers) - {0, 1})) if current > 1 else ()
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
    found = [
        value
        for value in case.design.variables.values()
        if isinstance(value, int) and not isinstance(value, bool) and value > 0
    ]
    for graph in (case.design.main, *case.design.graphs.values()):
        found.extend(_numbers(graph))
    common = sorted(set(found), key=lambda value: -found.count(value))[:8]
    return list(dict.fromkeys([*common[:4], RATE, *common[4:], *COMMON]))


def _numbers(graph: Graph) -> Iterator[int]:
    for item in graph.inputs.values():
        yield from (size for size in item.shape if isinstance(size, int) and size > 0)
    for node in graph.nodes.values():
        yield from (
            value
            for value in node.params.values()
            if isinstance(value, int) and not isinstance(value, bool) and value > 0
        )


def _used(case: Case) -> set[str]:
    """Variables that the item uses, through other variables too."""
    item = case.graph.item(case.id)
    values: list[object] = [
        *getattr(item, "params", {}).values(),
        getattr(item, "repeat", 1),
        *getattr(item, "shape", ()),
    ]
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
