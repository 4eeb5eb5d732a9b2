"""What a block file declares, read from its source text with `ast`: nothing is imported, neither the block nor torch."""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from composer.core.blocks.shapes import Shapes, parse_shapes
from composer.core.errors import UserError
from composer.core.graph import Literal, as_literal

# Wide enough for the longest sensible block; larger files are not read, so that a stray file cannot stall the start.
MAX_SOURCE_BYTES = 200_000
_MISSING = object()


@dataclass(frozen=True, slots=True)
class ParamSpec:
    """One parameter of a block: a row of the inspector's form.

    Args:
        name: argument name.
        type: ``int``, ``float``, ``bool``, ``str``, ``choice``, ``tuple``.
        default: its literal default; None with `required`.
        required: whether it has no default, so that it comes from a wire.
        optional: whether None is a legal value.
        choices: legal values of a choice.
        range: least and greatest legal value, where declared.
        items: element type of a tuple and its length (0: any).
        axis: name of the input axis that it is taken from, or None.
        help: its line of the docstring's `Args`.
    """

    name: str
    type: str
    default: Literal = None
    required: bool = False
    optional: bool = False
    choices: tuple[Literal, ...] = ()
    range: tuple[float, float] | None = None
    items: tuple[str, int] | None = None
    axis: str | None = None
    help: str = ""

    @property
    def inferred(self) -> bool:
        """Whether the wires say its value."""
        return self.axis is not None


@dataclass(frozen=True, slots=True)
class Port:
    """An input or output port."""

    name: str
    optional: bool = False
    variadic: bool = False
    dtype: str | None = None


