"""Transformer layers against independent packages and their own formulas."""

import copy

import pytest
import torch
from torch import nn

from blocks.attention.multi_head_self_attention import MultiHeadSelfAttention
from blocks.transformer.drop_path import DropPath
from blocks.transformer.gated_mlp import GatedMlp
from blocks.transformer.mixture_of_experts import MixtureOfExperts
from blocks.transformer.mlp import Mlp
from blocks.transformer.parallel_encoder_layer import ParallelEncoderLayer
from blocks.transformer.transformer_decoder_layer import TransformerDecoderLayer
from blocks.transformer.transformer_encoder_layer import TransformerEncoderLayer
from tests.blocks.probe import fill, probe_input
from tests.blocks.reference import parameter_count


def test_the_block_of_vit_base_has_its_parameters() -> None:
    assert parameter_count(TransformerEncoderLayer(768, 12)) == 7_087_872  # timm 1.0.31 vit_base_patch16_224


def test_the_layer_of_vit_pytorch_has_its_parameters() -> None:
    # vit-pytorch 1.26.11 Transformer(dim=64, depth=2, heads=4, dim_head=16, mlp_dim=128) less its last norm.
    assert 2 * parameter_count(TransformerEncoderLayer(64, 4, 16, mlp_ratio=2, qkv_bias=False)) == 66_688 - 128


def test_drop_path_drops_whole_samples_and_preserves_the_mean() -> None:
    torch.manual_seed(0)
    layer = DropPath(0.25)
    y = layer(torch.ones(4000, 2, 3))
    assert (y == y[:, :1, :1]).all()
    assert sorted(set(y.flatten().tolist())) == [0, pytest.approx(1 / 0.75)]
    assert y.mean().item() == pytest.approx(1, abs=0.05)
    assert torch.equal(layer.eval()(y), y)


def test_a_causal_decoder_does_not_look_ahead() -> None:
    layer = fill(TransformerDecoderLayer(32, 24))
    x, memory = probe_input((1, 6, 32)), probe_input((1, 5, 24), 1)
    later = x.clone()
    later[:, 4:] += 1
    before, after = layer(x, memory), layer(later, memory)
    torch.testing.assert_close(before[:, :4], after[:, :4])
    assert (before[:, 4:] - after[:, 4:]).abs().max() > 1e-3


@pytest.mark.parametrize("norm", ["pre", "post"])
def test_the_decoder_is_that_of_torch(norm: str) -> None:
    ours = fill(TransformerDecoderLayer(16, 16, 2, 2.0, norm=norm, act="relu", norm_eps=1e-5))
    theirs = nn.TransformerDecoderLayer(16, 2, 32, 0.0, batch_first=True, norm_first=norm == "pre").double().eval()
    attn, cross = ours.self_attn, ours.cross_attn
    theirs.load_state_dict(
        {
            "self_attn.in_proj_weight": attn.qkv.weight,
            "self_attn.in_proj_bias": attn.qkv.bias,
            "multihead_attn.in_proj_weight": torch.cat((cross.q.weight, cross.kv.weight)),
            "multihead_attn.in_proj_bias": torch.cat((cross.q.bias, cross.kv.bias)),
            **{f"self_attn.out_proj.{name}": value for name, value in attn.proj.named_parameters()},
            **{f"multihead_attn.out_proj.{name}": value for name, value in cross.proj.named_parameters()},
            **{
                f"linear{i}.{name}": value
                for i in (1, 2)
                for name, value in getattr(ours.mlp, f"fc{i}").named_parameters()
            },
            **{
                f"norm{i}.{name}": value
                for i in (1, 2, 3)
                for name, value in getattr(ours, f"norm{i}").named_parameters()
            },
        }
    )
    x, memory = probe_input((2, 5, 16)), probe_input((2, 7, 16), 1)
    causal = torch.ones(5, 5, dtype=torch.bool).triu(1)
    torch.testing.assert_close(ours(x, memory), theirs(x, memory, tgt_mask=causal), rtol=1e-5, atol=1e-8)


def test_experts_follow_the_formula() -> None:
    layer = fill(MixtureOfExperts(16, 4, 2, 2.0, capacity_factor=None))
    x = 10 * probe_input((2, 5, 16))
    expected = torch.zeros_like(x)
    for sample in range(2):
        for token in range(5):
            probabilities = (layer.router.weight @ x[sample, token]).softmax(0)
            for expert in probabilities.argsort(descending=True)[:2]:
                hidden = nn.functional.gelu(x[sample, token] @ layer.fc1[expert] + layer.bias1[expert, 0])
                expected[sample, token] += probabilities[expert] * (hidden @ layer.fc2[expert] + layer.bias2[expert, 0])
    torch.testing.assert_close(layer(x), expected, rtol=1e-5, atol=1e-8)


def test_an_expert_prefers_first_choices_and_respects_its_capacity() -> None:
    layer = MixtureOfExperts(8, 2, 1, capacity_factor=1.0).eval()
    with torch.no_grad():
        layer.router.weight.zero_()
        layer.router.weight[0, 0] = 1.0
        layer.bias2.fill_(1.0)
    x = torch.zeros(1, 6, 8)
    x[..., 0] = 1.0  # all six want expert 0, which takes three
    served = layer(x).abs().sum(-1) > 0
    assert served.tolist() == [[True, True, True, False, False, False]]


def test_the_load_balancing_loss_is_one_for_an_even_router_and_is_not_copied() -> None:
    layer = MixtureOfExperts(8, 4, 4)
    assert layer.aux_loss is None
    with torch.no_grad():
        layer.router.weight.zero_()
    layer(torch.randn(2, 6, 8))
    assert layer.aux_loss.item() == pytest.approx(1.0)
    assert copy.deepcopy(layer).aux_loss is None
    with torch.no_grad():
        layer.router.weight[0] = 10
    layer.top_k = 1
    layer(torch.ones(2, 6, 8))
    assert layer.aux_loss.item() == pytest.approx(4.0, abs=1e-3)
    layer.aux_loss.backward()
    assert layer.router.weight.grad is not None


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: DropPath(1.0), "rate: 1.0 is not in [0, 1)"),
        (lambda: Mlp(8, 0.1), "mlp_ratio: 0.1 of dim 8 leaves no hidden unit"),
        (lambda: GatedMlp(8, 0.1), "mlp_ratio: 0.1 of dim 8 leaves no hidden unit"),
        (lambda: MultiHeadSelfAttention(64, 5), "num_heads: 5 does not divide dim 64"),
        (lambda: TransformerEncoderLayer(64, 5), "num_heads: 5 does not divide dim 64"),
        (lambda: TransformerEncoderLayer(64, norm="mid"), "norm: 'mid' is not one of pre, post"),
        (lambda: TransformerDecoderLayer(64, 64, norm="mid"), "norm: 'mid' is not one of pre, post"),
        (lambda: ParallelEncoderLayer(64, 0), "num_branches: 0 is not positive"),
        (lambda: MixtureOfExperts(64, 0), "num_experts: 0 is not positive"),
        (lambda: MixtureOfExperts(64, 2, 3), "top_k: 3 is more than num_experts 2"),
    ],
)
def test_bad_parameters_are_named(make, message: str) -> None:
    with pytest.raises(ValueError) as error:
        make()
    assert str(error.value) == message
