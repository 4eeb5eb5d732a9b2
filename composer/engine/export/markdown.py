"""The table of layers in Markdown."""

from composer.engine.export.shapes import without_batch
from composer.engine.export.target import ExportSource, TextTarget, export_target
from composer.engine.inference.layer_rows import COLUMNS, layer_rows


@export_target(title="Markdown table", file_type="Markdown", suffixes=(".md",), order=70)
class MarkdownTarget(TextTarget):
    """The table of layers for a README or a pull request."""

    def text(self, source: ExportSource) -> str:
        """Write one row a layer and the totals."""
        rows = [row.cells(without_batch(row.shapes)) for row in layer_rows(source.inference)]
        lines = [f"| {' | '.join(COLUMNS)} |", "|---|---|---|---:|---:|"]
        lines += [f"| {' | '.join(row)} |" for row in rows]
        return "\n".join(lines) + "\n"