@dataclass(frozen=True)
class BlockSpec:
    """What a block file declares.

    Args:
        name: class name.
        category: folder.
        path: source file.
        module: dotted module name.
        summary: first sentence of the class docstring.
        doc: module docstring: what it is, the paper, deviations.
        shape: the shape string as written.
        paper: title, authors, year, arXiv number.
        maps: submodule path, ``softmax``, or path of a method, to kind of map.
        params: in the order of the constructor.
        inputs: input ports in order.
        outputs: output ports in order.
    """

    name: str
    category: str
    path: Path
    module: str
    summary: str
    doc: str
    shape: str
    paper: str = ""
    maps: Mapping[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    params: tuple[ParamSpec, ...] = ()
    inputs: tuple[Port, ...] = ()
    outputs: tuple[Port, ...] = ()
    examples: tuple[Mapping[str, Any], ...] = ()
    exceptions: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def shapes(self) -> Shapes:
        """The shape string, parsed."""
        return parse_shapes(self.shape)

    def param(self, name: str) -> ParamSpec | None:
        """A parameter by name."""
        return next((param for param in self.params if param.name == name), None)

    def input(self, name: str = "") -> Port | None:
        """An input port by name; the empty name is the first."""
        return next((port for port in self.inputs if not name or port.name == name), None)

    def output(self, name: str = "") -> Port | None:
        """An output port by name; the empty name is the first."""
        return next((port for port in self.outputs if not name or port.name == name), None)


def read_block(path: Path) -> BlockSpec:
    """Read one block file.

    Args:
        path: a Python file that holds one class marked by `@block`.

    Raises:
        UserError: if the file cannot be parsed, holds no block or several, or declares something that is not a literal.
    """
    try:
        if path.stat().st_size > MAX_SOURCE_BYTES:
            raise UserError(f"{path.name}: larger than {MAX_SOURCE_BYTES // 1000} kB, which no block file is")
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except SyntaxError as error:
        where = f", line {error.lineno}" if error.lineno else ""
        raise UserError(f"{path.name}{where}: {error.msg}") from None
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise UserError(f"{path.name}: cannot be read: {error}") from None
    except (RecursionError, MemoryError):
        raise UserError(f"{path.name}: cannot be read: it is nested too deeply") from None
    marked = [
        (node, call)
        for node in tree.body
        if isinstance(node, ast.ClassDef)
        for call in node.decorator_list
        if _is_mark(call)
    ]
    if len(marked) != 1:
        raise UserError(f"{path.name}: holds {len(marked)} classes marked by @block, expected one")
    cls, call = marked[0]
    assert isinstance(call, ast.Call)
    return _spec(path, tree, cls, call)


def _is_mark(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "block"


# Arguments of @block and what they are; a mapping may also be None.
_MARK: dict[str, tuple[tuple[type, ...], str]] = {
    "shape": ((str,), "a text"),
    "paper": ((str,), "a text"),
    "maps": ((dict, type(None)), "a mapping"),
    "tags": ((tuple, list), "a tuple"),
    "aliases": ((dict, type(None)), "a mapping"),
    "outputs": ((tuple, list), "a tuple"),
    "dtypes": ((dict, type(None)), "a mapping"),
    "examples": ((tuple, list), "a tuple"),
    "exceptions": ((dict, type(None)), "a mapping"),
}


def _literal_of(node: ast.expr) -> Any:
    """The value of a literal.

    Raises:
        ValueError: if it is none.
    """
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        raise ValueError from None


def _mark(path: Path, call: ast.Call) -> dict[str, Any]:
    """The arguments of @block."""
    if call.args:
        raise UserError(
            f"{path.name}, line {call.lineno}: @block takes named arguments only, such as shape='b c h w -> b c h w'"
        )
    mark: dict[str, Any] = {}
    for keyword in call.keywords:
        where = f"{path.name}, line {keyword.value.lineno}: @block({keyword.arg}=...)"
        if keyword.arg not in _MARK:
            raise UserError(f"{where} is unknown; it takes {', '.join(_MARK)}")
        types, expected = _MARK[keyword.arg]
        try:
            value = _literal_of(keyword.value)
        except ValueError:
            raise UserError(f"{where} must be a literal") from None
        if not isinstance(value, types):
            raise UserError(f"{where} is {value!r:.40}, expected {expected}")
        mark[keyword.arg] = {} if value is None else value
    return mark


def _spec(path: Path, tree: ast.Module, cls: ast.ClassDef, call: ast.Call) -> BlockSpec:
    mark = _mark(path, call)
    if "shape" not in mark:
        raise UserError(f"{path.name}: @block has no shape; write for example shape='b c h w -> b c h w'")
    try:
        shapes = parse_shapes(mark["shape"])
    except UserError as error:
        raise UserError(f"{path.name}: {error}") from None
    methods = {node.name: node for node in cls.body if isinstance(node, ast.FunctionDef)}
    if "forward" not in methods:
        raise UserError(f"{path.name}: class {cls.name} has no forward")
    doc = ast.get_docstring(cls) or ""
    aliases = mark.get("aliases", {})
    params = tuple(_params(path, methods.get("__init__"), aliases, shapes, _arg_help(doc)))
    inputs = tuple(_ports(methods["forward"], mark.get("dtypes", {})))
    if len(inputs) != len(shapes.inputs):
        wanted = f"the shape string {mark['shape']!r} has {len(shapes.inputs)}"
        raise UserError(f"{path.name}: forward has {len(inputs)} tensor inputs, but {wanted}")
    names = tuple(mark.get("outputs", ()))
    if len(shapes.outputs) > 1 and len(names) != len(shapes.outputs):
        raise UserError(
            f"{path.name}: {len(shapes.outputs)} outputs need as many names in outputs=(...), got {len(names)}"
        )
    return BlockSpec(
        name=cls.name,
        category=path.parent.name,
        path=path,
        module=f"{path.parent.parent.name}.{path.parent.name}.{path.stem}",
        summary=" ".join(doc.split("\n\n")[0].split()),
        doc=ast.get_docstring(tree) or "",
        shape=mark["shape"],
        paper=mark.get("paper", ""),
        maps=mark.get("maps") or {},
        tags=tuple(mark.get("tags", ())),
        params=params,
        inputs=inputs,
        outputs=tuple(Port(name) for name in names) if names else (Port("out"),),
        examples=tuple(mark.get("examples", ())),
        exceptions=mark.get("exceptions") or {},
    )


def _ports(forward: ast.FunctionDef, dtypes: Mapping[str, str]) -> Iterator[Port]:
    positional = forward.args.args[1:]
    optional_from = len(positional) - len(forward.args.defaults)
    for index, arg in enumerate(positional):
        yield Port(arg.arg, optional=index >= optional_from, dtype=dtypes.get(arg.arg))
    if forward.args.vararg:
        yield Port(forward.args.vararg.arg, variadic=True, dtype=dtypes.get(forward.args.vararg.arg))


def _params(
    path: Path, init: ast.FunctionDef | None, aliases: Mapping[str, str], shapes: Shapes, help: Mapping[str, str]
) -> Iterator[ParamSpec]:
    if init is None:
        return
    arguments = [*init.args.args[1:], *init.args.kwonlyargs]
    defaults: list[ast.expr | None] = [None] * (len(init.args.args) - 1 - len(init.args.defaults))
    defaults += [*init.args.defaults, *init.args.kw_defaults]
    for argument, default in zip(arguments, defaults, strict=True):
        where = f"{path.name}, line {argument.lineno}: parameter {argument.arg}"
        value: Any = _MISSING
        if default is not None:
            try:
                value = as_literal(_literal_of(default))
            except ValueError:
                raise UserError(f"{where} has a default that is not a literal") from None
        axis = aliases.get(argument.arg) or (argument.arg if argument.arg in shapes.input_axes else None)
        if value is _MISSING and axis is None:
            raise UserError(f"{where} has no default and is no axis of the input shape")
        if argument.annotation is None:
            raise UserError(f"{where} has no annotation")
        kind = _annotation(argument.annotation, where)
        yield ParamSpec(
            argument.arg,
            default=None if value is _MISSING else value,
            required=value is _MISSING,
            axis=axis,
            help=help.get(argument.arg, ""),
            **kind,
        )


_PLAIN = ("int", "float", "bool", "str")


def _annotation(node: ast.expr, where: str) -> dict[str, Any]:
    match node:
        case ast.Name(id=name) if name in _PLAIN:
            return {"type": name}
        case ast.BinOp(left=left, op=ast.BitOr(), right=ast.Constant(value=None)):
            return {**_annotation(left, where), "optional": True}
        case ast.Subscript(value=ast.Name(id="Literal"), slice=choices) if _is_literal(choices):
            value = ast.literal_eval(choices)
            return {"type": "choice", "choices": value if isinstance(value, tuple) else (value,)}
        case ast.Subscript(
            value=ast.Name(id="Annotated"), slice=ast.Tuple(elts=[inner, ast.Tuple(elts=[low, high])])
        ) if _is_literal(low) and _is_literal(high):
            return {**_annotation(inner, where), "range": (ast.literal_eval(low), ast.literal_eval(high))}
        case ast.Subscript(value=ast.Name(id="tuple"), slice=ast.Tuple(elts=[ast.Name(id=kind), *others])) if (
            kind in _PLAIN
        ):
            if len(others) == 1 and isinstance(others[0], ast.Constant) and others[0].value is ...:
                return {"type": "tuple", "items": (kind, 0)}
            if all(isinstance(other, ast.Name) and other.id == kind for other in others):
                return {"type": "tuple", "items": (kind, 1 + len(others))}
    raise UserError(
        f"{where}: annotation {ast.unparse(node)} is not one of int, float, bool, str, Literal, tuple, Annotated, X | None"
    )


def _is_literal(node: ast.expr) -> bool:
    try:
        _literal_of(node)
    except ValueError:
        return False
    return True


def _arg_help(doc: str) -> dict[str, str]:
    """Lines of the `Args` section by argument name."""
    section = re.search(r"^Args:\n((?:[ \t]+.*\n?|\n)*)", doc, re.MULTILINE)
    if not section:
        return {}
    found: dict[str, str] = {}
    name = ""
    indent = len(section[1]) - len(section[1].lstrip(" "))
    for line in section[1].splitlines():
        if entry := re.match(rf" {{{indent}}}\*?(\w+)(?: \([^)]*\))?: (.*)", line):
            name = entry[1]
            found[name] = entry[2].strip()
        elif name and line.strip():
            found[name] += " " + line.strip()
    return found
