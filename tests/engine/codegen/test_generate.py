"""The generated text: the same network as the facts describe, readable, and nothing of a design can become code."""

import ast
import re
from dataclasses import replace
from typing import Any

import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from torch import nn

from composer.core.edits import add, connect, set_params
from composer.core.errors import DesignError
from composer.core.graph import Design, Each, Graph, Input, Node, Output, Ramp, Wire
from composer.engine.codegen.build import build, import_source
from composer.engine.codegen.generate import source
from composer.engine.codegen.literals import literal
from composer.engine.codegen.probe import model_class
from composer.engine.inference.cost import CostMode
from composer.engine.inference.infer import Inferrer
from tests.engine.designs import chain, stage
from tests.strategies import AWKWARD, examples, networks

INFERRER = Inferrer()


def init_of(text: str, name: str) -> str:
    return re.search(rf"class {name}\(nn.Module\):.*?def __init__\((.*?)\) -> None:(.*?)def forward", text, re.DOTALL)[
        0
    ]  # type: ignore[index]


# -- the text is the network -------------------------------------------------------------------------------------------


@examples(30)
@given(networks())
def test_generated_model_and_facts_agree(design: Design) -> None:
    inference = INFERRER.infer(design, 2)
    assert inference.errors == []
    model = build(design, device="meta").eval().requires_grad_(False)
    inputs = [
        torch.empty(2, *(port.shape[1:]), device="meta")
        for id in design.main.inputs
        for port in inference.facts.nodes[id].outputs
    ]
    with CostMode() as mode:
        outputs = model(*inputs)
    outputs = outputs if isinstance(outputs, tuple) else (outputs,)
    facts = inference.facts
    assert [tuple(output.shape) for output in outputs] == [
        facts.nodes[id].outputs[0].shape for id in design.main.outputs
    ]
    assert sum(p.numel() for p in model.parameters()) == facts.totals.params
    assert mode.macs == facts.totals.macs
    for id in design.main.nodes:
        assert sum(p.numel() for p in getattr(model, id).parameters()) == facts.nodes[id].params, id
    assert {name.split(".")[0] for name in model.state_dict()} <= set(design.main.nodes)


@examples(10)
@given(networks())
def test_the_text_is_always_the_same_and_runs_without_netcomposer(design: Design) -> None:
    text = source(design)
    assert text == source(design)
    modules = {node.module or "" for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ImportFrom)}
    assert not any(module.split(".", maxsplit=1)[0] in ("blocks", "composer") for module in modules)
    assert max(len(line) for line in text.splitlines()) <= 140
    x = torch.randn(2, *INFERRER.infer(design).facts.nodes["image"].outputs[0].shape[1:])
    inlined, imported = build(design, seed=0).eval(), import_source(source(design, inline=False))
    other = model_class(imported)().eval()
    other.load_state_dict(inlined.state_dict())
    with torch.no_grad():
        assert torch.equal(inlined(x), other(x))


# -- sub-graphs and repeats --------------------------------------------------------------------------------------------


def test_values_that_differ_between_instances_are_arguments_and_equal_ones_share_one() -> None:
    body = stage(
        Node("conv_1", "ConvNormAct", {"out_channels": "=width", "kernel_size": 3}),
        Node("conv_2", "ConvNormAct", {"out_channels": "=width"}),
        width=8,
    )
    one, two = Node("one", "graph:body", {"width": 8}), Node("two", "graph:body", {"width": 16})
    text = source(chain(one, two, graphs={"body": body}))
    # conv_1 reads 8 channels in both uses; conv_2 reads what conv_1 gives, which is the width.
    assert "def __init__(self, width: int) -> None:" in init_of(text, "Body")
    assert "self.conv_1 = ConvNormAct(in_channels=8, out_channels=width)" in text
    assert "self.conv_2 = ConvNormAct(in_channels=width, out_channels=width)" in text
    assert "self.one = Body(width=8)" in text and "self.two = Body(width=16)" in text


def test_values_that_never_differ_are_literals() -> None:
    body = stage(Node("conv", "ConvNormAct", {"out_channels": "=width"}), width=8)
    text = source(chain(Node("one", "graph:body"), Node("two", "graph:body"), graphs={"body": body}))
    assert "def __init__(self) -> None:" in init_of(text, "Body") and "out_channels=8" in text


