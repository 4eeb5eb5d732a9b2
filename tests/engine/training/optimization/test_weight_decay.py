"""What weight decay leaves alone: declared by every block, told by the types of torch, never guessed from a shape."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
import torch
from torch import nn

from composer.core import edits
from composer.core.blocks.block_file import BlockSpec
from composer.core.blocks.catalog import Catalog, read_catalog
from composer.core.errors import UserError
from composer.core.files.design_file import load
from composer.core.files.templates import template
from composer.core.graph import Design, Node, Training
from composer.engine.codegen.build import build
from composer.engine.library import block_class
from composer.engine.training.optimization.optimizer import make_optimizer
from composer.engine.training.optimization.parameter_groups import group_table, parameter_rows
from composer.engine.training.optimization.weight_decay import NORMS, decay_rows
from tests.blocks.cases import case
from tests.blocks.contract import CATALOG, SPECS
from tests.engine.designs import chain, stage

# Tensors of blocks that are weights: they multiply activations, and decay shrinks them. Everything else that a block
# makes itself, without a layer of torch, is a table, a token, a scale or a bias, and declares that it does not decay.
WEIGHTS = {
    "ActiveDendrites": {"segments"},
    "ArcFaceHead": {"weight"},
    "CondConv2d": {"conv.weight"},
    "DendriticMlp": {"hidden_1.segments", "hidden_2.segments"},
    "DynamicConv2d": {"conv.weight"},
    "MixtureOfExperts": {"fc1", "fc2"},
    "ReAttention": {"mix"},
}
# By these names a tensor of a block is no weight, whatever its shape.
NO_WEIGHT = re.compile(r"(^|[._])(table|tokens?|positions?|bias(es)?\d*|gamma|scale|temperature|rel_pos_[hw])$")


def variants(spec: BlockSpec) -> Iterator[nn.Module]:
    """Yield the block in its settings, and with each parameter changed that may add a part."""
    for index in range(3):
        yield case(spec, index).module("meta")
    setting = case(spec, 0)
    for param in spec.params:
        values = [*param.choices, True, False] if param.type in ("choice", "bool") else [0.5] if param.optional else []
        for value in values:
            try:
                with torch.device("meta"):
                    yield block_class(spec)(**{**setting.params, param.name: value})
            except (TypeError, ValueError):
                continue


def own_parameters(spec: BlockSpec) -> set[str]:
    """Return the parameters that the block or its helpers make themselves, without a layer of torch."""
    names = set()
    for module in variants(spec):
        for path, part in module.named_modules():
            for name, _ in part.named_parameters(recurse=False):
                layer = getattr(nn, next((c.__name__ for c in type(part).__mro__ if c.__module__ in torchs), ""), None)
                if layer in (None, nn.Module):
                    names.add(f"{path}.{name}".removeprefix("."))
    return names


torchs = {cls.__module__ for cls in vars(nn).values() if isinstance(cls, type)} - {"torch.nn.modules.module"}


def exempt(spec: BlockSpec, module: nn.Module, name: str) -> bool:
    """Return whether a block or a block inside it declares a parameter; written independently of the trainer."""
    owners = [("", spec), *((path, CATALOG.get(type(part).__name__)) for path, part in module.named_modules() if path)]
    return any(
        owner is not None and name.startswith(path and f"{path}.") and fnmatchcase(name[len(path and f"{path}.") :], p)
        for path, owner in owners
        for p in (owner.no_decay if owner is not None else ())
    )


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_every_block_declares_what_is_no_weight(spec: BlockSpec) -> None:
    modules = list(variants(spec))
    names = {name for module in modules for name, _ in module.named_parameters()}
    for pattern in spec.no_decay:
        assert any(fnmatchcase(name, pattern) for name in names), f"{spec.name} has no parameter {pattern}"
    for name in own_parameters(spec):
        if name.endswith(".bias") or name == "bias":
            continue
        is_weight = name in WEIGHTS.get(spec.name, set())
        assert is_weight != any(exempt(spec, module, name) for module in modules), (
            f"{spec.name}.{name}: declare it in no_decay, or list it among the weights"
        )
        assert is_weight <= (NO_WEIGHT.search(name) is None), f"{spec.name}.{name} is no weight by its name"
    assert WEIGHTS.get(spec.name, set()) <= own_parameters(spec)


def groups(design: Design, catalog: Catalog = CATALOG) -> dict[str, str]:
    """Return the reason why each parameter of a design does not decay, empty where it does."""
    rows = decay_rows(build(design, device="meta"), design, catalog)
    return {row.name: "" if row.decays else row.reason for row in rows}


def block_groups(name: str, shape: tuple[int, ...], **params: object) -> dict[str, str]:
    """Return the same of a design with one block, by the names inside the block."""
    reasons = groups(chain(Node("node", name, params), shape=shape))
    return {key.removeprefix("node."): reason for key, reason in reasons.items()}


def test_position_tables_do_not_decay() -> None:
    """Also those with two axes, in repeats and in sub-graphs; 12 of Swin-T and 7 of CoAtNet-0 decayed once."""
    for name, count in (("swin_tiny", 12), ("coatnet_0", 7)):
        tables = {key: why for key, why in groups(load(template(name))).items() if key.endswith("table")}
        assert len(tables) == count and all(tables.values()), tables
    assert block_groups("BoTAttention", (32, 4, 4))["rows"] == "declared by BoTAttention"
    assert block_groups("LeViTAttention", (32, 4, 4))["attention_biases"] == "declared by LeViTAttention"
    layer = block_groups("TransformerEncoderLayer", (4, 32), position="relative", height=2, width=2)
    assert layer["attn.position_bias.table"] == "declared by MultiHeadSelfAttention"


def test_biases_of_experts_do_not_decay_and_weights_of_a_lone_expert_do() -> None:
    for count in (1, 4):
        reasons = block_groups("MixtureOfExperts", (6, 32), num_experts=count, top_k=1)
        assert [bool(reasons[name]) for name in ("bias1", "bias2", "fc1", "fc2")] == [True, True, False, False]
        convolution = block_groups("CondConv2d", (8, 4, 4), out_channels=8, num_experts=count)
        assert bool(convolution["conv.bias"]) and not convolution["conv.weight"]


def test_a_layer_with_one_output_decays_like_any_other() -> None:
    """A matrix of one row and a kernel of one channel look like vectors."""
    assert block_groups("SequencePool", (6, 32)) == {"score.weight": ""}
    assert block_groups("ECA", (32, 4, 4)) == {"conv.weight": ""}
    assert block_groups("Linear", (32,), out_features=1) == {"weight": "", "bias": "bias"}
    recurrent = block_groups("BidirectionalEncoder", (6, 32))
    assert {bool(reason) for name, reason in recurrent.items() if "bias" in name} == {True}
    assert {bool(reason) for name, reason in recurrent.items() if "weight" in name} == {False}


# What the packages that published the networks leave out beside vectors, as regular expressions of our names.
# timm 1.0.31 (github.com/huggingface/pytorch-image-models), `no_weight_decay` of each model:
#   swin_transformer.py: names with "relative_position_bias_table"; swin_transformer_v2.py: "cpb_mlp", "logit_scale";
#   levit.py: names with "attention_biases"; mvitv2.py: "rel_pos_h", "rel_pos_w"; vision_transformer.py: "pos_embed",
#   "cls_token", "dist_token"; maxxvit.py (CoAtNet, MaxViT): names with "relative_position_bias_table".
PUBLISHED = {
    "SwinBlock": ((32, 8, 8), r"position_bias\.table"),
    "SwinV2Block": ((32, 8, 8), r"position_mlp|logit_scale"),
    "LeViTAttention": ((32, 4, 4), r"attention_biases"),
    "PoolingAttention": ((32, 8, 8), r"rel_pos_[hw]"),
    "CoAtNetTransformer": ((32, 4, 4), r"position_bias\.table"),
    "BlockAttention": ((32, 8, 8), r"position_bias\.table"),
    "GridAttention": ((32, 8, 8), r"position_bias\.table"),
    "LearnedPosition": ((6, 32), r"position"),
    "ClassToken": ((6, 32), r"token"),
    "DistillToken": ((6, 32), r"token"),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_lists_of_published_training_code_agree(name: str) -> None:
    shape, pattern = PUBLISHED[name]
    design = chain(Node("node", name), shape=shape)
    for row in decay_rows(build(design, device="meta"), design, CATALOG):
        listed = re.search(pattern, row.name) is not None or row.parameter.ndim <= 1
        assert row.decays != listed, f"{row.name}: {row.reason or 'decays'}"
    assert any(re.search(pattern, key) for key in groups(design))


def test_a_sub_graph_is_not_taken_for_a_block_of_its_name() -> None:
    """Only nodes of a block and modules inside them are blocks."""
    body = stage(Node("gamma", "Linear", {"out_features": 8}))
    reasons = groups(chain(Node("part", "graph:LayerScale", repeat=2), graphs={"LayerScale": body}, shape=(4, 8)))
    assert reasons == {
        f"part.{i}.gamma.{name}": why for i in (0, 1) for name, why in (("weight", ""), ("bias", "bias"))
    }


CUSTOM = '''"""A table and a norm."""

import torch
from torch import Tensor, nn

from blocks.spec import block


@block(shape="b n dim -> b n dim"DECLARED)
class Tabled(nn.Module):
    """Add a table.

    Args:
        dim: token width.

    Shape: input (N, n, dim), output the same.
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.zeros(dim))
        self.bias = nn.Parameter(torch.zeros(dim))
        self.norm = nn.LayerNorm(dim)

    def forward(self, x: Tensor) -> Tensor:
        """Add the table to `x` (N, n, dim); returns the same shape."""
        return self.norm(x + self.table + self.bias)
