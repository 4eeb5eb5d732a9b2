"""Attentions of hierarchical vision transformers against the numbers of timm and vit-pytorch, and against literal
formulas.
"""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from blocks._shared import grid_windows, windows
from blocks.attention import dssa, region_to_local_attention
from blocks.attention.block_attention import BlockAttention
from blocks.attention.conv_projection_attention import ConvProjectionAttention
from blocks.attention.dssa import DSSA
from blocks.attention.global_subsampled_attention import GlobalSubsampledAttention
from blocks.attention.grid_attention import GridAttention
from blocks.attention.interactive_window_attention import InteractiveWindowAttention
from blocks.attention.levit_attention import LeViTAttention
from blocks.attention.locally_grouped_attention import LocallyGroupedAttention
from blocks.attention.long_distance_attention import LongDistanceAttention
from blocks.attention.mobilevit_block import MobileViTBlock
from blocks.attention.nest_aggregation import NesTAggregation
from blocks.attention.pooling_attention import PoolingAttention
from blocks.attention.region_to_local_attention import RegionToLocalAttention
from blocks.attention.scalable_attention import ScalableAttention
from blocks.attention.short_distance_attention import ShortDistanceAttention
from tests.blocks.probe import probe_input, statistics
from tests.blocks.reference import assert_probe, parameter_count


def wave(k, *shape):
    """Parameter number k of the probe rule."""
    values = torch.sin(0.7 * torch.arange(math.prod(shape), dtype=torch.float64) + 1.3 * k + 0.5)
    values = values / math.sqrt(math.prod(shape) / shape[0]) if len(shape) > 1 else 0.5 + 0.1 * values
    return values.view(shape)


class VitPytorchNorm(nn.Module):
    """The layer norm of vit-pytorch's map attentions, parameters 0 and 1 of the probe."""

    def __init__(self, channels):
        super().__init__()
        self.weight, self.bias = wave(0, 1, channels, 1, 1).flatten(), wave(1, 1, channels, 1, 1).flatten()

    def forward(self, x):
        return F.layer_norm(x.permute(0, 2, 3, 1), self.weight.shape, self.weight, self.bias).permute(0, 3, 1, 2)


def with_parameters(module, values):
    module = module.double().eval()
    parameters = dict(module.named_parameters())
    assert set(values) == set(parameters)
    with torch.no_grad():
        for name, value in values.items():
            parameters[name].copy_(value.reshape(parameters[name].shape))
    return module


def assert_statistics(output, expected):
    measured = statistics(output)
    assert {name: measured[name] for name in expected} == {
        name: pytest.approx(value, rel=1e-7, abs=1e-8) for name, value in expected.items()
    }


def to_map(side):
    return lambda x: x.transpose(1, 2).unflatten(2, (side, side))


def to_tokens(x):
    return x.flatten(2).transpose(1, 2)


# -- known numbers
# ------------------------------------------------------------------------------------------------------


@torch.no_grad()
def test_conv_projection_with_shared_convolutions_is_vit_pytorch_1_26_11():
    dim = 64
    convolution = {"conv.weight": wave(6, dim, 1, 3, 3), "norm.weight": wave(7, dim), "norm.bias": wave(8, dim)}
    k, v = wave(9, 2 * dim, dim).chunk(2)
    values = {
        "conv_q.conv.weight": wave(2, dim, 1, 3, 3),
        "conv_q.norm.weight": wave(3, dim),
        "conv_q.norm.bias": wave(4, dim),
    }
    values |= {f"conv_{part}.{name}": value for part in "kv" for name, value in convolution.items()}
    values |= {
        "q.weight": wave(5, dim, dim),
        "k.weight": k,
        "v.weight": v,
        "proj.weight": wave(10, dim, dim),
        "proj.bias": wave(11, dim),
    }
    module = with_parameters(ConvProjectionAttention(dim, 1, qkv_bias=False), values)
    expected = {
        "mean": 0.4960041134,
        "std": 0.1567373283,
        "first": [0.523841521, 0.523844898, 0.5238448592, 0.5238448143, 0.5238447638, 0.5238447085],
    }
    assert_statistics(module(VitPytorchNorm(dim)(probe_input((1, dim, 14, 14)))), expected)