def test_repeats_are_loops_and_their_paths_have_the_iteration() -> None:
    body = stage(Node("attn_1", "SwinBlock", {"num_heads": 2, "window_size": 4, "shift_size": "=shift"}), shift=0)
    use = Node("stage_2", "graph:body", {"shift": Each((0, 2))}, repeat=3)
    text = source(chain(use, graphs={"body": body}))
    assert "self.stage_2 = nn.Sequential(*[Body(shift=shift) for shift in (0, 2, 0)])" in text
    keys = build(chain(use, graphs={"body": body}), device="meta").state_dict()
    assert "stage_2.0.attn_1.attn.qkv.weight" in keys and "stage_2.2.attn_1.attn.qkv.weight" in keys


def test_a_repeat_whose_expression_is_1_keeps_its_path() -> None:
    node = Node("conv", "Conv2d", {"out_channels": 8}, repeat="=depth")
    for depth in (1, 2):
        keys = build(chain(node, variables={"depth": depth}), device="meta").state_dict()
        assert "conv.0.weight" in keys and ("conv.1.weight" in keys) == (depth == 2)


def test_a_single_iteration_may_have_more_outputs_than_inputs() -> None:
    """A repeat of two could not: its second round would have no place for the second output of the first."""
    design = chain(
        Node("read", "LSTM", repeat="=depth"), Node("norm", "LayerNorm"), shape=(5, 128), variables={"depth": 1}
    )
    assert "read_sequence, read_state, read_cell = self.read[0](image)" in source(design)
    model = build(design).eval()
    assert "read.0.rnn.weight_ih_l0" in model.state_dict()
    assert model(torch.randn(2, 5, 128)).shape == (2, 5, 128)


def test_iterations_with_other_inputs_each_and_ramps() -> None:
    node = Node("conv", "MBConv", {"out_channels": 16, "drop_path": Ramp(0.0, 0.2)}, repeat=3)
    text = source(chain(node))
    assert "for in_channels, drop_path in zip((8, 16, 16), (0.0, 0.1, 0.2), strict=True)" in text
    assert build(chain(node))(torch.randn(2, 8, 8, 8)).shape == (2, 16, 8, 8)


def test_a_repeat_with_two_inputs_keeps_the_second() -> None:
    nodes = {
        "tokens": Node("tokens", "MapToTokens"),
        "cross": Node("cross", "TransformerDecoderLayer", {"num_heads": 2}, repeat=2),
    }
    wires = (
        Wire("image", "tokens"),
        Wire("tokens", "cross", "", "x"),
        Wire("tokens", "cross", "", "memory"),
        Wire("cross", "out"),
    )
    design = Design(main=Graph({"image": Input("image", (8, 4, 4))}, nodes, {"out": Output("out")}, wires))
    assert "for layer in self.cross:" in source(design)
    assert build(design).eval()(torch.randn(1, 8, 4, 4)).shape == (1, 16, 8)


@pytest.mark.parametrize("wired", [False, True])
def test_a_repeat_is_sequential_unless_an_optional_input_is_wired(wired: bool) -> None:
    design = chain(Node("layers", "TransformerEncoderLayer", repeat=2), shape=(5, 16))
    if wired:
        design = connect(add(design, Input("pairs", (5,), "bool")), Wire("pairs", "layers", "", "mask"))
    text = source(design)
    assert ("self.layers = nn.Sequential(" in text, "layers = layer(layers, pairs)" in text) == (not wired, wired)
    assert "layers.1.attn.qkv.weight" in build(design, device="meta").state_dict()
    tokens, kept = torch.randn(2, 5, 16), torch.tensor([[True] * 3 + [False] * 2] * 2)
    if wired:
        model = build(design).eval()
        torch.testing.assert_close(model(tokens, kept)[:, :3], model(tokens[:, :3], kept[:, :3]))


