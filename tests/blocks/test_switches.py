"""Switches that many blocks share: the eps of their norms, the bias of their projection, the width of their heads."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from composer.core.blocks.block_file import BlockSpec
from composer.engine.library import catalog
from tests.blocks.cases import case, outputs_of
from tests.blocks.reference import parameter_count

EPS = 0.0123
SPECS = sorted(catalog().blocks.values(), key=lambda spec: spec.name)


def module_with(spec: BlockSpec, **params: object) -> nn.Module:
    """Return a block in its first setting with other parameters."""
    first = case(spec, 0)
    return replace(first, params={**first.params, **params}).module()


def specs_with(param: str) -> list[BlockSpec]:
    """Return the blocks that have a parameter."""
    return [spec for spec in SPECS if spec.param(param) is not None]


def layer_norms(module: nn.Module) -> list[nn.Module]:
    return [part for part in module.modules() if isinstance(part, nn.LayerNorm | nn.GroupNorm)]


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_the_eps_of_every_layer_norm_can_be_set(spec: BlockSpec) -> None:
    if not layer_norms(module_with(spec)):
        return
    param = "eps" if spec.param("eps") is not None else "norm_eps"
    assert spec.param(param) is not None, f"{spec.name} has layer norms, but no norm_eps"
    assert {norm.eps for norm in layer_norms(module_with(spec, **{param: EPS}))} == {EPS}


@pytest.mark.parametrize("spec", specs_with("qkv_bias"), ids=lambda spec: spec.name)
def test_the_projection_of_every_attention_can_lose_its_bias(spec: BlockSpec) -> None:
    attention = module_with(spec)
    projections = [part for name, part in attention.named_modules() if name.rsplit(".", 1)[-1] == "proj"]
    if not projections:
        return
    assert spec.param("proj_bias") is not None, f"{spec.name} has a projection, but no proj_bias"
    without = parameter_count(module_with(spec, proj_bias=False))
    assert parameter_count(attention) - without == sum(part.bias.numel() for part in projections)


@pytest.mark.parametrize("spec", specs_with("head_dim"), ids=lambda spec: spec.name)
@torch.no_grad()
def test_heads_of_another_width_keep_the_shape_of_the_output(spec: BlockSpec) -> None:
    first = case(spec, 0)
    other = replace(first, params={**first.params, "head_dim": 16})
    if first.params["head_dim"] is None:
        assert parameter_count(other.module()) > parameter_count(first.module()), "heads of 8 became heads of 16"
    shapes = [[tensor.shape for tensor in outputs_of(item.module()(*item.inputs()))] for item in (first, other)]
    assert shapes[0] == shapes[1]