def test_cvt_13_has_the_parameters_of_transformers_5_23():
    total, previous = 0, 3
    for dim, kernel, depth in ((64, 7, 1), (192, 3, 2), (384, 3, 10)):
        total += previous * dim * kernel**2 + dim + 2 * dim
        total += depth * (parameter_count(ConvProjectionAttention(dim, 1)) + 4 * dim + 8 * dim**2 + 5 * dim)
        previous = dim
    assert total + 384 + 2 * 384 + 385000 == 19997480


def test_locally_grouped_attention_is_timm_1_0_31():
    module = LocallyGroupedAttention(64, 2, 7)
    assert parameter_count(module) == 16640
    expected = {
        "mean": 0.5096502732,
        "std": 0.2667723946,
        "first": [0.7754799765, 0.7054321811, 0.4905220465, 0.2740826136, 0.2039511247, 0.33383076],
        "last": [0.8016321009, 0.581353708],
    }
    assert_probe(module, [(1, 196, 64)], expected, before=to_map(14), after=to_tokens)


@pytest.mark.parametrize(
    ("reduction", "count", "expected"),
    [
        (2, 33216, {"mean": 0.4819668699, "std": 0.9090900975, "last": [0.17686301, -0.5756579131]}),
        (1, 16640, {"mean": 0.5073920377, "std": 0.2514319978, "last": [0.748136025, 0.5494551233]}),
    ],
)
def test_global_subsampled_attention_is_timm_1_0_31(reduction, count, expected):
    module = GlobalSubsampledAttention(64, 2, reduction)
    assert parameter_count(module) == count
    assert_probe(module, [(1, 196, 64)], expected, before=to_map(14), after=to_tokens)


@torch.no_grad()
def test_dense_scalable_attention_is_vit_pytorch_1_26_11():
    module = ScalableAttention(64, 2, 8, mode="dense")
    assert parameter_count(module) + 128 == 599232
    values = {"q.weight": wave(2, 80, 64), "k.weight": wave(3, 80, 64, 8, 8), "v.weight": wave(4, 64, 64, 8, 8)}
    values |= {"proj.weight": wave(5, 64, 64), "proj.bias": wave(6, 64)}
    expected = {"mean": 0.5015786675, "std": 0.07098608737, "first": [0.5898261039] * 6, "last": [0.5845878874] * 2}
    assert_statistics(with_parameters(module, values)(VitPytorchNorm(64)(probe_input((1, 64, 16, 16)))), expected)


@torch.no_grad()
def test_dense_interactive_window_attention_is_vit_pytorch_1_26_11():
    module = InteractiveWindowAttention(64, 2, 7, depthwise=False)
    assert parameter_count(module) + 128 == 53504
    values = {
        "local.weight": wave(2, 64, 64, 3, 3),
        "local.bias": wave(3, 64),
        "proj.weight": wave(7, 64, 64),
        "proj.bias": wave(8, 64),
    }
    values["qkv.weight"] = torch.cat([wave(k, 64, 64) for k in (4, 5, 6)])
    expected = {"mean": 0.5069724128, "std": 0.2234909515, "last": [0.4990878613, 0.5007304232]}
    assert_statistics(with_parameters(module, values)(VitPytorchNorm(64)(probe_input((1, 64, 14, 14)))), expected)


