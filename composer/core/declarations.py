"""Declarations: what an extension file states of itself, read from its source with `ast` and without importing it.

A block, a dataset, an objective and an export target are each one file with one marked definition::

    @dataset(title="Handwritten digits", input="1x8x8")
    class Digits:
        \"\"\"The 1,797 digits of scikit-learn.\"\"\"

        def __init__(self, split_seed: int = 0) -> None: ...

The decorator's literal arguments are the declaration, the parameters of the definition are its options. The window and
the command line read both without importing torch, and a broken file is one entry with its reason.
"""

import ast
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from composer.core.errors import UserError
from composer.core.graph import Literal, as_literal

# Larger than the longest sensible extension; larger files are skipped, so that a stray file cannot stall the start.
MAX_SOURCE_BYTES = 200_000
_MISSING = object()
_PLAIN_TYPES = ("int", "float", "bool", "str")
# Annotations of texts with a meaning: a file or folder, and the text of another extension of the same kind.
_TEXT_TYPES = {"Path": "path", "Source": "source"}


@dataclass(frozen=True, slots=True)
class ParamSpec:
    """One parameter of a block or option of an extension: one row of a form.

    Args:
        name: argument name.
        type: ``int``, ``float``, ``bool``, ``str``, ``choice``, ``tuple``, ``path`` (a file or folder) or ``source``
            (another extension as `extension_text` writes it).
        default: its literal default; None with `required`.
        required: whether it has no default.
        optional: whether None is a legal value.
        choices: legal values of a choice.
        range: smallest and largest legal value, where declared.
        items: element type of a tuple and its length (0: any).
        axes: how many integers a tuple may hold instead of one integer for all axes (``kernel_size``); 0: no tuple.
        axis: name of the input axis that gives its value, or None (blocks only).
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
    axes: int = 0
    axis: str | None = None
    help: str = ""

    @property
    def inferred(self) -> bool:
        """Whether its value comes from the shape on a wire."""
        return self.axis is not None


# Argument of a decorator -> the types it accepts and how an error message names them.
Schema = Mapping[str, tuple[tuple[type, ...], str]]
Definition = ast.ClassDef | ast.FunctionDef


@dataclass(frozen=True, slots=True)
class Declaration:
    """What one extension file states of itself.

    Args:
        name: file name without its suffix; the name by which users select the extension.
        path: source file.
        attribute: name of the marked class or function.
        values: the literal arguments of the decorator.
        options: parameters of the marked definition.
        summary: first sentence of its docstring.
        problem: why the file cannot be used; empty if it can.
    """

    name: str
    path: Path
    attribute: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    options: tuple[ParamSpec, ...] = ()
    summary: str = ""
    problem: str = ""

    def option(self, name: str) -> ParamSpec | None:
        """Return an option by name."""
        return next((option for option in self.options if option.name == name), None)


def read_declarations(
    folder: Path, decorator: str, schema: Schema, ignored: tuple[str, ...] = ()
) -> dict[str, Declaration]:
    """Read every extension file of a folder, in alphabetical order.

    Files whose name starts with an underscore and files without a marked definition (shared helpers) are skipped.

    Args:
        folder: the folder to walk, not recursively.
        decorator: name of the decorator that marks the definition.
        schema: the decorator's arguments.
        ignored: parameters that the caller supplies, so that they are not options.

    Returns:
        Declarations by name; one with a `problem` for each broken file.
    """
    declarations: dict[str, Declaration] = {}
    for path in sorted(folder.glob("*.py")):
        if path.stem.startswith("_"):
            continue
        try:
            declaration = read_declaration(path, decorator, schema, ignored)
        except UserError as error:
            declaration = Declaration(path.stem, path, problem=str(error))
        if declaration is not None:
            declarations[path.stem] = declaration
    return declarations


def read_declaration(path: Path, decorator: str, schema: Schema, ignored: tuple[str, ...] = ()) -> Declaration | None:
    """Read one extension file; see `read_declarations`.

    Returns:
        The declaration; None if the file holds no marked definition.

    Raises:
        UserError: if the file cannot be parsed, holds several marked definitions or declares something that is not a
            literal.
    """
    tree = parse_source(path)
    marked = find_marked(tree, decorator)
    if not marked:
        return None
    if len(marked) > 1:
        raise UserError(f"{path.name}: holds {len(marked)} definitions marked by @{decorator}, expected one")
    definition, call = marked[0]
    doc = ast.get_docstring(definition) or ""
    return Declaration(
        name=path.stem,
        path=path,
        attribute=definition.name,
        values=read_arguments(path, decorator, call, schema),
        options=tuple(read_params(path, signature_of(definition), arg_help(doc), ignored=ignored)),
        summary=first_paragraph(doc),
    )


def parse_source(path: Path) -> ast.Module:
    """Parse a Python file.

    Raises:
        UserError: if it cannot be read or parsed, or is too large.
    """
    try:
        if path.stat().st_size > MAX_SOURCE_BYTES:
            raise UserError(f"{path.name}: larger than {MAX_SOURCE_BYTES // 1000} kB, the limit for such a file")
        return ast.parse(path.read_text(encoding="utf-8"))
    except SyntaxError as error:
        where = f", line {error.lineno}" if error.lineno else ""
        raise UserError(f"{path.name}{where}: {error.msg}") from None
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise UserError(f"{path.name}: cannot be read: {error}") from None
    except (RecursionError, MemoryError):
        raise UserError(f"{path.name}: cannot be read: it is nested too deeply") from None


def find_marked(tree: ast.Module, decorator: str) -> list[tuple[Definition, ast.Call]]:
    """Return the top-level classes and functions that carry a decorator, each with the decorator's call."""
    return [
        (node, call)
        for node in tree.body
        if isinstance(node, ast.ClassDef | ast.FunctionDef)
        for call in node.decorator_list
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == decorator
    ]


