"""The design file itself."""

from composer.core.files.design_file import dumps
from composer.engine.export.target import ExportSource, TextTarget, export_target


@export_target(title="Design", file_type="Designs", suffixes=(".yaml", ".yml"), order=30)
class YamlTarget(TextTarget):
    """A copy of the design that can be opened again."""

    def text(self, source: ExportSource) -> str:
        """Write the design, also one with errors."""
        return dumps(source.design)
