"""What a block file declares, read from its source text with `ast`: neither the block nor torch is imported."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from composer.core.blocks.map_kinds import check_map_kind
from composer.core.blocks.roles import Conversion, check_role, parse_conversions
from composer.core.blocks.shapes import Shapes, parse_shapes
from composer.core.blocks.token_rules import TokenRules, parse_rules
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
        examples: settings for the contract test.
        exceptions: contract checks that the block cannot meet, each with the reason.
        role: a key of `roles.ROLES`, or empty.
        sign: what a merge shows on the canvas.
        converts: pairs of layouts (from, to) between which the block converts.
        windows: attributes of the module that hold the side of its windows and, if they are shifted, by how much.
        heads: attribute of the module that holds the number of heads, if a map is computed on request.
        rates: parameters on which costs depend only in whether they are zero, such as the rate of stochastic depth.
        no_decay: trainable tensors that weight decay leaves alone, as dotted names in which ``*`` stands for any text.
        tokens: what the block does to the positions of tokens, as written; see `token_rules`.
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
    role: str = ""
    sign: str = ""
    converts: tuple[Conversion, ...] = ()
    windows: tuple[str, ...] = ()
    heads: str = ""
    rates: tuple[str, ...] = ()
    no_decay: tuple[str, ...] = ()
    tokens: str | Mapping[str, str] = ""

    @cached_property
    def shapes(self) -> Shapes:
        """The shape string, parsed."""
        return parse_shapes(self.shape)

    @cached_property
    def token_rules(self) -> TokenRules:
        """What the block does to the positions of tokens."""
        inputs, outputs = [port.name for port in self.inputs], [port.name for port in self.outputs]
        return parse_rules(self.tokens, self.shapes, inputs, outputs)

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
    "role": ((str,), "a text"),
    "sign": ((str,), "a text"),
    "converts": ((str,), "a text"),
    "windows": ((tuple, list), "a tuple"),
    "heads": ((str,), "a text"),
    "rates": ((tuple, list), "a tuple"),
    "no_decay": ((tuple, list), "a tuple"),
    "tokens": ((str, dict), "a text or a mapping"),
}


def _spec(path: Path, tree: ast.Module, cls: ast.ClassDef, call: ast.Call) -> BlockSpec:
    mark = {
        name: {} if value is None else value for name, value in read_arguments(path, "block", call, _ARGUMENTS).items()
    }
    if "shape" not in mark:
        raise UserError(f"{path.name}: @block has no shape; write for example shape='b c h w -> b c h w'")
    try:
        shapes = parse_shapes(mark["shape"])
        converts = parse_conversions(mark.get("converts", ""))
    except UserError as error:
        raise UserError(f"{path.name}: {error}") from None
    try:
        for kind in mark.get("maps", {}).values():
            check_map_kind(kind)
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
        expected = f"the shape string {mark['shape']!r} has {len(shapes.inputs)}"
        raise UserError(f"{path.name}: forward has {len(inputs)} tensor inputs, but {expected}")
    names = tuple(mark.get("outputs", ()))
    if len(shapes.outputs) > 1 and len(names) != len(shapes.outputs):
        raise UserError(
            f"{path.name}: {len(shapes.outputs)} outputs need as many names in outputs=(...), got {len(names)}"
        )
    role, sign, rates = mark.get("role", ""), mark.get("sign", ""), tuple(mark.get("rates", ()))
    param_names = {param.name for param in params}
    try:
        check_role(role, sign, param_names, variadic=any(port.variadic for port in inputs))
    except UserError as error:
        raise UserError(f"{path.name}: {error}") from None
    if unknown := [name for name in rates if name not in param_names]:
        raise UserError(f"{path.name}: rates names {unknown[0]!r}, which is not a parameter of {cls.name}")
    no_decay = tuple(mark.get("no_decay", ()))
    if not all(isinstance(name, str) for name in no_decay):
        raise UserError(f"{path.name}: no_decay is {no_decay!r}, expected names of parameters such as ('token',)")
    spec = BlockSpec(
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
        role=role,
        sign=sign,
        converts=converts,
        windows=tuple(mark.get("windows", ())),
        heads=mark.get("heads", ""),
        rates=rates,
        no_decay=no_decay,
        tokens=mark.get("tokens", ""),
    )
    try:
        _ = spec.token_rules
    except UserError as error:
        raise UserError(f"{path.name}: {error}") from None
    return spec


def _ports(forward: ast.FunctionDef, dtypes: Mapping[str, str]) -> Iterator[Port]:
    positional = forward.args.args[1:]
    optional_from = len(positional) - len(forward.args.defaults)
    for index, arg in enumerate(positional):
        yield Port(arg.arg, optional=index >= optional_from, dtype=dtypes.get(arg.arg))
    if forward.args.vararg:
        yield Port(forward.args.vararg.arg, variadic=True, dtype=dtypes.get(forward.args.vararg.arg))