@torch.no_grad()
@pytest.mark.parametrize(
    ("side", "expected"),
    [
        (14, {"mean": 0.4912302369, "std": 0.2532500435, "last": [0.4098187967, 0.4098200274]}),
        (7, {"mean": 0.491249947, "std": 0.2528239906, "last": [0.4101479608, 0.4101459712]}),
    ],
)
def test_dssa_is_vit_pytorch_1_26_11(side, expected):
    module = DSSA(64, 2, 7)
    assert parameter_count(module) + 128 == 25024
    values = {
        "window_token": wave(0, 64),
        "qkv.weight": wave(3, 192, 64),
        "token_norm.weight": wave(4, 32),
        "token_norm.bias": wave(5, 32),
    }
    values |= {
        "token_qk.weight": wave(6, 128, 64),
        "token_qk.bias": wave(7, 128),
        "proj.weight": wave(8, 64, 64),
        "proj.bias": wave(9, 64),
    }
    norm = VitPytorchNorm(64)
    norm.weight, norm.bias = wave(1, 1, 64, 1, 1).flatten(), wave(2, 1, 64, 1, 1).flatten()
    assert_statistics(with_parameters(module, values)(norm(probe_input((1, 64, side, side)))), expected)


@torch.no_grad()
def test_block_attention_is_timm_1_0_31():
    module = BlockAttention(64)
    assert parameter_count(module) == parameter_count(GridAttention(64)) == 50322
    names = [
        "norm1.weight",
        "norm1.bias",
        "attn.qkv.weight",
        "attn.qkv.bias",
        "attn.position_bias.table",
        "attn.proj.weight",
        "attn.proj.bias",
    ]
    names += ["norm2.weight", "norm2.bias", "mlp.fc1.weight", "mlp.fc1.bias", "mlp.fc2.weight", "mlp.fc2.bias"]
    parameters = dict(module.named_parameters())
    values = {name: wave(k, *parameters[name].shape) for k, name in enumerate(names)}
    for name in ("attn.qkv.weight", "attn.qkv.bias"):
        # There, the heads come first and queries, keys and values within each (head_first, which its TensorFlow ports
        # switch off).
        values[name] = values[name].unflatten(0, (2, 3, 32)).transpose(0, 1)
    expected = {
        "mean": 1.023519295,
        "std": 1.226215804,
        "first": [2.147388305, 1.215546058, 0.3288540888, 0.2177721449, 0.189511771, 1.855396407],
        "last": [0.470853623, 1.003257399],
    }
    x = probe_input((1, 14, 14, 64)).permute(0, 3, 1, 2)
    assert_statistics(with_parameters(module, values)(x).permute(0, 2, 3, 1), expected)


@torch.no_grad()
def test_region_to_local_attention_with_one_norm_is_vit_pytorch_1_26_11():
    module = RegionToLocalAttention(64, 4, 32, qkv_bias=False)
    assert parameter_count(module) - 128 == 66852
    values = {
        f"{name}.{part}": wave(k, 64) for name in ("norm_regions", "norm1") for k, part in enumerate(("weight", "bias"))
    }
    values |= {"qkv.weight": wave(2, 384, 64), "proj.weight": wave(3, 64, 128), "proj.bias": wave(4, 64)}
    values |= {
        "norm2.weight": wave(5, 64),
        "norm2.bias": wave(6, 64),
        "mlp.fc1.weight": wave(7, 256, 64),
        "mlp.fc1.bias": wave(8, 256),
    }
    values |= {"mlp.fc2.weight": wave(9, 64, 256), "mlp.fc2.bias": wave(10, 64)}
    # There, offsets are numbered column by column.
    values["position_bias.table"] = wave(11, 169, 4).view(13, 13, 4).transpose(0, 1)
    local, regions = with_parameters(module, values)(probe_input((1, 64, 14, 14)), probe_input((1, 64, 2, 2), 1))
    assert regions.shape == (1, 64, 2, 2)
    expected = {
        "mean": 1.015684921,
        "std": 0.8873112184,
        "first": [1.313737757, 1.425182693, 1.535078217, 1.642422685, 1.745850596, 1.843733803],
        "last": [1.528573131, 1.432577766],
    }
    assert_statistics(local, expected)