def signature_of(definition: Definition) -> ast.FunctionDef | None:
    """Return the function whose parameters are the options: the constructor of a class, or the function itself."""
    if isinstance(definition, ast.FunctionDef):
        return definition
    return next(
        (node for node in definition.body if isinstance(node, ast.FunctionDef) and node.name == "__init__"), None
    )


def read_arguments(path: Path, decorator: str, call: ast.Call, schema: Schema) -> dict[str, Any]:
    """Read the arguments of a decorator.

    Raises:
        UserError: if an argument is positional, unknown, not a literal or of another type.
    """
    if call.args:
        raise UserError(f"{path.name}, line {call.lineno}: @{decorator} takes named arguments only")
    values: dict[str, Any] = {}
    for keyword in call.keywords:
        name = keyword.arg or "**"
        where = f"{path.name}, line {keyword.value.lineno}: @{decorator}({name}=...)"
        if name not in schema:
            raise UserError(f"{where} is unknown; it takes {', '.join(schema)}")
        types, expected = schema[name]
        try:
            value = literal_of(keyword.value)
        except ValueError:
            raise UserError(f"{where} must be a literal") from None
        if not isinstance(value, types):
            raise UserError(f"{where} is {value!r:.40}, expected {expected}")
        values[name] = value
    return values


def read_params(
    path: Path,
    function: ast.FunctionDef | None,
    help: Mapping[str, str],
    axis_of: Callable[[str], str | None] | None = None,
    ignored: Collection[str] = (),
) -> Iterator[ParamSpec]:
    """Yield the parameters of a function, `self` left out.

    Args:
        path: source file, for messages.
        function: the function; None yields nothing.
        help: descriptions by parameter name.
        axis_of: maps a parameter name to the input axis that gives its value; parameters without a default need one.
        ignored: names of parameters that are left out, whatever their annotation.

    Raises:
        UserError: if a parameter has no annotation, an unknown one, or a default that is not a literal.
    """
    if function is None:
        return
    positional = function.args.args
    if positional and positional[0].arg == "self":
        positional = positional[1:]
    defaults: list[ast.expr | None] = [None] * (len(positional) - len(function.args.defaults))
    defaults += [*function.args.defaults, *function.args.kw_defaults]
    for argument, default in zip([*positional, *function.args.kwonlyargs], defaults, strict=True):
        if argument.arg in ignored:
            continue
        where = f"{path.name}, line {argument.lineno}: parameter {argument.arg}"
        value: Any = _MISSING
        if default is not None:
            try:
                value = as_literal(literal_of(default))
            except ValueError:
                raise UserError(f"{where} has a default that is not a literal") from None
        axis = axis_of(argument.arg) if axis_of is not None else None
        if value is _MISSING and axis is None and axis_of is not None:
            raise UserError(f"{where} has no default and is not an axis of the input shape")
        if argument.annotation is None:
            raise UserError(f"{where} has no annotation")
        yield ParamSpec(
            argument.arg,
            default=None if value is _MISSING else value,
            required=value is _MISSING,
            axis=axis,
            help=help.get(argument.arg, ""),
            **_read_annotation(argument.annotation, where),
        )


