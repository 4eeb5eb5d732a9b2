"""Arithmetic over design variables: ``"=width * 2"``.

Parsed with `ast` and evaluated node by node with bounded results, so that an expression cannot run Python code.
"""

import ast
import math
import operator
from collections.abc import Callable, Mapping
from contextlib import suppress

from composer.core.errors import UserError
from composer.core.graph import Each, Literal, Ramp, Scalar, Value, is_expression
from composer.core.topology import format_cycle

MAX_LENGTH = 200
MAX_DEPTH = 100
MAX_MAGNITUDE = 10**15  # far above any sensible size, and far below integers whose arithmetic is slow
MAX_POWER = 16

_BINARY: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}
_UNARY: dict[type[ast.unaryop], Callable[[float], float]] = {ast.USub: operator.neg, ast.UAdd: operator.pos}
_FUNCTIONS: dict[str, Callable[..., float]] = {
    "min": min,
    "max": max,
    "round": round,
    "floor": math.floor,
    "ceil": math.ceil,
    "int": int,
    "multiple": lambda value, of: max(of, int(value + of / 2) // of * of),
}


def parse(text: str) -> ast.expr:
    """Parse an expression, with or without the leading ``=``.

    Raises:
        UserError: if it is not plain arithmetic.
    """
    body = text.removeprefix("=").strip()
    if not body or len(body) > MAX_LENGTH:
        raise UserError(
            f"expression {text[:40]!r} is {'empty' if not body else 'too long'}; write arithmetic such as =width * 2"
        )
    try:
        tree = ast.parse(body, mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise UserError(f"expression {text!r} is not arithmetic; write something like =width * 2") from None
    return tree


def names(text: str) -> set[str]:
    """Return the variables that an expression uses.

    Raises:
        UserError: if it is not plain arithmetic.
    """
    tree = parse(text)
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} - set(_FUNCTIONS)


def evaluate(text: str, variables: Mapping[str, Literal]) -> Scalar:
    """Compute the value of an expression.

    Args:
        text: arithmetic with + - * / // % **, parentheses, items of a tuple (``sizes[0]``), min, max, round, floor,
            ceil, int, and multiple(value, of), which rounds to the nearest multiple as width scaling does.
        variables: the values of names.

    Returns:
        An int if all operations give integers, else a float; a text if the expression is only the name of a text
        variable.

    Raises:
        UserError: if a name is unknown, the arithmetic is not plain, or the result is out of bounds.
    """
    try:
        return _value(parse(text), variables, text)
    except ZeroDivisionError:
        raise UserError(f"expression {text!r} divides by zero") from None
    except (OverflowError, TypeError, ValueError) as error:
        raise UserError(f"expression {text!r} cannot be computed: {error}") from None


def _value(node: ast.expr, variables: Mapping[str, Literal], text: str) -> Scalar:
    match node:
        case ast.Constant(value=bool() | int() | float() | str() as value):
            return _bounded(value, text)
        case ast.Name(id=name):
            if name not in variables:
                others = ", ".join(variables) or "none yet"
                raise UserError(f"expression {text!r} uses {name!r}, which is not a variable; variables: {others}")
            variable = variables[name]
            if isinstance(variable, tuple):
                raise UserError(
                    f"expression {text!r} uses {name!r}, which is {variable}; write {name}[0] for its first item"
                )
            return _bounded(variable, text)
        case ast.Subscript(value=inner, slice=ast.Constant(value=int() as index)):
            return _bounded(_item(inner, index, variables, text), text)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            a, b = _number(left, variables, text), _number(right, variables, text)
            if isinstance(op, ast.Pow) and abs(b) > MAX_POWER:
                raise UserError(f"expression {text!r} raises to a power above {MAX_POWER}")
            return _without_noise(_bounded(_BINARY[type(op)](a, b), text))
        case ast.UnaryOp(op=unary, operand=operand) if type(unary) in _UNARY:
            return _UNARY[type(unary)](_number(operand, variables, text))
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in _FUNCTIONS and args:
            return _bounded(_FUNCTIONS[name](*(_number(arg, variables, text) for arg in args)), text)
    allowed = f"numbers, variables, + - * / // % ** and {', '.join(_FUNCTIONS)}"
    raise UserError(f"expression {text!r} holds something other than arithmetic; allowed are {allowed}")


def _item(node: ast.expr, index: int, variables: Mapping[str, Literal], text: str) -> Scalar:
    """Return an item of a tuple; one number stands for all items, as a kernel of 3 does for (3, 3)."""
    items: Literal
    if isinstance(node, ast.Tuple):  # what `substitute` puts in the place of a name
        items = tuple(_value(item, variables, text) for item in node.elts)
    elif isinstance(node, ast.Name) and isinstance(variables.get(node.id), tuple):
        items = variables[node.id]
    else:
        return _value(node, variables, text)
    assert isinstance(items, tuple)
    if not 0 <= index < len(items) or isinstance(items[index], tuple):
        raise UserError(f"expression {text!r} asks for item {index} of {items}, whose items are numbered from 0")
    return items[index]  # type: ignore[return-value]


def _without_noise(value: Scalar) -> Scalar:
    """Remove the rounding error of a number within 4 ulp of one with 12 digits: 0.1 + 0.2 gives 0.3."""
    if not isinstance(value, float):
        return value
    short = float(f"{value:.12g}")
    return short if abs(value - short) <= 4 * math.ulp(value) else value


def _number(node: ast.expr, variables: Mapping[str, Literal], text: str) -> float:
    value = _value(node, variables, text)
    if isinstance(value, str) or value is None:
        raise UserError(f"expression {text!r} computes with {value!r}, which is not a number")
    return value


def _bounded(value: Scalar, text: str) -> Scalar:
    if isinstance(value, int | float) and not abs(value) <= MAX_MAGNITUDE:
        raise UserError(f"expression {text!r} gives {value:.3g}, which is beyond {MAX_MAGNITUDE:.0e}")
    if isinstance(value, complex):
        raise UserError(f"expression {text!r} gives a complex number")
    return value


def resolve_variables(variables: Mapping[str, Literal]) -> dict[str, Literal]:
    """Return the variables with their expressions evaluated, those in lists too.

    Raises:
        UserError: if variables form a cycle or refer to unknown names.
    """
    values: dict[str, Literal] = {}
    pending: list[str] = []  # names whose evaluation has started; each waits for the next

    def visit(name: str) -> Literal:
        if name in values:
            return values[name]
        if name in pending:
            raise UserError(f"variables form a cycle: {format_cycle(pending[pending.index(name) :])}")
        value = variables[name]
        if isinstance(value, tuple) or is_expression(value):
            if len(pending) >= MAX_DEPTH:
                raise UserError(
                    f"variable {pending[0]!r} depends on a chain of more than {MAX_DEPTH} variables;"
                    " write some of them as numbers"
                )
            pending.append(name)
            used = names(value) if isinstance(value, str) else value_names(value)
            value = resolve(value, {other: visit(other) for other in sorted(used) if other in variables})
            pending.pop()
        values[name] = value
        return value

    for name in variables:
        visit(name)
    return values


def resolve(value: Value, variables: Mapping[str, Literal], iteration: int = 0, iterations: int = 1) -> Literal:
    """Compute the literal that a parameter value stands for.

    Args:
        value: literal, expression, or a value per iteration.
        variables: resolved variables.
        iteration: index of the iteration of a repeat, from 0.
        iterations: number of iterations.

    Raises:
        UserError: if an expression cannot be evaluated or the list of an `Each` is empty.
    """
    if isinstance(value, Each):
        if not value.values:
            raise UserError("each: the list is empty; give one value for each iteration")
        return resolve(value.at(iteration), variables)
    if isinstance(value, Ramp):
        start, stop = resolve(value.start, variables), resolve(value.stop, variables)
        if not isinstance(start, int | float) or not isinstance(stop, int | float):
            raise UserError(f"ramp: {start!r} to {stop!r} are not numbers")
        if iterations == 1:
            return float(start)
        return _without_noise(float(start) + (stop - start) * iteration / (iterations - 1))
    if isinstance(value, tuple):
        return tuple(resolve(item, variables) for item in value)
    if isinstance(value, str) and is_expression(value):
        return evaluate(value, variables)
    return value


def value_parts(value: Value) -> tuple[Literal, ...]:
    """Return the single values that a parameter value consists of: several for a value per iteration, else itself."""
    if isinstance(value, Each):
        return value.listed
    return (value.start, value.stop) if isinstance(value, Ramp) else (value,)


def value_names(value: Value) -> set[str]:
    """Return the variables that the expressions in a parameter value use; an invalid expression uses none."""
    if isinstance(value, tuple | Each | Ramp):
        parts = value if isinstance(value, tuple) else value_parts(value)
        return set().union(*map(value_names, parts))
    if isinstance(value, str) and is_expression(value):
        with suppress(UserError):
            return names(value)
    return set()


def substitute(value: Value, params: Mapping[str, Value]) -> Value:
    """Replace names in the expressions of a parameter value.

    Args:
        value: the parameter value.
        params: what each name stands for; other names stay.

    >>> substitute("=width * 2", {"width": "=base + 1"})
    '=(base + 1) * 2'
    """
    if isinstance(value, Each):
        return Each(tuple(substitute(item, params) for item in value.values))  # type: ignore[misc]
    if isinstance(value, Ramp):
        return Ramp(substitute(value.start, params), substitute(value.stop, params))  # type: ignore[arg-type]
    if isinstance(value, tuple):
        return tuple(substitute(item, params) for item in value)  # type: ignore[misc]
    if not (isinstance(value, str) and is_expression(value)):
        return value
    tree = parse(value)
    if isinstance(tree, ast.Name) and tree.id in params:
        return params[tree.id]

    class Substitution(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.expr:
            replacement = params.get(node.id, f"={node.id}")
            if isinstance(replacement, str) and is_expression(replacement):
                return parse(replacement)
            return ast.Constant(replacement)  # type: ignore[arg-type]

    return f"={ast.unparse(Substitution().visit(tree))}"
