"""Errors name their cause at the first bad node, and every offered repair was tried and helps."""

import json
import random
from dataclasses import asdict
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from composer.core import edits
from composer.core.facts import Repair
from composer.core.files.design_file import load, loads
from composer.core.files.templates import template
from composer.core.graph import Design
from composer.core.repairs import apply_repair, call
from composer.engine.inference.infer import Inferrer
from composer.engine.repair.context import causes, first_errors
from composer.engine.repair.search import find_repairs
from tests.engine.repair import breaks
from tests.strategies import networks

INFERRER = Inferrer()
SHARE = 0.95
NETWORKS, BREAKS_EACH = 40, 6
TEMPLATES, BREAKS_OF_TEMPLATE = ("hybrid_digits", "vit_base_patch16_224", "swin_tiny"), 20


def chain(shape: str, *nodes: str, extra: str = "", wires: tuple[str, ...] = ()) -> Design:
    """Nodes in a row, written as ``id: {block: ...}``."""
    ids = ["image", *(node.split(":")[0] for node in nodes), "out"]
    rows = wires or tuple(f"{a} -> {b}" for a, b in pairwise(ids))
    text = f"format: 1\nname: chain\n{extra}inputs:\n  image: {{shape: {shape}}}\nnodes:\n"
    text += (
        "".join(f"  {node}\n" for node in nodes)
        + "outputs:\n  out: {}\nwires:\n"
        + "".join(f"  - {wire}\n" for wire in rows)
    )
    return loads(text, "chain")


MAP, TOKENS = "[16, 8, 8]", "[16, 100]"
STAGE = """graphs:
  stage:
    params: {heads: 2}
    inputs:
      x: {}
    nodes:
      swin: {block: SwinBlock, params: {num_heads: "=heads", window_size: 4}}
    outputs:
      y: {}
    wires:
      - x -> swin
      - swin -> y
"""

