"""The constructor lines of one node: its module, or the list of modules of a repeat."""

from collections.abc import Sequence
from dataclasses import dataclass

from composer.core import names
from composer.core.graph import Design, Literal, Node, is_expression
from composer.engine.codegen.graph_class import GraphClass
from composer.engine.codegen.lines import call_lines, module_list_lines
from composer.engine.codegen.literals import all_identical, literal


@dataclass(frozen=True)
class ModuleArguments:
    """What the constructor of a node's module is called with.

    Attributes:
        module: name of the class.
        rows: constructor arguments by instance of the surrounding graph, then by iteration.
    """

    module: str
    rows: list[list[dict[str, Literal]]]


def constructor_lines(
    design: Design, cls: GraphClass, node: Node, arguments: ModuleArguments, *, sequential: bool
) -> list[str]:
    """Return the statement that makes the module of a node.

    Args:
        design: the design.
        cls: the class whose constructor is written; values that differ between its instances become its arguments.
        node: the node.
        arguments: what its module is called with.
        sequential: whether the modules of a repeat can be called as one `nn.Sequential`.
    """
    # 1. An argument that is the same in all iterations is one expression; the others are tuples that a loop runs over.
    keys = list(dict.fromkeys(key for row in arguments.rows for iteration in row for key in iteration))
    fixed: dict[str, str] = {}
    varying: dict[str, str] = {}
    for key in keys:
        columns = [[iteration[key] for iteration in row] for row in arguments.rows]
        if all(all_identical(column) for column in columns):
            fixed[key] = _expression(design, cls, node, key, [column[0] for column in columns])
        else:
            varying[key] = _expression(design, cls, node, key, [tuple(column) for column in columns], suffix="_each")

    # 2. Without a repeat it is one call.
    target = f"self.{node.id}"
    if not is_repeated(node):
        return call_lines(f"{target} = {arguments.module}", [f"{key}={fixed[key]}" for key in keys])

    # 3. A loop variable has the name of its argument, unless it would hide an argument of the class on the same line.
    hidden = {argument.name for argument in cls.arguments}
    variables = {
        key: key if key not in hidden else names.fresh(f"{key}_of_iteration", hidden | varying.keys())
        for key in varying
    }
    call = (arguments.module, [f"{key}={variables.get(key) or fixed[key]}" for key in keys])
    loop = [(variables[key], values) for key, values in varying.items()]
    count = "" if loop else _expression(design, cls, node, "repeat", [len(row) for row in arguments.rows])
    return module_list_lines(target, "nn.Sequential" if sequential else "nn.ModuleList", call, loop, count)


def is_repeated(node: Node) -> bool:
    """Return whether a node is a list of modules; an expression that gives 1 is, to keep state_dict paths stable."""
    return node.repeat != 1


def _expression(
    design: Design, cls: GraphClass, node: Node, key: str, values: Sequence[Literal], suffix: str = ""
) -> str:
    """Return a literal where all instances agree, else the constructor argument that carries the difference."""
    if cls.graph is design.main or all_identical(values):
        return literal(values[0])
    raw = node.repeat if key == "repeat" else node.params.get(key)
    if isinstance(raw, str) and is_expression(raw) and raw[1:].strip() in cls.graph.params:
        name, exposed = raw[1:].strip(), True
    else:
        name, exposed = "depth" if key == "repeat" else key, False
    return cls.argument(name + suffix, f"{node.id}_{key}{suffix}", list(values), exposed=exposed)
