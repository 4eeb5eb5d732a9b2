"""The docstring of generated source: title, description, inputs, and a table of the nodes with their costs."""

import textwrap
from collections.abc import Sequence

from composer.core.files.design_file import design_hash
from composer.core.graph import Input
from composer.engine.codegen.graph_class import shape_text
from composer.engine.codegen.lines import WIDTH
from composer.engine.inference.infer import Inference

# Columns of the table that are aligned to the left; the others are numbers.
_TEXT_COLUMNS = 3


def docstring(inference: Inference) -> str:
    """Return the docstring of the module for an inferred design."""
    design, root = inference.design, inference.root
    items = design.main.inputs.values()
    inputs = ", ".join(_input_text(item, root.values[item.id, ""].shape) for item in items)
    note = f"Inputs: {inputs}. N is the batch; MACs are multiply-adds of one sample. Design {design_hash(design)}."
    lines = [f'"""{_plain(design.name)}.', ""]
    if design.description:
        lines += [*textwrap.wrap(f"{_plain(design.description)}.", WIDTH - 4), ""]
    lines += [*textwrap.wrap(note, WIDTH - 4), ""]
    lines += [*(f"    {line}" for line in _aligned(_rows(inference))), '"""']
    return "\n".join(lines)


def _rows(inference: Inference) -> list[tuple[str, ...]]:
    """Return the table of the main graph: one row for each built node, and the totals."""
    batch = inference.facts.batch
    rows: list[tuple[str, ...]] = [("node", "block", "output", "params", "MACs")]
    live = inference.design.main.live_nodes()
    for id, result in inference.root.nodes.items():
        if id in live:
            facts = result.facts
            shapes = " ".join(shape_text(port.shape) for port in facts.outputs)
            times = f" x{len(result.iterations)}" if len(result.iterations) > 1 else ""
            block = result.node.block.removeprefix("graph:") + times
            rows.append((id, block, shapes, f"{facts.params:,}", f"{facts.macs // batch:,}"))
    totals = inference.facts.totals
    rows.append(("total", "", "", f"{totals.params:,}", f"{totals.macs // batch:,}"))
    return rows


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the rows of a table as lines with aligned columns."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = [
            cell.ljust(width) if column < _TEXT_COLUMNS else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return lines


def _plain(text: str) -> str:
    """Return a text of the user as it may be in a docstring: nothing in it can end the docstring or is invisible."""
    printable = "".join(c if c.isprintable() else " " for c in text.replace("\\", "/").replace('"', "'"))
    return " ".join(printable.split()).rstrip(".") or "Untitled"


def _input_text(item: Input, shape: Sequence[int]) -> str:
    """Return an input as ``image (N, 3, 224, 224)``, with its dtype unless that is float32."""
    return f"{item.id} {shape_text(shape)}" + (f" {item.dtype}" if item.dtype != "float32" else "")
