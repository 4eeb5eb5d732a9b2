"""What a block file declares, read from its source text with `ast`: neither the block nor torch is imported."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from composer.core.blocks.shapes import Shapes, parse_shapes
from composer.core.declarations import (
    ParamSpec,
    Schema,
    arg_help,
    find_marked,
    first_paragraph,
    parse_source,
    read_arguments,
    read_params,
    signature_of,
)
from composer.core.errors import UserError


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
    tree = parse_source(path)
    marked = [(node, call) for node, call in find_marked(tree, "block") if isinstance(node, ast.ClassDef)]
    if len(marked) != 1:
        raise UserError(f"{path.name}: holds {len(marked)} classes marked by @block, expected one")
    return _spec(path, tree, *marked[0])


# A mapping may also be None, the default that Python itself needs there.
_ARGUMENTS: Schema = {
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


def _spec(path: Path, tree: ast.Module, cls: ast.ClassDef, call: ast.Call) -> BlockSpec:
    mark = {
        name: {} if value is None else value for name, value in read_arguments(path, "block", call, _ARGUMENTS).items()
    }
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

    def axis_of(name: str) -> str | None:
        return aliases.get(name) or (name if name in shapes.input_axes else None)

    params = tuple(read_params(path, signature_of(cls), arg_help(doc), axis_of))
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
        summary=first_paragraph(doc),
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
