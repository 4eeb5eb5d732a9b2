"""A custom block whose code a test changes, and a design of it alone."""

from pathlib import Path

DESIGN = """
format: 1
inputs: {image: {shape: [1, 8, 8]}}
nodes:
  mine: {block: Mine}
outputs: {y: {}}
wires: [image -> mine, mine -> y]
"""
_BLOCK = """
from blocks.spec import block
from torch import Tensor, nn


@block(shape="b c h w -> b c h w")
class Mine(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x * {factor}
"""


def write_block(folder: Path, factor: int) -> None:
    """Write the block `Mine`, which multiplies by a factor, or its next version.

    Args:
        folder: folder of custom blocks; made if it does not exist.
        factor: the factor.
    """
    folder.mkdir(exist_ok=True)
    (folder / "mine.py").write_text(_BLOCK.format(factor=factor))
