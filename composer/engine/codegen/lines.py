"""Calls and comprehensions as lines of Python, broken where they are too long, in the style of ruff."""

import re
from collections.abc import Sequence

# Longest line of generated source, its indentation included.
WIDTH = 120
# Indentation of the statements of a method.
INDENT = 8


def call_lines(function: str, arguments: Sequence[str]) -> list[str]:
    """Return a call in the body of a method: on one line, or with a line for each argument."""
    line = f"{function}({', '.join(arguments)})"
    if len(line) + INDENT <= WIDTH:
        return [line]
    rows = (row for argument in arguments for row in _argument_lines(argument, INDENT + 4))
    return [f"{function}(", *(f"    {row}" for row in rows), ")"]


def module_list_lines(
    target: str, holder: str, call: tuple[str, Sequence[str]], loop: Sequence[tuple[str, str]], count: str
) -> list[str]:
    """Return the statement that makes a module list with a comprehension.

    Args:
        target: what the list is assigned to, such as ``self.stage_1``.
        holder: ``nn.Sequential`` or ``nn.ModuleList``.
        call: class and arguments of each module.
        loop: loop variables and the text of the tuples that they run over; empty if all modules are alike.
        count: text of the number of modules.
    """
    # 1. The comprehension on one line.
    variables = ", ".join(variable for variable, _ in loop)
    if not loop:
        clause = f"for _ in range({count})"
    elif len(loop) == 1:
        clause = f"for {variables} in {loop[0][1]}"
    else:
        clause = f"for {variables} in zip({', '.join(values for _, values in loop)}, strict=True)"
    star = "*" if holder == "nn.Sequential" else ""
    function, arguments = call
    item = f"{star}[{function}({', '.join(arguments)}) {clause}]"
    if len(line := f"{target} = {holder}({item})") + INDENT <= WIDTH:
        return [line]

    # 2. On a line of its own between the parentheses of the holder.
    if len(item) + INDENT + 4 <= WIDTH:
        return [f"{target} = {holder}(", f"    {item}", ")"]

    # 3. The call and the loop on lines of their own, and those broken again where they are still too long.
    clause_lines = [clause]
    if len(clause) + INDENT + 8 > WIDTH and len(loop) > 1:
        rows = [f"    {row}" for _, values in loop for row in _argument_lines(values, INDENT + 12)]
        clause_lines = [f"for {variables} in zip(", *rows, "    strict=True,", ")"]
    body = [*call_lines(function, arguments), *clause_lines]
    return [f"{target} = {holder}(", f"    {star}[", *(f"        {line}" for line in body), "    ]", ")"]


def _argument_lines(text: str, indent: int) -> list[str]:
    """Return an argument with its comma; a flat tuple that is too long has a line for each value."""
    flat = re.fullmatch(r"(\w+=)?\(([^()]*)\)", text)
    if len(text) + 1 + indent <= WIDTH or flat is None:
        return [f"{text},"]
    values = flat[2].rstrip(",").split(", ")
    return [f"{flat[1] or ''}(", *(f"    {value}," for value in values), "),"]