def test_arguments_never_shadow_names_in_the_constructor() -> None:
    """Parameters of sub-graphs may be called like a block, like a looped argument, or like torch's own names."""
    body = stage(
        Node("conv", "Conv2d", {"out_channels": "=in_channels", "kernel_size": "=Conv2d"}, repeat=2),
        in_channels=8,
        Conv2d=3,
    )
    uses = (
        Node("one", "graph:body", {"in_channels": 4, "Conv2d": 1}),
        Node("two", "graph:body", {"in_channels": 16, "Conv2d": 3}),
    )
    design = chain(*uses, graphs={"body": body})
    model = build(design)
    assert model(torch.randn(1, 8, 8, 8)).shape == (1, 16, 8, 8)
    assert [
        tuple(model.one[i].weight.shape) if hasattr(model.one, "__getitem__") else tuple(model.one.conv[i].weight.shape)
        for i in (0, 1)
    ] == [
        (4, 8, 1, 1),
        (4, 4, 1, 1),
    ]
    assert [tuple(model.two.conv[i].weight.shape) for i in (0, 1)] == [(16, 4, 3, 3), (16, 16, 3, 3)]


def test_a_node_called_layer_is_not_lost_in_a_loop() -> None:
    nodes = {
        "layer": Node("layer", "Conv2d", {"out_channels": 8}),
        "tokens": Node("tokens", "MapToTokens"),
        "cross": Node("cross", "TransformerDecoderLayer", {"num_heads": 2}, repeat=2),
        "grid": Node("grid", "TokensToMap"),
        "add": Node("add", "Add"),
    }
    wires = (
        *(
            Wire("image", "layer"),
            Wire("layer", "tokens"),
            Wire("tokens", "cross", "", "x"),
            Wire("tokens", "cross", "", "memory"),
        ),
        *(Wire("cross", "grid"), Wire("grid", "add"), Wire("layer", "add"), Wire("add", "out")),
    )
    design = Design(main=Graph({"image": Input("image", (8, 4, 4))}, nodes, {"out": Output("out")}, wires))
    assert build(design).eval()(torch.randn(1, 8, 4, 4)).shape == (1, 8, 4, 4)


def test_subgraphs_within_subgraphs_with_several_ports() -> None:
    inner = Graph(
        {"x": Input("x")},
        {"cut": Node("cut", "Split")},
        {"left": Output("left"), "right": Output("right")},
        (Wire("x", "cut"), Wire("cut", "left", "first"), Wire("cut", "right", "second")),
    )
    outer = Graph(
        {"x": Input("x")},
        {"halves": Node("halves", "graph:inner"), "join": Node("join", "Concat")},
        {"y": Output("y")},
        (Wire("x", "halves"), Wire("halves", "join", "right"), Wire("halves", "join", "left"), Wire("join", "y")),
    )
    design = chain(Node("swap", "graph:outer", repeat=2), graphs={"inner": inner, "outer": outer})
    x = torch.randn(2, 8, 8, 8)
    assert torch.equal(build(design)(x), x)


def test_nodes_that_lead_to_no_output_are_neither_built_nor_counted() -> None:
    body = stage(Node("conv", "Conv2d", {"out_channels": 8}))
    body = replace(
        body,
        nodes={**body.nodes, "dead": Node("dead", "Conv2d", {"out_channels": 64})},
        wires=(*body.wires, Wire("x", "dead")),
    )
    design = chain(Node("use", "graph:body"), graphs={"body": body})
    facts = INFERRER.infer(design).facts
    model = build(design, device="meta")
    assert not hasattr(model.use, "dead")
    assert sum(p.numel() for p in model.parameters()) == facts.totals.params == facts.nodes["use"].params


# -- nothing becomes code ----------------------------------------------------------------------------------------------


# -- as a person would write it ----------------------------------------------------------------------------------------


def test_the_last_call_is_returned_directly() -> None:
    text = source(chain(Node("a", "Identity"), Node("b", "Identity")))
    assert "        a = self.a(image)\n        return self.b(a)\n" in text
    several = source(chain(Node("read", "LSTM"), shape=(5, 128)))
    assert "        read_sequence, read_state, read_cell = self.read(image)\n        return read_sequence\n" in several


def test_no_variable_looks_like_a_digit() -> None:
    text = source(chain(Node("l", "Identity"), Node("last", "Identity")))
    assert "l_out = self.l(image)" in text and "self.last(l_out)" in text