'''


@pytest.mark.parametrize("declared", ["", ', no_decay=("table",)'])
def test_a_custom_block_without_declarations_decays_and_the_list_says_so(declared: str, tmp_path: Path) -> None:
    file = tmp_path / "mine" / "tabled.py"
    file.parent.mkdir()
    file.write_text(CUSTOM.replace("DECLARED", declared))
    catalog = read_catalog([tmp_path])
    assert catalog.broken == {}
    # The network is any module with these names: generated source has no declarations.
    network = nn.Module()
    node = network.node = nn.Module()
    node.table, node.bias, node.norm = nn.Parameter(torch.zeros(4)), nn.Parameter(torch.zeros(4)), nn.LayerNorm(4)
    rows = decay_rows(network, chain(Node("node", "Tabled"), shape=(2, 4)), catalog)
    reasons = {row.name: (row.decays, row.reason) for row in rows}
    assert reasons == {
        "node.table": (False, "declared by Tabled") if declared else (True, "Tabled declares nothing"),
        "node.bias": (False, "bias"),
        "node.norm.weight": (False, "norm"),
        "node.norm.bias": (False, "norm"),
    }
    design = chain(Node("node", "Tabled"), shape=(2, 4))
    table = group_table(network, parameter_rows(network, Training(), design, catalog), Training())
    assert ("declares nothing" in table) == (not declared)
    assert table.endswith("0 numbers decay, 16 do not" if declared else "4 numbers decay, 12 do not")


def test_the_optimizer_has_the_groups_of_the_list() -> None:
    design = replace(load(template("swin_tiny")), training=Training(weight_decay=0.3))
    model = build(design, device="meta")
    rows = decay_rows(model, design, CATALOG)
    optimizer = make_optimizer(model, design.training, design, CATALOG)
    decayed, free = ([id(p) for p in group["params"]] for group in optimizer.param_groups)
    assert [group["weight_decay"] for group in optimizer.param_groups] == [0.3, 0.0]
    assert decayed == [id(row.parameter) for row in rows if row.decays]
    assert free == [id(row.parameter) for row in rows if not row.decays]
    assert Counter([*decayed, *free]) == Counter(id(parameter) for parameter in model.parameters())
    with pytest.raises(UserError, match="no trainable parameters"):
        make_optimizer(nn.ReLU(), Training(), Design(), CATALOG)


def test_a_shared_parameter_has_one_row_and_any_of_its_names_may_be_declared() -> None:
    network = nn.Module()
    network.first, network.second = nn.Module(), nn.Module()
    network.first.weight = network.second.gamma = nn.Parameter(torch.zeros(4))
    design = edits.add(chain(Node("first", "Linear"), shape=(4,)), Node("second", "LayerScale"))
    (row,) = decay_rows(network, design, CATALOG)
    assert (row.name, row.decays, row.reason) == ("first.weight", False, "declared by LayerScale")


@pytest.mark.parametrize("cls", NORMS)
def test_norms_of_torch_do_not_decay(cls: type[nn.Module]) -> None:
    makers = {nn.GroupNorm: lambda: nn.GroupNorm(2, 4), nn.modules.batchnorm._NormBase: lambda: nn.BatchNorm2d(4)}
    rows = decay_rows(makers.get(cls, lambda: cls(4))(), Design(), CATALOG)
    assert rows and not any(row.decays for row in rows)
