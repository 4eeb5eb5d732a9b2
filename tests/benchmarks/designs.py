"""Designs of any size for the benchmarks."""

import itertools

from composer.core.graph import Design, Graph, Input, Node, Output, Wire


def chain(name: str, shape: tuple[int, ...], nodes: list[Node]) -> Design:
    """Return a design with the nodes in sequence between one input and one output."""
    ids = ["image", *(node.id for node in nodes), "logits"]
    graph = Graph(
        inputs={"image": Input("image", shape)},
        nodes={node.id: node for node in nodes},
        outputs={"logits": Output("logits")},
        wires=tuple(Wire(a, b) for a, b in itertools.pairwise(ids)),
    )
    return Design(name, graph)


def vit(name: str, *, size: int, patch: int, dim: int, depth: int, heads: int, repeat: bool = True) -> Design:
    """A vision transformer; its layers as one repeated node, or each as a node of its own."""
    layer = {"num_heads": heads}
    layers = [Node("layers", "TransformerEncoderLayer", layer, repeat=depth)]
    if not repeat:
        layers = [Node(f"layer_{index}", "TransformerEncoderLayer", layer) for index in range(depth)]
    return chain(
        name,
        (3, size, size),
        [
            Node("patches", "PatchEmbed", {"dim": dim, "patch_size": patch}),
            Node("position", "LearnedPosition"),
            *layers,
            Node("norm", "LayerNorm"),
            Node("head", "TokenClassifierHead", {"num_classes": 1000}),
        ],
    )


def mobile(count: int) -> Design:
    """Inverted residuals in a row behind a convolution: `count` nodes, none of which has the parameters of another."""
    nodes = [Node("stem", "Conv2d", {"out_channels": 32, "kernel_size": 3, "stride": 2, "padding": 1})]
    nodes += [
        Node(f"conv_{index}", "MBConv", {"out_channels": 32 + 8 * (index % 7), "expand_ratio": 2 + index / 256})
        for index in range(count - 2)
    ]
    nodes += [Node("head", "ClassifierHead")]
    return chain("mobile", (3, 64, 64), nodes)


def mixed(count: int) -> Design:
    """A hybrid: convolutions first, then transformer layers, `count` nodes."""
    half = count // 2
    nodes = [Node("stem", "Conv2d", {"out_channels": 32, "kernel_size": 3, "stride": 2, "padding": 1})]
    nodes += [Node(f"conv_{index}", "MBConv", {"out_channels": 32}) for index in range(half - 1)]
    nodes += [Node("tokens", "MapToTokens")]
    nodes += [Node(f"layer_{index}", "TransformerEncoderLayer") for index in range(count - half - 3)]
    nodes += [Node("norm", "LayerNorm"), Node("head", "TokenClassifierHead")]
    return chain("mixed", (3, 32, 32), nodes)
