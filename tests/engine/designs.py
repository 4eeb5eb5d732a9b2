"""Small designs that train in a moment; loaded by path, as test folders are no packages."""

from composer.core.design_file import loads
from composer.core.graph import Design

TINY = """
format: 1
name: "Tiny"
inputs:
  image: {shape: [1, 8, 8]}
nodes:
  stem: {block: ConvNormAct, params: {out_channels: 16, stride: 2}}
  gate: {block: SqueezeExcite, params: {reduction: 4}}
  tokens: {block: MapToTokens}
  attn: {block: TransformerEncoderLayer, params: {num_heads: 2, mlp_ratio: 1.0, drop: 0.1}}
  head: {block: TokenClassifierHead, params: {num_classes: 10, pooling: avg}}
outputs:
  logits: {}
wires:
  - image -> stem
  - stem -> gate
  - gate -> tokens
  - tokens -> attn
  - attn -> head
  - head -> logits
training: {epochs: 3, batch_size: 64, lr: 0.01, augment: false}
"""


def tiny(*changes: tuple[str, str]) -> Design:
    """The tiny design with pieces of its text replaced."""
    text = TINY
    for before, after in changes:
        assert before in text, before
        text = text.replace(before, after)
    return loads(text, "tiny")