@pytest.mark.parametrize(
    ("settings", "count", "expected"),
    [
        (
            {"num_heads": 4, "value_ratio": 2.0},
            50704,
            {
                "mean": 0.5011882955,
                "std": 0.08581654614,
                "first": [0.5980165818, 0.6211157288, 0.4546643361, 0.3483717372, 0.4226609745, 0.4814374707],
            },
        ),
        (
            {"num_heads": 8, "value_ratio": 4.0, "stride": 2, "out_channels": 256},
            232992,
            {
                "mean": 0.4992546298,
                "std": 0.08222680692,
                "first": [0.4454064003, 0.5023341405, 0.5414342918, 0.5397221866, 0.4962790993, 0.4314077189],
            },
        ),
    ],
)
def test_levit_attention_is_timm_1_0_31(settings, count, expected):
    module = LeViTAttention(128, 14, 14, key_dim=16, act="silu", **settings)
    assert parameter_count(module) == count
    assert_probe(module, [(1, 196, 128)], expected, before=to_map(14), after=to_tokens)


def test_pooling_attention_is_timm_1_0_31():
    module = PoolingAttention(96, 14, 14, num_heads=1)
    assert parameter_count(module) == 45600
    expected = {
        "mean": 0.5103482479,
        "std": 0.8312072425,
        "first": [1.718047447, 1.134519133, -0.9284700565, 1.018059658, 1.649147148, -0.8744914441],
        "last": [1.691942541, 1.849486325],
    }
    assert_probe(module, [(1, 196, 96)], expected, before=to_map(14), after=to_tokens)


def test_nest_aggregation_is_timm_1_0_31():
    module = NesTAggregation(96, 192, norm_eps=1e-5)
    assert parameter_count(module) == 166464
    expected = {
        "mean": 0.7923768885,
        "std": 0.3999483465,
        "first": [1.21146421, 1.242922362, 1.273885615, 1.300876687, 1.317403229, 1.318823332],
    }
    assert_probe(module, [(1, 96, 14, 14)], expected)


@torch.no_grad()
def test_nest_aggregation_is_vit_pytorch_1_26_11():
    values = {"conv.weight": wave(0, 192, 96, 3, 3), "conv.bias": wave(1, 192)}
    values |= {"norm.weight": wave(2, 1, 192, 1, 1), "norm.bias": wave(3, 1, 192, 1, 1)}
    module = with_parameters(NesTAggregation(96, 192, padding="symmetric", norm_eps=1e-5), values)
    expected = {"mean": 0.03447641665, "std": 0.06408134265, "last": [0.05249594245, 0.05981282334]}
    assert_statistics(module(probe_input((1, 96, 14, 14))), expected)


def test_mobilevit_block_is_timm_1_0_31():
    module = MobileViTBlock(32, 48, act="relu")
    assert parameter_count(module) == 68928
    assert_probe(module, [(1, 32, 16, 16)], {"mean": 0.5044358271, "std": 0.2025397681, "last": [0.0, 0.1806157837]})


# -- literal formulas
# ---------------------------------------------------------------------------------------------------


