"""Arithmetic over design variables: ``"=width * 2"``. Parsed with `ast`, evaluated by hand, bounded; no name can reach Python."""

import ast
import math
import operator
from collections.abc import Callable, Mapping

from composer.core.errors import UserError
from composer.core.graph import Each, Literal, Ramp, Scalar, Value, is_expression

MAX_LENGTH = 200
MAX_DEPTH = 100
MAX_MAGNITUDE = 10**15  # far above any sensible size, far below what makes big-integer arithmetic slow

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
    """Variables an expression uses.

    Raises:
        UserError: if it is not plain arithmetic.
    """
    tree = parse(text)
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} - set(_FUNCTIONS)


def evaluate(text: str, variables: Mapping[str, Scalar]) -> Scalar:
    """Value of an expression.

    Args:
        text: arithmetic with + - * / // % **, parentheses, min, max, round, floor, ceil, int, and multiple(value, of), which
            rounds to the nearest multiple as width scaling does.
        variables: the values of names.

    Returns:
        An int where the arithmetic stays whole, else a float; a text if the expression is just the name of a text variable.

    Raises:
        UserError: if a name is unknown, the arithmetic is not plain, or the result is out of bounds.
    """
    try:
        return _value(parse(text), variables, text)
    except ZeroDivisionError:
        raise UserError(f"expression {text!r} divides by zero") from None
    except (OverflowError, TypeError, ValueError) as error:
        raise UserError(f"expression {text!r} cannot be computed: {error}") from None


def _value(node: ast.expr, variables: Mapping[str, Scalar], text: str) -> Scalar:
    match node:
        case ast.Constant(value=bool() | int() | float() | str() as value):
            return _bounded(value, text)
        case ast.Name(id=name):
            if name not in variables:
                known = ", ".join(variables) or "none yet"
                raise UserError(f"expression {text!r} uses {name!r}, which is not a variable; known variables: {known}")
            return _bounded(variables[name], text)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            a, b = _number(left, variables, text), _number(right, variables, text)
            if isinstance(op, ast.Pow) and abs(b) > 16:
                raise UserError(f"expression {text!r} raises to a power above 16")
            return _without_noise(_bounded(_BINARY[type(op)](a, b), text))
        case ast.UnaryOp(op=unary, operand=operand) if type(unary) in _UNARY:
            return _UNARY[type(unary)](_number(operand, variables, text))
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in _FUNCTIONS and args:
            return _bounded(_FUNCTIONS[name](*(_number(arg, variables, text) for arg in args)), text)
    allowed = f"numbers, variables, + - * / // % ** and {', '.join(_FUNCTIONS)}"
    raise UserError(f"expression {text!r} holds something other than arithmetic; allowed are {allowed}")


def _without_noise(value: Scalar) -> Scalar:
    """Return a computed number without its rounding error where it is within 4 ulp of one of 12 digits: 0.1 + 0.2 is 0.3."""
    if not isinstance(value, float):
        return value
    short = float(f"{value:.12g}")
    return short if abs(value - short) <= 4 * math.ulp(value) else value


def _number(node: ast.expr, variables: Mapping[str, Scalar], text: str) -> float:
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


def resolve_variables(variables: Mapping[str, Scalar]) -> dict[str, Scalar]:
    """Variables with expressions replaced by their values.

    Raises:
        UserError: if variables refer to each other in a circle or to unknown names.
    """
    done: dict[str, Scalar] = {}
    open_: list[str] = []  # what is being worked out: each waits for the next

    def visit(name: str) -> Scalar:
        if name in done:
            return done[name]
        if name in open_:
            raise UserError(
                f"variables refer to each other in a circle: {' -> '.join([*open_[open_.index(name) :], name])}"
            )
        value = variables[name]
        if isinstance(value, str) and is_expression(value):
            if len(open_) >= MAX_DEPTH:
                raise UserError(
                    f"variable {open_[0]!r} needs a chain of variables more than {MAX_DEPTH} deep; write some of them as numbers"
                )
            open_.append(name)
            needed = {used: visit(used) for used in sorted(names(value)) if used in variables}
            value = evaluate(value, needed)
            open_.pop()
        done[name] = value
        return value

    for name in variables:
        visit(name)
    return done


def resolve(value: Value, variables: Mapping[str, Scalar], round_: int = 0, rounds: int = 1) -> Literal:
    """A parameter value as a literal.

    Args:
        value: literal, expression, or a per-round value.
        variables: resolved variables.
        round_: index of the round of a repeat, from 0.
        rounds: number of rounds.

    Raises:
        UserError: if an expression cannot be evaluated or a per-round list is empty.
    """
    if isinstance(value, Each):
        if not value.values:
            raise UserError("each: the list is empty; give one value for each round")
        return resolve(value.values[round_ % len(value.values)], variables)
    if isinstance(value, Ramp):
        start, stop = resolve(value.start, variables), resolve(value.stop, variables)
        if not isinstance(start, int | float) or not isinstance(stop, int | float):
            raise UserError(f"ramp: {start!r} to {stop!r} are not numbers")
        return float(start) if rounds == 1 else _without_noise(float(start) + (stop - start) * round_ / (rounds - 1))
    if isinstance(value, tuple):
        return tuple(resolve(item, variables) for item in value)
    if isinstance(value, str) and is_expression(value):
        return evaluate(value, variables)
    return value