def _read_annotation(node: ast.expr, where: str) -> dict[str, Any]:
    """Return the `ParamSpec` fields that an annotation determines."""
    match node:
        case ast.Name(id=name) if name in _PLAIN_TYPES:
            return {"type": name}
        case ast.Name(id=name) if name in _TEXT_TYPES:
            return {"type": _TEXT_TYPES[name]}
        case ast.BinOp(left=left, op=ast.BitOr(), right=ast.Constant(value=None)):
            return {**_read_annotation(left, where), "optional": True}
        case ast.BinOp(
            left=ast.Name(id="int"),
            op=ast.BitOr(),
            right=ast.Subscript(value=ast.Name(id="tuple"), slice=ast.Tuple(elts=parts)),
        ) if all(isinstance(part, ast.Name) and part.id == "int" for part in parts):
            return {"type": "int", "axes": len(parts)}
        case ast.Subscript(value=ast.Name(id="Literal"), slice=choices) if is_literal(choices):
            value = ast.literal_eval(choices)
            return {"type": "choice", "choices": value if isinstance(value, tuple) else (value,)}
        case ast.Subscript(
            value=ast.Name(id="Annotated"), slice=ast.Tuple(elts=[inner, ast.Tuple(elts=[low, high])])
        ) if is_literal(low) and is_literal(high):
            return {**_read_annotation(inner, where), "range": (ast.literal_eval(low), ast.literal_eval(high))}
        case ast.Subscript(value=ast.Name(id="tuple"), slice=ast.Tuple(elts=[ast.Name(id=kind), *others])) if (
            kind in _PLAIN_TYPES
        ):
            if len(others) == 1 and isinstance(others[0], ast.Constant) and others[0].value is ...:
                return {"type": "tuple", "items": (kind, 0)}
            if all(isinstance(other, ast.Name) and other.id == kind for other in others):
                return {"type": "tuple", "items": (kind, 1 + len(others))}
    allowed = "int, int | tuple[int, int], float, bool, str, Path, Source, Literal, tuple, Annotated, X | None"
    raise UserError(f"{where}: annotation {ast.unparse(node)} is not one of {allowed}")


def literal_of(node: ast.expr) -> Any:
    """Return the value of a literal expression.

    Raises:
        ValueError: if the expression is not a literal.
    """
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        raise ValueError from None


def is_literal(node: ast.expr) -> bool:
    """Return whether an expression is a literal."""
    try:
        literal_of(node)
    except ValueError:
        return False
    return True


def first_paragraph(doc: str) -> str:
    """Return the first paragraph of a docstring on one line, as plain text."""
    return _without_backticks(" ".join(doc.split("\n\n", maxsplit=1)[0].split()))


def arg_help(doc: str) -> dict[str, str]:
    """Return the descriptions in the `Args` section of a docstring by argument name, as plain text."""
    section = re.search(r"^Args:\n((?:[ \t]+.*\n?|\n)*)", doc, re.MULTILINE)
    if not section:
        return {}
    descriptions: dict[str, str] = {}
    name = ""
    indent = len(section[1]) - len(section[1].lstrip(" "))
    for line in section[1].splitlines():
        if entry := re.match(rf" {{{indent}}}\*?(\w+)(?: \([^)]*\))?: (.*)", line):
            name = entry[1]
            descriptions[name] = entry[2].strip()
        elif name and line.strip():
            descriptions[name] += " " + line.strip()
    return {name: _without_backticks(text) for name, text in descriptions.items()}


def _without_backticks(text: str) -> str:
    """Drop the code markup of a docstring: labels and tooltips would show the backticks."""
    return text.replace("`", "")
