"""The table of layers in LaTeX."""

import re

from composer.engine.export.shapes import without_batch
from composer.engine.export.target import ExportSource, TextTarget, export_target
from composer.engine.inference.layer_rows import COLUMNS, layer_rows


@export_target(title="LaTeX table", file_type="LaTeX", suffixes=(".tex",), order=80)
class LatexTarget(TextTarget):
    """The table of layers for a paper, with booktabs rules."""

    def text(self, source: ExportSource) -> str:
        """Write a tabular with one row a layer and the totals."""
        *body, totals = (row.cells(without_batch(row.shapes)) for row in layer_rows(source.inference))
        lines = [r"\begin{tabular}{lllrr}", r"\toprule", " & ".join(COLUMNS) + r" \\", r"\midrule"]
        lines += [" & ".join(escape(cell) for cell in row) + r" \\" for row in body]
        lines += [r"\midrule", " & ".join(escape(cell) for cell in totals) + r" \\", r"\bottomrule", r"\end{tabular}"]
        return "\n".join(lines) + "\n"


def escape(text: str) -> str:
    r"""Escape LaTeX's special characters, and write shapes with a multiplication sign.

    >>> escape("conv_1"), escape("8x4x4, 10")
    ('conv\\_1', '8$\\times$4$\\times$4, 10')
    """
    for character in "&%$#_{}":
        text = text.replace(character, f"\\{character}")
    is_shape = re.fullmatch(r"[\dx]+(, [\dx]+)*", text) is not None
    return text.replace("x", r"$\times$") if is_shape else text
