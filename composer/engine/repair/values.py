"""Candidates among the parameters of an item: other spellings, legal values near the present one, defaults."""

import difflib
import re
from collections.abc import Iterable, Iterator
from itertools import islice

from composer.core.blocks.params import problem
from composer.core.declarations import ParamSpec
from composer.core.facts import Repair
from composer.core.files.design_json import write_value
from composer.core.graph import Each, Literal, Ramp, is_expression
from composer.engine.repair.context import Case, reset, set_param

LARGEST_DIVIDED = 65_536  # sizes beyond are not taken apart


def unknown_params(case: Case) -> Iterator[Repair]:
    """Parameters that the block does not have: another spelling, or none."""
    node = case.node
    if node is None:
        return
    inner = case.design.graphs.get(node.subgraph or "")
    if case.spec is None and inner is None:
        return
    known = (
        [param.name for param in case.spec.params]
        if case.spec is not None
        else list(inner.params if inner is not None else ())
    )
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


def impossible(case: Case) -> Iterator[Repair]:
    """The default where a number that must be positive is not: the nearest that is, 1, is hardly ever meant."""
    for param in named_params(case):
        value = case.node.params.get(param.name) if case.node is not None else None
        if isinstance(value, int | float) and not isinstance(value, bool) and value <= 0:
            yield reset(f"Reset {param.name}", case.id, [param.name])


def parameters(case: Case, *, named: bool = True, tied: bool = False) -> Iterator[Repair]:
    """Nearest legal values.

    Args:
        case: an item with an error.
        named: for the parameters that the error names, or for the others.
        tied: for those of them that are an expression or differ from round to round, or for those that are one number.
    """
    node, spec = case.node, case.spec
    if node is None or spec is None:
        return
    sizes = [size for shape in case.shapes() for size in shape[1:]]
    spoken_of = named_params(case)
    for param in spoken_of if named else (param for param in spec.params if param not in spoken_of):
        raw = node.params.get(param.name)
        if param.inferred:
            continue
        if isinstance(raw, Each) and not tied:
            yield from _one_round(case, param, raw, sizes)
        if is_tied(raw) is tied:
            current = case.facts.resolved.get(param.name, node.params.get(param.name, param.default))
            for value in islice(nearest(param, current, sizes, divides=_divides(case)), 8 if named else 3):
                yield set_param(f"Set {param.name} to {show(value)}", case.id, param.name, value)


def named_params(case: Case) -> list[ParamSpec]:
    """Parameters that the error names, in its order: it begins with the one that is wrong."""
    params = case.spec.params if case.spec is not None else ()
    places = {param.name: match.start() for param in params if (match := re.search(rf"\b{param.name}\b", case.error))}
    return sorted((param for param in params if param.name in places), key=lambda param: places[param.name])


def is_tied(value: object) -> bool:
    """Whether a parameter is not one number for all: an expression, or a value for each round."""
    return isinstance(value, Each | Ramp) or is_expression(value)


def _divides(case: Case) -> bool:
    """Whether the error is that something does not divide another."""
    return "divide" in case.error or "multiple" in case.error


def _one_round(case: Case, param: ParamSpec, raw: Each, sizes: Iterable[int]) -> Iterator[Repair]:
    """Another value in the rounds whose value is wrong; the others keep theirs."""
    wrong = next((value for value in raw.values if f"{param.name}: {value!r} " in case.error), None)
    if wrong is None or case.node is None:
        return
    for value in islice(nearest(param, wrong, sizes, divides=_divides(case)), 8):
        values = Each(tuple(value if given == wrong else given for given in raw.values))
        params = {key: write_value(values if key == param.name else given) for key, given in case.node.params.items()}
        yield Repair(
            f"Set {param.name} to {show(value)} where it is {wrong}",
            "update",
            {"id": case.id, "changes": {"params": params}},
        )


def nearest(param: ParamSpec, current: object, sizes: Iterable[int], *, divides: bool) -> Iterator[Literal]:
    """Legal values near the current one; divisors of the sizes at hand first, where something must divide another."""
    if param.type == "choice":
        wanted = difflib.get_close_matches(str(current), [str(choice) for choice in param.choices], 1)
        yield from sorted(
            (choice for choice in param.choices if choice != current), key=lambda choice: str(choice) not in wanted
        )
    elif param.type == "bool":
        yield not current
    elif param.type == "int":
        start = current if isinstance(current, int | float) else param.default if isinstance(param.default, int) else 1
        yield from (
            value
            for value in near_integers(int(start), sizes, divides=divides)
            if value != current and problem(param, value) is None and value > 0
        )
    elif param.type == "float" and isinstance(current, int | float):
        low, high = param.range or (0.0, 1.0)
        yield min(max(float(current), low), high)


def near_integers(start: int, sizes: Iterable[int], *, divides: bool = True) -> list[int]:
    """Whole numbers to try in the place of one: divisors of sizes first, each group nearest first.

    Args:
        start: the number.
        sizes: of what arrives.
        divides: whether something must divide another; if not, the very nearest come before the divisors.
    """
    divisors = {
        d for size in set(sizes) if 0 < size <= LARGEST_DIVIDED for d in range(1, min(size, 512) + 1) if size % d == 0
    }
    around = {start + step for step in range(-8, 9)}
    eights = {max(8, start // 8 * 8), (start // 8 + 1) * 8}

    def rank(value: int) -> int:
        return 0 if not divides and abs(value - start) <= 2 else 1 if value in divisors else 2

    return sorted(divisors | around | eights | set(sizes), key=lambda value: (rank(value), abs(value - start), -value))


def multiples(value: int, numbers: list[int]) -> list[int]:
    """Values near to one that some number divides, then the numbers themselves."""
    found = [
        near
        for divisor in numbers
        if divisor < value
        for near in (value // divisor * divisor, -(-value // divisor) * divisor)
    ]
    found.sort(key=lambda near: abs(near - value))
    return [near for near in dict.fromkeys([*found, *numbers]) if near > 0 and near != value]


def show(value: Literal) -> str:
    """A value as the text of a button."""
    return ", ".join(str(v) for v in value) if isinstance(value, tuple) else str(value)


def resets(case: Case, *, tied: bool = False) -> Iterator[Repair]:
    """Give parameters back to their default or to the wire: one, then all; `tied` as in `parameters`."""
    if case.node is None:
        return
    for name, value in case.node.params.items():
        if is_tied(value) is tied:
            yield reset(f"Reset {name}", case.id, [name])
    if tied and len(case.node.params) > 1:
        yield reset("Reset all parameters", case.id, case.node.params)
