"""What a block does to the positions of its tokens: parsing and applying the ``tokens`` argument of `@block`.

A rule is a text. Its terms are put one after the other by `` + ``; of alternatives, separated by `` | ``, the first one
that gives as many tokens as the tensor has counts. The terms:

``keep [PORT]``
    the tokens of an input, by default the first.
``grid [H W]``
    all cells of a grid, row by row. Without sizes it is the output map, or the two factors by which the shape string
    counts the tokens: ``(h//patch_size)*(w//patch_size)``.
``pad``
    the map with rows and columns added at the bottom and the right.
``front ROLE [AFTER]``, ``back ROLE``
    the tokens of the first input with new ones in front of them (behind the first AFTER of them), or behind all.
``select START STOP [PORT]``
    a slice of the tokens of an input.
``join``
    the tokens of all inputs one after the other.
``lost [ROLE]``
    as many tokens as are missing, without positions.

A block may also declare what it ``expects`` of the tokens at its first input, several separated by commas:
``prefix N`` (so many tokens in front of the positions), ``summary I`` (token I has no position in the image),
``class I`` (it is a class token); followed by ``when PARAM VALUE``, it holds only for this setting.

H, W, AFTER, START and STOP are integer arithmetic over input axes, parameters, ``count`` (tokens of the output) and
``total`` (tokens of the first input). A role is a key of `token_layout.ROLES`.
"""

import ast
from collections import ChainMap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod

from composer.core.blocks.shapes import ELLIPSIS, Shapes
from composer.core.errors import UserError
from composer.core.expressions import evaluate
from composer.core.graph import Literal
from composer.core.token_layout import ROLES, TokenLayout, cells, join, unplaced

QUERIES, KEYS, EXPECTS = "queries", "keys", "expects"
_EXPECTATIONS = ("prefix", "summary", "class")
# Smallest and largest number of arguments of each term.
_TERMS = {
    "keep": (0, 1),
    "grid": (0, 2),
    "pad": (0, 0),
    "front": (1, 2),
    "back": (1, 1),
    "select": (2, 3),
    "join": (0, 0),
    "lost": (0, 1),
}

Term = tuple[str, ...]
Rule = tuple[tuple[Term, ...], ...]
Shape = Sequence[int]