def test_a_list_that_fits_on_a_separate_line_is_not_broken() -> None:
    """As ruff formats it: the brackets of the call break first, those of the list only where it is still too long."""
    params = {"out_channels": 112, "kernel_size": 5}
    rows = source(chain(Node("stage_with_a_name", "MBConv", params, repeat=3))).splitlines()
    at = rows.index("        self.stage_with_a_name = nn.Sequential(")
    assert rows[at + 1].startswith("            *[MBConv(") and rows[at + 1].endswith(
        "for in_channels in (8, 112, 112)]"
    )


def test_the_docstring_ends_its_sentences_and_names_other_dtypes() -> None:
    words = Design(
        "words",
        Graph(
            {"tokens": Input("tokens", (7,), "int64")},
            {"a": Node("a", "TokenEmbedding")},
            {"y": Output("y")},
            (Wire("tokens", "a"), Wire("a", "y")),
        ),
        description="Reads words.",
    )
    text = source(words)
    assert "\nReads words.\n" in text and "Inputs: tokens (N, 7) int64." in text
    assert "Inputs: image (N, 8, 8, 8)." in source(chain(Node("a", "Identity")))


def _skeleton(text: str) -> str:
    """The program without its docstring and the model's name."""
    tree = ast.parse(text)
    assert isinstance(tree.body[0], ast.Expr) and isinstance(tree.body[0].value, ast.Constant)
    assert isinstance(tree.body[-1], ast.ClassDef)
    tree.body[-1].name = "Model"
    return ast.dump(ast.Module(tree.body[1:], []))


BENIGN = chain(Node("conv", "Conv2d", {"out_channels": 8}), variables={"v": 1})
HOSTILE = (
    '"""\nimport os\nos.system("touch /tmp/pwned")\n"""',
    "'''); __import__('os').system('x'); ('''",
    "\\",
    'a\\"""',
    "a\\\n__import__('os')",
    '"' * 7,
    "{self.x}",
    "\r\nimport os",
    "\x00",
    "\u202e\u2028import os\u2029",
    "class",
    "nn",
    "Conv2d",
    "Module",
    "print",
    "1",
    " ",
    "",
    "🦊",
    "%s %(x)s {0}",
    "a" * 5000,
    "\N{FORM FEED}import os",
    "# -*- coding: rot13 -*-",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_texts_of_the_user_cannot_become_code(text: str) -> None:
    node = replace(BENIGN.main.nodes["conv"], note=text)
    design = replace(
        BENIGN, name=text, description=text, main=replace(BENIGN.main, nodes={"conv": node}), variables={"v": text}
    )
    text = source(design)
    assert _skeleton(text) == _skeleton(source(BENIGN))
    assert isinstance(model_class(import_source(text))(), nn.Module)


@examples(100)
@given(st.one_of(st.sampled_from(AWKWARD), st.text()), st.one_of(st.sampled_from(AWKWARD), st.text()))
def test_no_text_can_become_code(name: str, description: str) -> None:
    assert _skeleton(source(replace(BENIGN, name=name, description=description))) == _skeleton(source(BENIGN))


@pytest.mark.parametrize(
    "id", ["self", "forward", "torch", "nn", "train", "__init__", "_x", "class", "a b", "a;b", "x=1", "print", "é", ""]
)
def test_ids_that_would_be_code_are_refused(id: str) -> None:
    with pytest.raises(DesignError) as caught:
        source(chain(Node(id, "Conv2d", {"out_channels": 8})))
    assert "name" in str(caught.value) or "empty" in str(caught.value)


@pytest.mark.parametrize("text", [*(text for text in HOSTILE if text != "1"), "__import__('os').system('x')"])
def test_values_that_would_be_code_are_refused_or_literals(text: str) -> None:
    for value in (text, f"={text}", (text,)):
        with pytest.raises(DesignError):
            source(set_params(BENIGN, "conv", {"kernel_size": value}))


@examples(200)
@given(
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text()),
        st.tuples,
    )
)
@example((228.15787296029524,))
@example(0.30000000000000004)
@example(-0.0)
def test_literals_read_back_exactly(value: Any) -> None:
    text = literal(value)
    assert repr(ast.literal_eval(text)) == repr(value)
    assert text.isascii() and "\n" not in text


def test_a_design_with_errors_raises_the_first() -> None:
    with pytest.raises(DesignError, match="conv: groups: 3"):
        source(set_params(BENIGN, "conv", {"groups": 3}))
