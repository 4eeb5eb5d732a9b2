"""Small designs: nodes in a row, one that trains in a moment, and templates small enough to run many times."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

from composer.core import edits
from composer.core.files.design_file import load, loads
from composer.core.files.templates import template
from composer.core.graph import Design, Graph, Input, Node, Output, Wire

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
# Takes the samples of the source `permuted` with three tasks.
DENDRITES = """
format: 1
name: dendrites
inputs:
  image: {shape: [64]}
  context: {shape: [3]}
nodes:
  hidden: {block: ActiveDendrites, params: {units: 16, segments: 3}}
  fc: {block: Linear, params: {out_features: 10}}
outputs:
  logits: {}
wires:
  - image -> hidden
  - context -> hidden.context
  - hidden -> fc
  - fc -> logits
"""


def tiny(*changes: tuple[str, str]) -> Design:
    """The tiny design with pieces of its text replaced."""
    text = TINY
    for before, after in changes:
        assert before in text, before
        text = text.replace(before, after)
    return loads(text, "tiny")


def chain(
    *nodes: Node, graphs: dict[str, Graph] | None = None, shape: tuple[int | str, ...] = (8, 8, 8), **more: Any
) -> Design:
    """An image, nodes one after the other, an output."""
    ids = ["image", *(node.id for node in nodes), "out"]
    wires = tuple(Wire(a, b) for a, b in pairwise(ids))
    return Design(
        "chain",
        Graph({"image": Input("image", shape)}, {node.id: node for node in nodes}, {"out": Output("out")}, wires),
        graphs or {},
        **more,
    )


def stage(*nodes: Node, **params: Any) -> Graph:
    """A sub-graph with one input and one output, nodes one after the other."""
    ids = ["x", *(node.id for node in nodes), "y"]
    wires = tuple(Wire(a, b) for a, b in pairwise(ids))
    return Graph({"x": Input("x")}, {node.id: node for node in nodes}, {"y": Output("y")}, wires, params)


def light(name: str) -> Design:
    """A template with all its nodes; the ImageNet-sized hybrid with a third of its width and half the image size."""
    design = load(template(name))
    if name != "hybrid_dendritic":
        return design
    image = replace(design.main.inputs["image"], shape=(3, 112, 112))
    design = replace(design, variables={**design.variables, "width": 32}, expected={})
    return edits.set_params(
        design.with_graph("", replace(design.main, inputs={"image": image})), "classify", {"units": 64}
    )
