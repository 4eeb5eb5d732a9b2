"""The docstring of generated source: title, description, inputs, and a table of the nodes with their costs."""

import textwrap
from collections.abc import Sequence

from composer.core.files.design_file import design_hash
from composer.core.graph import Input
from composer.core.text_table import align
from composer.engine.codegen.graph_class import shape_text
from composer.engine.codegen.lines import WIDTH
from composer.engine.inference.infer import Inference
from composer.engine.inference.layer_rows import COLUMNS, layer_rows


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
    rows = [row.cells(" ".join(map(shape_text, row.shapes))) for row in layer_rows(inference) if row.live]
    table = align([COLUMNS, *rows], right={3, 4}, max_width=WIDTH)
    lines += [*(f"    {line}" for line in table), '"""']
    return "\n".join(lines)


def _plain(text: str) -> str:
    """Return a text of the user as it may be in a docstring: nothing in it can end the docstring or is invisible."""
    printable = "".join(c if c.isprintable() else " " for c in text.replace("\\", "/").replace('"', "'"))
    return " ".join(printable.split()).rstrip(".") or "Untitled"


def _input_text(item: Input, shape: Sequence[int]) -> str:
    """Return an input as ``image (N, 3, 224, 224)``, with its dtype unless that is float32."""
    return f"{item.id} {shape_text(shape)}" + (f" {item.dtype}" if item.dtype != "float32" else "")
