"""Python source of the network that imports its blocks."""

from pathlib import Path

from composer.engine.codegen.generate import generate
from composer.engine.codegen.proof import Proof
from composer.engine.codegen.verify import verify_source
from composer.engine.export.target import ExportSource, TextTarget, export_target


@export_target(title="Python with block imports", file_type="Python", suffixes=(".py",), provable=True, order=20)
class PackageTarget(TextTarget):
    """Shorter code that imports its blocks from the installed package."""

    def text(self, source: ExportSource) -> str:
        """Generate the source."""
        return generate(source.inference, inline=False)

    def verify(self, path: Path, source: ExportSource) -> Proof:
        """Run the file in a clean process and compare it with the graph, walked node by node."""
        return verify_source(source.design, path, package=True, weights=source.tensors, inferrer=source.inferrer)