# The design, the node with the error, a part of its message, and the beginning of the label of one of the repairs.
CASES = {
    "heads that do not divide": (
        chain(TOKENS, "attn: {block: MultiHeadSelfAttention, params: {num_heads: 8}}"),
        "attn",
        "num_heads: 8 does not divide dim 100",
        "Set num_heads to 10",
    ),
    "misspelt parameter": (
        chain(TOKENS, "attn: {block: MultiHeadSelfAttention, params: {num_head: 4}}"),
        "attn",
        "did you mean num_heads?",
        "Rename num_head to num_heads",
    ),
    "unknown parameter": (
        chain(TOKENS, "norm: {block: LayerNorm, params: {colour: 4}}"),
        "norm",
        "no parameter 'colour'",
        "Remove colour",
    ),
    "misspelt block": (
        chain(TOKENS, "norm: {block: LayrNorm}"),
        "norm",
        "block 'LayrNorm' is unknown",
        "Use LayerNorm",
    ),
    "block in small letters": (
        chain(MAP, "gate: {block: squeezeexcite}"),
        "gate",
        "block 'squeezeexcite' is unknown",
        "Use SqueezeExcite",
    ),
    "missing wire": (
        chain(MAP, "a: {block: Identity}", "b: {block: Identity}", wires=("image -> a", "b -> out")),
        "b",
        "b: input is not wired",
        "Wire a -> b",
    ),
    "missing wire of the output": (
        chain(MAP, "a: {block: Identity}", wires=("image -> a",)),
        "out",
        "out: input is not wired",
        "Wire a -> out",
    ),
    "missing wire of the second port": (
        chain(
            TOKENS,
            "read: {block: MultiHeadCrossAttention, params: {num_heads: 4}}",
            wires=("image -> read", "read -> out"),
        ),
        "read",
        "input context is not wired",
        "Wire image -> read.context",
    ),
    "a map instead of tokens": (
        chain(MAP, "attn: {block: MultiHeadSelfAttention, params: {num_heads: 2}}"),
        "attn",
        "insert a block that converts map to tokens",
        "Insert MapToTokens",
    ),
    "tokens instead of a map": (
        chain("[64, 16]", "conv: {block: Conv2d, params: {out_channels: 8}}"),
        "conv",
        "converts tokens to map",
        "Insert TokensToMap",
    ),
    "a map instead of a vector": (
        chain(
            MAP,
            "fc: {block: ActiveDendrites, params: {units: 8}}",
            wires=("image -> fc", "image -> fc.context", "fc -> out"),
        ),
        "fc",
        "",
        "",
    ),
    "an image without channels": (
        chain("[8, 8]", "conv: {block: Conv2d, params: {out_channels: 8}}"),
        "conv",
        "expected 4",
        "Set the shape of image to 3 x 8 x 8",
    ),
    "a sum of unequal widths": (
        chain(
            MAP,
            "conv: {block: Conv2d, params: {out_channels: 8}}",
            "add: {block: Add}",
            wires=("image -> conv", "image -> add", "conv -> add", "add -> out"),
        ),
        "add",
        "a sum needs equal shapes",
        "Insert a 1x1 projection",
    ),
    "a sum of unequal sizes": (
        chain(
            MAP,
            "conv: {block: Conv2d, params: {out_channels: 32, stride: 2}}",
            "add: {block: Add}",
            wires=("image -> conv", "image -> add", "conv -> add", "add -> out"),
        ),
        "add",
        "a sum needs equal shapes",
        "Insert a 1x1 projection to 32 channels",
    ),
    "a sum of unequal tokens": (
        chain(
            TOKENS,
            "fc: {block: Linear, params: {out_features: 7}}",
            "add: {block: Add}",
            wires=("image -> fc", "image -> add", "fc -> add", "add -> out"),
        ),
        "add",
        "a sum needs equal shapes",
        "Insert a projection to",
    ),
    "a width that contradicts the wire": (
        chain(MAP, "norm: {block: BatchNorm2d, params: {channels: 17}}"),
        "norm",
        "17 by hand, but the wire brings 16",
        "Reset channels from 17 to 16 of the wire",
    ),
    "groups": (
        chain(MAP, "conv: {block: Conv2d, params: {out_channels: 16, groups: 3}}"),
        "conv",
        "groups",
        "Set groups to",
    ),
    "unknown variable": (
        chain(MAP, "conv: {block: Conv2d, params: {out_channels: '=widht'}}", extra="variables: {width: 8}\n"),
        "conv",
        "uses 'widht', which is not a variable",
        "Write width in out_channels",
    ),
    "lost variable": (
        chain(MAP, "conv: {block: Conv2d, params: {out_channels: '=width'}}"),
        "conv",
        "which is not a variable",
        "Add variable width =",
    ),
    "lost rate": (
        chain(TOKENS, "drop: {block: Dropout, params: {drop: '=rate / 2'}}"),
        "drop",
        "which is not a variable",
        "Add variable rate = 0.1",
    ),
    "unknown variable in the input": (
        chain("[3, '=size', '=size']", "conv: {block: Conv2d, params: {out_channels: 8}}"),
        "image",
        "uses 'size'",
        "Add variable size =",
    ),
    "variables that form a cycle": (
        chain(MAP, "conv: {block: Conv2d, params: {out_channels: '=a'}}", extra="variables: {a: '=b', b: '=a'}\n"),
        "",
        "form a cycle",
        "Set variable",
    ),
    "expression that divides by zero": (
        chain(MAP, "conv: {block: Conv2d, params: {out_channels: '=8 // 0'}}"),
        "conv",
        "divides by zero",
        "Set out_channels",
    ),
    "expression that is none": (
        chain(MAP, "conv: {block: Conv2d, params: {out_channels: '=import os'}}"),
        "conv",
        "is not arithmetic",
        "Set out_channels",
    ),
    "too many wires": (
        chain(
            MAP,
            "a: {block: Identity}",
            "b: {block: Identity}",
            wires=("image -> a", "image -> b", "a -> b", "b -> out"),
        ),
        "b",
        "2 wires end at port",
        "Join the wires with Add",
    ),
    "a wire to no port": (
        chain(MAP, "a: {block: Identity}", wires=("image -> a.context", "a -> out")),
        "a",
        "ends at port 'context', which does not exist",
        "Move wire to",
    ),
    "a wire from no port": (
        chain(MAP, "cut: {block: Split}", "a: {block: Identity}", wires=("image -> cut", "cut.third -> a", "a -> out")),
        "a",
        "starts at port 'third', which does not exist",
        "Take cut.first",
    ),
    "an image that is no multiple of the patch size": (
        chain("[3, 33, 33]", "patches: {block: PatchEmbed, params: {patch_size: 8}}"),
        "patches",
        "33",
        "Pad image -> patches to multiples of 8",
    ),
    "bad repeat": (chain(MAP, "a: {block: Identity, repeat: '=2.5'}"), "a", "repeat '=2.5' is 2.5", "Do not repeat it"),
    "a repeat that shrinks its input to nothing": (
        chain(MAP, "pool: {block: MaxPool2d, params: {kernel_size: 2, stride: 2}, repeat: 9}"),
        "pool",
        "",
        "Do not repeat it",
    ),
    "value out of range": (
        chain(TOKENS, "drop: {block: Dropout, params: {drop: 7}}"),
        "drop",
        "7 is not a number from 0",
        "Set drop to 1",
    ),
    "no such choice": (
        chain(MAP, "act: {block: Activation, params: {name: rleu}}"),
        "act",
        "'rleu' is not one of",
        "Set name to relu",
    ),
    "inside a sub-graph": (
        chain(MAP, "stage: {block: graph:stage, params: {heads: 3}}", extra=STAGE),
        "swin",
        "num_heads: 3 does not divide dim 16",
        "Reset heads of stage",
    ),
    "an exposed parameter misspelt": (
        chain(MAP, "stage: {block: graph:stage, params: {head: 4}}", extra=STAGE),
        "stage",
        "exposes no parameter 'head'",
        "Rename head to heads",
    ),
    "no output": (
        loads(
            "format: 1\nname: a\ninputs:\n  image: {shape: [3, 8, 8]}\nnodes:\n  a: {block: Identity}\n"
            "wires:\n  - image -> a\n"
        ),
        "",
        "the design has no output",
        "Add an output after a",
    ),
    "no input": (
        loads("format: 1\nname: a\nnodes:\n  a: {block: Identity}\noutputs:\n  out: {}\nwires:\n  - a -> out\n"),
        "",
        "the design has no input",
        "Add an image",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_repair_of_each_kind_of_error(name: str) -> None:
    design, id, sentence, label = CASES[name]
    inference = INFERRER.infer(design)
    error = next(first_errors(inference, INFERRER))
    assert error.id == id
    assert sentence in error.message and (not id or error.message.startswith(id))
    repairs = find_repairs(INFERRER, design, error.id, error.graph_name)
    assert any(repair.label.startswith(label) for repair in repairs), [repair.label for repair in repairs]
    assert any(not INFERRER.infer(apply_repair(design, repair, graph=error.graph_name)).errors for repair in repairs)
    for repair in repairs:  # they travel as JSON
        copy = Repair.from_json(json.loads(json.dumps(asdict(repair))))
        assert apply_repair(design, copy, graph=error.graph_name) == apply_repair(
            design, repair, graph=error.graph_name
        )


WINDOWS = "windows: {block: SwinBlock, repeat: 2, params: {num_heads: 2, window_size: 4, shift_size: {each: [0, 4]}}}"
READ = "read: {block: LSTM}"
FORK = ("image -> a", "image -> b", "a -> join", "b -> join", "join -> out")
# What someone who knows the field would try first.
FIRST = {
    "another spelling, not the default": (
        chain(MAP, "conv: {block: Conv2d, params: {out_chanels: 8}}"),
        "Rename out_chanels to out_channels",
    ),
    "the nearest odd kernel, not the smallest": (
        chain(MAP, "conv: {block: MBConv, params: {out_channels: 16, kernel_size: 6}}"),
        "Set kernel_size to 7",
    ),
    "the default of an impossible value, not 1": (
        chain(MAP, "conv: {block: Conv2d, params: {out_channels: 0}}"),
        "Reset out_channels from 0 to its default 64",
    ),
    "the value of one iteration, not one value for all": (chain(MAP, WINDOWS), "Set shift_size to 3 where it is 4"),
    "the variable, not a number in its place": (
        chain(
            "[3, 16, 16]",
            "cut: {block: PatchEmbed, params: {dim: '=dim', patch_size: 4}}",
            "place: {block: SinCos2dPosition}",
            extra="variables: {rate: 0.5, dim: 50}\n",
        ),
        "Set variable dim to 48",
    ),
    "the instance that is wrong, not what all instances share": (
        chain(MAP, "stage: {block: graph:stage, params: {heads: 3}}", extra=STAGE),
        "Set heads of stage to 4",
    ),
    "the height of a square image": (
        chain("[3, 32]", "conv: {block: Conv2d, params: {out_channels: 8}}"),
        "Set the shape of image to 3 x 32 x 32",
    ),
    "the port that is spelled most like it": (
        chain(
            "[5, 8]", READ, "norm: {block: LayerNorm}", wires=("image -> read", "read.states -> norm", "norm -> out")
        ),
        "Take read.state",
    ),
    "the stride of the smaller map": (
        chain(
            MAP,
            "a: {block: Conv2d, params: {out_channels: 4, stride: 2}}",
            "b: {block: Conv2d, params: {out_channels: 4}}",
            "join: {block: Concat}",
            wires=FORK,
        ),
        "Set stride of a to 1",
    ),
    "a map added to tokens of another width": (
        chain(
            MAP,
            "a: {block: MapToTokens}",
            "fc: {block: Linear, params: {out_features: 24}}",
            "join: {block: Add}",
            wires=("image -> a", "a -> fc", "fc -> join", "image -> join", "join -> out"),
        ),
        "Insert MapToTokens and a projection to 24 on image -> join",
    ),
    "wires that a change of block left behind": (
        chain(
            TOKENS, "norm: {block: LayerNorm}", wires=("image -> norm.query", "image -> norm.context", "norm -> out")
        ),
        "Move image -> norm.query to x and remove the other wires to ports that do not exist",
    ),
    "floats for a convolution": (
        chain("[3, 8, 8], dtype: float16", "stem: {block: ConvNormAct, params: {out_channels: 8}}"),
        "Set the dtype of image to float32",
    ),
    "integers for an embedding": (chain("[7]", "words: {block: TokenEmbedding}"), "Set the dtype of image to int64"),
}


@pytest.mark.parametrize("name", FIRST)
def test_the_first_repair_is_what_an_expert_would_try(name: str) -> None:
    design, label = FIRST[name]
    error = next(first_errors(INFERRER.infer(design), INFERRER))
    repairs = find_repairs(INFERRER, design, error.id, error.graph_name, limit=1)
    assert [repair.label for repair in repairs] == [label]
    assert not INFERRER.infer(apply_repair(design, repairs[0], graph=error.graph_name)).errors


def test_no_two_repairs_do_the_same() -> None:
    design = chain(TOKENS, "norm: {block: LayerNorm, params: {colour: 4, bias: true}}")
    labels = [repair.label for repair in find_repairs(INFERRER, design, "norm")]
    assert labels == ["Remove colour", "Reset all parameters to their defaults (colour: 4, bias: true)"]


@pytest.mark.parametrize(
    ("shape", "node", "sentence"),
    [
        ("[3, 8, 8], dtype: float64", "conv: {block: Conv2d}", "conv: the wire brings float64, expected float32"),
        ("[3, 8, 8], dtype: int64", "conv: {block: ConvNormAct}", "conv: the wire brings int64, expected float32"),
        ("[7]", "words: {block: TokenEmbedding}", "words: the wire brings float32, expected int64"),
        (
            "[3, 8, 8], dtype: int64",
            "pool: {block: GlobalAvgPool}",
            "pool: GlobalAvgPool does not compute with int64, expected float32",
        ),
        ("[7], dtype: int32", "words: {block: TokenEmbedding}", None),
        ("[7], dtype: int64", "same: {block: Identity}", None),
    ],
)
def test_a_wrong_dtype_is_reported_with_the_expected_one(shape: str, node: str, sentence: str | None) -> None:
    errors = INFERRER.infer(chain(shape, node)).errors
    assert (
        errors == []
        if sentence is None
        else errors[0].startswith(f"{sentence}; change the dtype of the input it comes from")
    )


def test_only_the_cause_has_an_error_and_the_others_wait_for_it() -> None:
    design = chain(
        TOKENS,
        "attn_1: {block: Identity}",
        "attn_2: {block: MultiHeadSelfAttention, params: {num_heads: 8}}",
        "norm: {block: LayerNorm}",
    )
    facts = INFERRER.infer(design).facts
    assert facts.errors == {"attn_2": "attn_2: num_heads: 8 does not divide dim 100"}
    assert facts.nodes["norm"].waits_for == "attn_2"


def test_a_cause_in_a_sub_graph_is_reported_once_with_its_path() -> None:
    stage = STAGE.replace("heads: 2}", "heads: 3}")
    uses = (
        "one: {block: graph:stage}",
        "two: {block: graph:stage, repeat: 2}",
        "norm: {block: BatchNorm2d, params: {channels: 7}}",
    )
    wires = ("image -> one", "image -> two", "one -> out", "two -> norm")
    inference = INFERRER.infer(chain(MAP, *uses, extra=stage, wires=wires))
    assert causes(inference, INFERRER) == ["one: inside stage: swin: num_heads: 3 does not divide dim 16"]
    assert len(inference.errors) == 3, "each instance and the node itself have a message"


def test_an_item_without_an_error_has_no_repairs() -> None:
    assert find_repairs(INFERRER, chain(MAP, "a: {block: Identity}"), "a") == []


def test_a_repair_that_no_longer_applies_is_refused() -> None:
    with pytest.raises(Exception, match="does not exist"):
        apply_repair(
            chain(MAP, "a: {block: Identity}"), Repair("", (call(edits.reset_params, id="gone", params=["p"]),))
        )


def sample() -> list[tuple[Design, int]]:
    """Return fixed random designs without errors, each with the number of times to break it."""
    designs: list[Design] = []

    @settings(
        max_examples=NETWORKS,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(networks())
    def collect(design: Design) -> None:
        designs.append(design)

    collect()
    sound = [(design, BREAKS_EACH) for design in designs if not INFERRER.infer(design).errors]
    return [*sound, *((load(template(name)), BREAKS_OF_TEMPLATE) for name in TEMPLATES)]


@pytest.mark.timeout(600)
def test_one_repair_fixes_nearly_every_design_that_was_broken_in_one_place() -> None:
    rng = random.Random(20261121)
    broken = fixed = 0
    unfixed: list[str] = []
    for design, times in sample():
        for _ in range(times):
            break_design = rng.choice(breaks.BREAKS)
            damaged = break_design(rng, design, INFERRER.catalog)
            inference = INFERRER.infer(damaged) if damaged is not None else None
            if damaged is None or inference is None or not inference.errors:
                continue
            broken += 1
            error = next(first_errors(inference, INFERRER))
            repairs = find_repairs(INFERRER, damaged, error.id, error.graph_name)
            if any(
                not INFERRER.infer(apply_repair(damaged, repair, graph=error.graph_name)).errors for repair in repairs
            ):
                fixed += 1
            else:
                unfixed.append(f"{break_design.__name__}: {error.message}")
    assert broken >= 90
    assert fixed >= SHARE * broken, f"{fixed} of {broken}; without a repair: {unfixed}"