@dataclass(frozen=True, slots=True)
class TokenRules:
    """The rules of a block.

    Attributes:
        outputs: for each output the rule, or None where the block declares none and the shape string does not tell.
        queries: of the queries of its attention; None: they are laid out like an input or the output.
        keys: of the keys of its attention, likewise.
        ports: names of the inputs.
        factors: sizes of the grid of the first output, as arithmetic; empty if the shape string does not tell.
        expects: what the block expects of the tokens at its first input.
    """

    outputs: tuple[Rule | None, ...]
    queries: Rule | None
    keys: Rule | None
    ports: tuple[str, ...]
    factors: tuple[str, ...]
    expects: tuple["Expectation", ...] = ()


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a block expects of the tokens at its first input.

    Attributes:
        kind: ``prefix``: so many tokens are in front of the positions; ``summary``: the token of this index has no
            position; ``class``: it is a class token.
        count: the number or the index, as arithmetic.
        when: parameters and the values for which this holds.
    """

    kind: str
    count: str
    when: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class TokenInputs:
    """The inputs of one call of a block.

    Attributes:
        layouts: of each input; None where it is unknown, or nothing is wired.
        shapes: of each input; None where nothing is wired.
        values: input axes and parameters by name.
    """

    layouts: Sequence[TokenLayout | None]
    shapes: Sequence[Shape | None]
    values: Mapping[str, Literal]


def parse_rules(
    declared: str | Mapping[str, str], shapes: Shapes, ports: Sequence[str], outputs: Sequence[str]
) -> TokenRules:
    """Read the ``tokens`` argument of a block.

    Args:
        declared: a rule for all outputs, or rules by output port, ``queries`` and ``keys``.
        shapes: its shape string.
        ports: names of its inputs.
        outputs: names of its outputs.

    Raises:
        UserError: if a rule cannot be read.
    """
    by_name = dict.fromkeys(outputs, declared) if isinstance(declared, str) else dict(declared)
    expects = by_name.pop(EXPECTS, "")
    expected = (*outputs, QUERIES, KEYS, EXPECTS)
    if unknown := [name for name in by_name if name not in expected]:
        raise UserError(f"tokens names {unknown[0]!r}, expected one of: {', '.join(expected)}")
    rules = {name: _parse(text, ports) for name, text in by_name.items() if text}
    return TokenRules(
        tuple(rules.get(name) or _default(shapes, index, ports) for index, name in enumerate(outputs)),
        rules.get(QUERIES),
        rules.get(KEYS),
        tuple(ports),
        _grid_factors(shapes.outputs[0]),
        tuple(_expectation(part) for part in expects.split(",") if part.strip()),
    )


def output_layouts(rules: TokenRules, inputs: TokenInputs, shapes: Sequence[Shape]) -> list[TokenLayout | None]:
    """Return the layout of each output of a call; None where it has no token axis, or nothing is known of it.

    Args:
        rules: of the block.
        inputs: of the call.
        shapes: of the outputs.
    """
    return [
        None if rule is None else apply_rule(rule, rules, inputs, shape)
        for rule, shape in zip(rules.outputs, shapes, strict=False)
    ]


def apply_rule(rule: Rule, rules: TokenRules, inputs: TokenInputs, shape: Shape) -> TokenLayout | None:
    """Apply a rule to a tensor of a shape, the batch first."""
    count = position_count(shape)
    if count is None:
        return None
    for terms in rule:
        layout = _apply_terms(terms, rules, inputs, shape, count)
        if layout is not None and layout.length == count:
            return _as_map(layout, shape)
    return None


def position_count(shape: Shape) -> int | None:
    """Return the number of positions of tokens (b, n, c) or of a map (b, c, h, w); None for other tensors."""
    if len(shape) == 3:
        return shape[1]
    return prod(shape[2:]) if len(shape) == 4 else None


def input_layout(shape: Shape, dtype: str) -> TokenLayout | None:
    """Return the layout of an input of the network: a map is the image; other tensors have no positions in it.

    Args:
        shape: its shape, the batch first.
        dtype: torch's name of its dtype; a mask is neither.
    """
    if dtype == "bool":
        return None
    if len(shape) == 4:
        return cells((shape[2], shape[3]))
    return unplaced(shape[1], "input") if len(shape) == 3 else None


def declared_grids(rules: TokenRules, inputs: TokenInputs) -> Iterator[TokenLayout]:
    """Yield the grids that a block states: of its first output, then those of its queries and keys."""
    terms = (term for rule in (rules.queries, rules.keys) for terms in rule or () for term in terms)
    for sizes in ((), *(term[1:] for term in terms if term[0] == "grid" and len(term) > 1)):
        layout = _grid(rules, inputs, sizes, inputs.values, (0, 0, 0), 0)
        if layout is not None and layout.grid_run is not None:
            yield layout


def integer(text: str, values: Mapping[str, Literal]) -> int | None:
    """Return the value of integer arithmetic; None if it cannot be computed."""
    try:
        value = evaluate(text, values)
    except UserError:
        return None
    return int(value) if isinstance(value, int | float) else None


def _apply_terms(
    terms: Sequence[Term], rules: TokenRules, inputs: TokenInputs, shape: Shape, count: int
) -> TokenLayout | None:
    """Return the layout of the terms one after the other; one ``lost`` takes the tokens that the others leave."""
    if len(terms) == 1 and terms[0][0] != "lost":
        return _apply(terms[0], rules, inputs, shape, count)
    parts: list[TokenLayout | None] = []
    for term in terms:
        part = _apply(term, rules, inputs, shape, count)
        if part is None and term[0] != "lost":
            return None
        parts.append(part)
    rest = count - sum(part.length for part in parts if part is not None)
    role = next((term[1] for term in terms if term[0] == "lost" and len(term) > 1), "")
    if rest < 0:
        return None
    return join(part if part is not None else unplaced(rest, role) for part in parts)


def _apply(term: Term, rules: TokenRules, inputs: TokenInputs, shape: Shape, count: int) -> TokenLayout | None:
    """Return the layout of one term; None for ``lost``, or if an input or a size is not known."""
    if term[0] == "keep":
        return _kept(rules, inputs, term[1] if len(term) > 1 else None, count)
    first = inputs.layouts[0] if inputs.layouts else None
    counts: dict[str, Literal] = {"count": count, "total": first.length if first is not None else 0}
    values = ChainMap(counts, inputs.values)  # type: ignore[arg-type]
    match term:
        case ("lost", *_):
            return None
        case ("grid", *sizes):
            return _grid(rules, inputs, sizes, values, shape, count)
        case ("pad",):
            return _padded(inputs, shape)
        case ("join",):
            parts = [layout for layout in inputs.layouts if layout is not None]
            return join(parts) if len(parts) == len(inputs.layouts) else None
        case ("select", start, stop, *port):
            source = _of_port(rules, inputs, port[0]) if port else first
            bounds = _slice(start, stop, values)
            return source.take(*bounds) if source is not None and bounds is not None else None
        case ("front" | "back" as side, role, *after):
            if first is None or count < first.length:
                return None
            at = 0 if side == "front" else first.length
            if after:
                index = integer(after[0], values)
                if index is None:
                    return None
                at = index
            return join((first.take(0, at), unplaced(count - first.length, role), first.take(at, None)))
    raise AssertionError(term)


def _kept(rules: TokenRules, inputs: TokenInputs, port: str | None, count: int) -> TokenLayout | None:
    """Return the layout of an input; of inputs that are merged, one with positions before one without."""
    if port is not None:
        return _of_port(rules, inputs, port)
    fitting = [layout for layout in inputs.layouts if layout is not None and layout.length == count]
    return next((layout for layout in fitting if layout.grid_run is not None), fitting[0] if fitting else None)


def _of_port(rules: TokenRules, inputs: TokenInputs, port: str) -> TokenLayout | None:
    index = rules.ports.index(port)
    return inputs.layouts[index] if index < len(inputs.layouts) else None


def _grid(
    rules: TokenRules,
    inputs: TokenInputs,
    sizes: Sequence[str],
    values: Mapping[str, Literal],
    shape: Shape,
    count: int,
) -> TokenLayout | None:
    """Return the layout of all cells of a grid over the map of the first input that is a map."""
    maps = [layout for layout, of in zip(inputs.layouts, inputs.shapes, strict=True) if of is not None and len(of) == 4]
    if not maps or maps[0] is None:
        return None
    placed = maps[0].grid_run
    if placed is None:
        return unplaced(count)
    own = sizes or rules.factors
    grid = [shape[2], shape[3]] if len(shape) == 4 and not sizes else [integer(size, values) for size in own]
    if len(grid) != 2 or grid[0] is None or grid[1] is None:
        return None
    return cells((grid[0], grid[1]), placed[1].cover)


def _padded(inputs: TokenInputs, shape: Shape) -> TokenLayout | None:
    before, layout = inputs.shapes[0], inputs.layouts[0]
    if before is None or layout is None:
        return None
    if layout.grid_run is None:
        return unplaced(prod(shape[2:]))
    cover = layout.grid_run[1].cover
    return cells((shape[2], shape[3]), (cover[0] * shape[2] / before[2], cover[1] * shape[3] / before[3]))


def _as_map(layout: TokenLayout, shape: Shape) -> TokenLayout:
    """Return the layout of a map: its cells are positions only if they are one grid of its own size."""
    if len(shape) != 4:
        return layout
    run = layout.runs[0]
    return layout if run.whole and run.grid == (shape[2], shape[3]) else unplaced(layout.length)


def _slice(start: str, stop: str, values: Mapping[str, Literal]) -> tuple[int | None, int | None] | None:
    """Return the ends of a slice, None for an open one; None instead of both if one cannot be computed."""
    ends: list[int | None] = []
    for text in (start, stop):
        is_open = text == "None" or (text in values and values[text] is None)
        end = None if is_open else integer(text, values)
        if end is None and not is_open:
            return None
        ends.append(end)
    return ends[0], ends[1]


# -- parsing -----------------------------------------------------------------------------------------------------------


def _parse(text: str, ports: Sequence[str]) -> Rule:
    return tuple(tuple(_term(term, ports) for term in part.split(" + ")) for part in text.split(" | "))


def _term(text: str, ports: Sequence[str]) -> Term:
    words = tuple(text.split())
    least, most = _TERMS.get(words[0] if words else "", (1, 0))
    if not least <= len(words) - 1 <= most or (words[0] == "grid" and len(words) == 2):
        raise UserError(f"tokens={text!r} is not a rule; expected one of: {', '.join(_TERMS)}")
    port = words[1:2] if words[0] == "keep" else words[3:] if words[0] == "select" else ()
    if port and port[0] not in ports:
        raise UserError(f"tokens={text!r} names no input; the inputs are: {', '.join(ports)}")
    role = words[1:2] if words[0] in ("front", "back", "lost") else ()
    if role and role[0] not in ROLES:
        raise UserError(
            f"tokens={text!r}: role {role[0]!r} is unknown; choose one of: {', '.join(filter(None, ROLES))}"
        )
    for size in (
        words[1:] if words[0] == "grid" else words[2:3] if words[0] == "front" else words[1:3] * (words[0] == "select")
    ):
        try:
            ast.parse(size, mode="eval")
        except SyntaxError:
            raise UserError(f"tokens={text!r}: {size!r} is not arithmetic") from None
    return words


def _expectation(text: str) -> Expectation:
    match text.split():
        case [kind, count] if kind in _EXPECTATIONS:
            return Expectation(kind, count)
        case [kind, count, "when", param, value] if kind in _EXPECTATIONS:
            return Expectation(kind, count, ((param, value),))
    raise UserError(f"expects={text.strip()!r} is unknown; write {' or '.join(_EXPECTATIONS)} and a number")


def _default(shapes: Shapes, index: int, ports: Sequence[str]) -> Rule | None:
    """Return the rule that the shape string implies: a map of a map, or tokens on an axis that an input has."""
    axes = shapes.outputs[index]
    if ELLIPSIS in axes:
        return ((("keep",),), (("lost",),)) if any(ELLIPSIS in source for source in shapes.inputs) else None
    if len(axes) == 4 and any(len(source) == 4 and ELLIPSIS not in source for source in shapes.inputs):
        return ((("grid",),),)
    if len(axes) == 3:
        same = [port for port, source in zip(ports, shapes.inputs, strict=False) if source[:2] == axes[:2]]
        return ((("keep", same[0]),),) if same else None
    return None


def _grid_factors(axes: Sequence[str]) -> tuple[str, ...]:
    """Return the sizes of the grid of an output: the factors of its number of tokens, or the sides of a map."""
    if len(axes) == 4:
        return tuple(axes[2:])
    if len(axes) != 3:
        return ()
    node = ast.parse(axes[1], mode="eval").body
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        return ast.unparse(node.left), ast.unparse(node.right)
    return ()