@torch.no_grad()
@pytest.mark.parametrize(("cls", "spread"), [(ShortDistanceAttention, False), (LongDistanceAttention, True)])
@pytest.mark.parametrize(("height", "width"), [(4, 6), (5, 3)])
def test_crossformer_attentions_follow_the_formula(cls, spread, height, width):
    dim, heads, side = 8, 2, 2
    module = cls(dim, heads, side).double()
    x = torch.randn(1, dim, height, width).double()
    output = module(x)[0]
    attn = module.attn
    qkv = attn.qkv(x[0].permute(1, 2, 0)).view(height, width, 3, heads, dim // heads)
    cells = -(-height // side), -(-width // side)

    def place(row, column):
        """Return the group of a position, and where in its group it is."""
        if spread:
            return (row % cells[0], column % cells[1]), (row // cells[0], column // cells[1])
        return (row // side, column // side), (row % side, column % side)

    everywhere = [(row, column) for row in range(height) for column in range(width)]
    for at in everywhere:
        group, (row, column) = place(*at)
        peers = [(other, place(*other)[1]) for other in everywhere if place(*other)[0] == group]
        out = []
        for head in range(heads):
            logits = []
            for other, (other_row, other_column) in peers:
                offset = torch.tensor([row - other_row, column - other_column]).double()
                bias = attn.dynamic_bias.mlp(offset)[head]
                logits.append(qkv[at][0, head] @ qkv[other][1, head] / math.sqrt(dim // heads) + bias)
            weights = torch.stack(logits).softmax(0)
            out.append(sum(weight * qkv[other][2, head] for weight, (other, _) in zip(weights, peers, strict=True)))
        assert torch.allclose(output[:, at[0], at[1]], attn.proj(torch.cat(out)), atol=1e-10)


@torch.no_grad()
def test_scalable_attention_follows_the_authors_code():
    torch.manual_seed(0)
    module = ScalableAttention(8, 2, 2).double()
    x = torch.randn(1, 8, 4, 6).double()
    context = x
    for conv in module.reduce:
        context = conv(context)
    context = F.gelu(
        F.layer_norm(context.permute(0, 2, 3, 1), (10,), module.norm[0].weight, module.norm[0].bias)
    ).flatten(1, 2)[0]
    q = x[0].flatten(1).T @ module.q.weight.flatten(1).T
    k, v = context @ module.k.weight.flatten(1).T, context @ module.v.weight.flatten(1).T
    heads = [
        (q[:, 5 * head : 5 * head + 5] @ k[:, 5 * head : 5 * head + 5].T / math.sqrt(5)).softmax(-1)
        @ v[:, 4 * head : 4 * head + 4]
        for head in range(2)
    ]
    expected = module.proj(torch.cat(heads, 1)).T.view(1, 8, 4, 6)
    assert torch.allclose(module(x), expected, atol=1e-10)


def test_the_positions_of_a_grid_part_are_spread_over_the_map():
    x = torch.arange(36.0).view(1, 6, 6, 1)
    seen = []
    grid_windows.attend_in_grid(lambda parts, mask: seen.append(parts) or parts, x, 3)
    assert seen[0][0, :, 0].tolist() == [0, 2, 4, 12, 14, 16, 24, 26, 28]
    assert torch.equal(grid_windows.attend_in_grid(lambda parts, mask: parts, x[:, :5, :4], 3), x[:, :5, :4])


PADDED = [
    LocallyGroupedAttention(8, 2, 4),
    ShortDistanceAttention(8, 2, 4),
    LongDistanceAttention(8, 2, 4),
    InteractiveWindowAttention(8, 2, 4),
    BlockAttention(8, 4, 4),
    GridAttention(8, 4, 4),
    DSSA(8, 2, 4),
    RegionToLocalAttention(8, 2, window_size=4),
]


@torch.no_grad()
@pytest.mark.parametrize("module", PADDED, ids=lambda module: type(module).__name__)
@pytest.mark.parametrize(("height", "width"), [(5, 7), (9, 4), (2, 3)])
def test_padding_changes_nothing(module, height, width, monkeypatch):
    """The values of the padding do not change the output of real positions."""
    torch.manual_seed(0)
    inputs = [torch.randn(2, 8, height, width)]
    if isinstance(module, RegionToLocalAttention):
        inputs.append(torch.randn(2, 8, -(-height // 4), -(-width // 4)))
    usual = module.eval()(*inputs)

    def pad_with_noise(x, side):
        padded = torch.randn(x.shape[0], -(-x.shape[1] // side) * side, -(-x.shape[2] // side) * side, x.shape[3])
        padded[:, : x.shape[1], : x.shape[2]] = x
        return padded

    for place in (windows, grid_windows, dssa, region_to_local_attention):
        monkeypatch.setattr(place, "pad_to_windows", pad_with_noise)
    noisy = module(*inputs)
    pairs = zip(usual, noisy, strict=True) if isinstance(usual, tuple) else [(usual, noisy)]
    for a, b in pairs:
        assert a.isfinite().all()
        assert torch.allclose(a, b, atol=1e-5)


@torch.no_grad()
def test_subsampled_patches_are_padded_with_zeros():
    x = torch.randn(1, 8, 5, 7)
    padded = F.pad(x, (0, 1, 0, 3))
    for module in (GlobalSubsampledAttention(8, 2, 4), ScalableAttention(8, 2, 4)):
        assert torch.allclose(module(x), module(padded)[:, :, :5, :7], atol=1e-5)


@torch.no_grad()
@pytest.mark.parametrize(("stride_q", "stride_kv"), [(1, 2), (2, 1), (2, 4)])
def test_pooled_offsets_follow_the_formula(stride_q, stride_kv):
    module = PoolingAttention(4, 7, 9, num_heads=2, stride_q=stride_q, stride_kv=stride_kv).double()
    sizes = [((size - 1) // stride_q + 1, (size - 1) // stride_kv + 1) for size in (7, 9)]
    q = torch.randn(1, 2, sizes[0][0], sizes[1][0], 2).double()
    bias = module.bias(q).view(1, 2, sizes[0][0], sizes[1][0], sizes[0][1], sizes[1][1])
    for row in range(sizes[0][0]):
        for key_row in range(sizes[0][1]):
            scale, key_scale = max(sizes[0][1] / sizes[0][0], 1), max(sizes[0][0] / sizes[0][1], 1)
            at = int(row * scale - key_row * key_scale + (sizes[0][1] - 1) * key_scale)
            change = bias[0, 1, row, 3, key_row, 1] - bias[0, 1, row, 3, 0, 1]
            start = int(row * scale + (sizes[0][1] - 1) * key_scale)
            assert torch.allclose(
                change, q[0, 1, row, 3] @ (module.rel_pos_h[at] - module.rel_pos_h[start]), atol=1e-10
            )


@torch.no_grad()
def test_pooling_attention_pools_by_maximum_and_mean():
    x = torch.randn(1, 4, 6, 6)
    for pool, operation in (("max", F.max_pool2d), ("avg", F.avg_pool2d)):
        module = PoolingAttention(
            4, 6, 6, num_heads=1, stride_q=2, stride_kv=2, pool=pool, residual_pooling=False, relative_bias=False
        )
        q, k, v = (
            operation(part, 3, 2, 1).flatten(2).transpose(1, 2)
            for part in module.qkv(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2).chunk(3, 1)
        )
        expected = module.proj((q @ k.transpose(1, 2) / 2).softmax(-1) @ v).transpose(1, 2).unflatten(2, (3, 3))
        assert torch.allclose(module(x), expected, atol=1e-5)


@torch.no_grad()
def test_nest_aggregation_pads_as_declared():
    for height, width in ((6, 4), (5, 7), (2, 1)):
        module = NesTAggregation(2, 3)
        y = module.norm(module.conv(torch.ones(1, 2, height, width) * torch.rand(1, 2, height, width)))
        module.conv, module.norm = nn.Identity(), nn.Identity()
        pads = [(side % 2, 1) for side in (height, width)]
        expected = F.max_pool2d(F.pad(y, (*pads[1], *pads[0]), value=-math.inf), 3, 2)
        assert torch.equal(module(y), expected)


# -- what is refused
# ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ConvProjectionAttention(8, 3), "num_heads: 3 does not divide dim 8"),
        (
            lambda: ConvProjectionAttention(8, 2, kernel_size=2),
            "kernel_size: 2 is not a positive odd number, such as 3, 5 or 7",
        ),
        (lambda: ConvProjectionAttention(8, 2, kv_stride=0), "kv_stride: 0 is not positive"),
        (lambda: LocallyGroupedAttention(8, 2, 0), "window_size: 0 is not positive"),
        (lambda: GlobalSubsampledAttention(8, 2, 0), "reduction: 0 is not positive"),
        (lambda: GlobalSubsampledAttention(8, 3), "num_heads: 3 does not divide dim 8"),
        (lambda: ShortDistanceAttention(8, 3), "num_heads: 3 does not divide dim 8"),
        (lambda: LongDistanceAttention(8, 2, 0), "window_size: 0 is not positive"),
        (lambda: ScalableAttention(8, 4, key_ratio=1.3), "num_heads: 4 does not divide dim 8 * key_ratio 1.3 = 10"),
        (lambda: ScalableAttention(8, 2, 0), "reduction: 0 is not positive"),
        (lambda: ScalableAttention(8, 2, mode="x"), "mode: 'x' is not one of depthwise, dense"),
        (lambda: InteractiveWindowAttention(8, 2, 0), "window_size: 0 is not positive"),
        (lambda: DSSA(8, 3), "num_heads: 3 does not divide dim 8"),
        (lambda: DSSA(8, 2, 0), "window_size: 0 is not positive"),
        (lambda: BlockAttention(8, 3), "head_dim: 3 does not divide dim 8"),
        (lambda: GridAttention(8, 4, 0), "window_size: 0 is not positive"),
        (lambda: RegionToLocalAttention(8, 3), "num_heads: 3 does not divide dim 8"),
        (
            lambda: RegionToLocalAttention(8, 2)(torch.ones(1, 8, 9, 9), torch.ones(1, 8, 2, 3)),
            "regions: 2 x 3, but a map of 9 x 9 has 2 x 2 windows of window_size 7",
        ),
        (lambda: LeViTAttention(8, 4, 4, key_dim=0), "key_dim: 0 is not positive"),
        (
            lambda: LeViTAttention(8, 4, 4, key_dim=1, value_ratio=0.5),
            "value_ratio: 0.5 of key_dim 1 leaves no channel for values",
        ),
        (lambda: LeViTAttention(8, 4, 4, stride=0), "stride: 0 is not positive"),
        (lambda: LeViTAttention(8, 4, 4)(torch.ones(1, 8, 4, 5)), "x: 4 x 5, but the biases are for a map of 4 x 4"),
        (lambda: PoolingAttention(8, 4, 4, 9), "num_heads: 4 does not divide out_channels 9"),
        (lambda: PoolingAttention(8, 4, 4, pool="x"), "pool: 'x' is not one of conv, max, avg"),
        (lambda: PoolingAttention(8, 4, 4, stride_kv=0), "stride_kv: 0 is not positive"),
        (
            lambda: PoolingAttention(8, 4, 4)(torch.ones(1, 8, 4, 5)),
            "x: 4 x 5, but the block was made for a map of 4 x 4",
        ),
        (lambda: NesTAggregation(8, 0), "out_channels: 0 is not positive"),
        (lambda: NesTAggregation(8, padding="x"), "padding: 'x' is not one of same, symmetric"),
        (lambda: MobileViTBlock(8, 6), "num_heads: 4 does not divide dim 6"),
        (lambda: MobileViTBlock(8, depth=0), "depth: 0 is not positive"),
        (lambda: MobileViTBlock(8, patch_size=0), "patch_size: 0 is not positive"),
    ],
)
def test_bad_parameters_are_named(make, message):
    with pytest.raises(ValueError) as caught:
        make()
    assert str(caught.value) == message


@torch.no_grad()
def test_mobilevit_block_accepts_maps_that_patches_do_not_divide():
    module = MobileViTBlock(8, 8, 1, 2).eval()
    x = torch.randn(2, 8, 5, 7)
    assert module(x).shape == x.shape
    plain = MobileViTBlock(8, 8, 1, 2, fusion=False).eval()
    assert plain(x).shape == x.shape and parameter_count(plain) < parameter_count(module)
