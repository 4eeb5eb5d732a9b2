"""Windowed attention against timm and against attention over pairs that share a window."""

import math

import pytest
import torch
from torch.nn import functional as F

from blocks._shared.windows import grid_partition, grid_reverse, window_partition, window_reverse
from blocks.attention.swin_block import SwinBlock
from blocks.attention.swin_v2_block import SwinV2Block
from blocks.tokens.patch_merging import PatchMerging
from tests.blocks.probe import fill, probe_input
from tests.blocks.reference import parameter_count


def test_swin_tiny_has_its_parameters() -> None:
    depths, total = (2, 2, 6, 2), 0
    for stage, depth in enumerate(depths):
        total += depth * parameter_count(SwinBlock(96 * 2**stage, 3 * 2**stage))
        total += parameter_count(PatchMerging(96 * 2**stage)) if stage < 3 else 0
    assert total == 27_512_922  # timm 1.0.31 swin_tiny_patch4_window7_224.layers


def test_reversing_a_partition_restores_the_map() -> None:
    x = torch.arange(2 * 6 * 9 * 2).view(2, 6, 9, 2)
    assert torch.equal(window_partition(x, 3)[4, :, 0], x[0, 3:6, 3:6, 0].flatten())
    assert torch.equal(window_reverse(window_partition(x, 3), 3, 6, 9), x)
    assert torch.equal(grid_partition(x, 3)[1, :, 0], x[0, ::2, 1::3, 0].flatten())
    assert torch.equal(grid_reverse(grid_partition(x, 3), 3, 6, 9), x)


def share_a_window(i: tuple[int, int], j: tuple[int, int], size: tuple[int, int], window: int, shift: int) -> bool:
    """Whether windows that start `shift` below multiples of the window hold both places, of a map with its own
    borders.
    """
    for a, b, length in zip(i, j, size, strict=True):
        start = shift if length > window else 0
        if (a - start) // window != (b - start) // window:
            return False
    return True


@pytest.mark.parametrize("size", [(8, 8), (7, 9), (3, 10), (2, 3), (6, 5)])
@pytest.mark.parametrize("shift", [0, 1, 3])
@pytest.mark.parametrize("version", [1, 2])
def test_a_position_attends_to_the_real_positions_of_its_window(
    size: tuple[int, int], shift: int, version: int
) -> None:
    window, dim, heads = 4, 8, 2
    layer = fill((SwinBlock if version == 1 else SwinV2Block)(dim, heads, window, shift))
    attn = layer.attn
    x = probe_input((1, dim, *size))
    tokens = x[0].flatten(1).T
    q, k, v = attn.qkv(layer.norm1(tokens) if version == 1 else tokens).chunk(3, -1)
    if version == 2:
        q, v = q + attn.q_bias, v + attn.v_bias
    places = [(row, column) for row in range(size[0]) for column in range(size[1])]
    out = torch.zeros(len(places), dim).double()
    for head in range(heads):
        part = slice(head * dim // heads, (head + 1) * dim // heads)
        for a, i in enumerate(places):
            logits = {}
            for b, j in enumerate(places):
                if not share_a_window(i, j, size, window, shift):
                    continue
                offset = (i[0] - j[0], i[1] - j[1])
                if version == 1:
                    table = attn.position_bias.table[
                        (offset[0] + window - 1) * (2 * window - 1) + offset[1] + window - 1, head
                    ]
                    logits[b] = q[a, part] @ k[b, part] / math.sqrt(dim / heads) + table
                else:
                    spaced = torch.tensor(
                        [math.copysign(math.log2(1 + abs(8 * d / (window - 1))) / 3, d) for d in offset]
                    ).double()
                    bias = 16 * torch.sigmoid(attn.position_mlp(spaced)[head])
                    cosine = F.cosine_similarity(q[a, part], k[b, part], dim=0)
                    logits[b] = cosine * attn.logit_scale[head, 0, 0].exp() + bias
            weights = torch.stack(list(logits.values())).softmax(0)
            out[a, part] = sum(weight * v[b, part] for weight, b in zip(weights, logits, strict=True))
    out = attn.proj(out)
    y = tokens + (out if version == 1 else layer.norm1(out))
    y = y + (layer.mlp(layer.norm2(y)) if version == 1 else layer.norm2(layer.mlp(y)))
    torch.testing.assert_close(layer(x)[0].flatten(1).T, y, rtol=1e-5, atol=1e-5 if version == 2 else 1e-8)


def test_patch_merging_pads_an_odd_side_with_zeros() -> None:
    layer = fill(PatchMerging(8))
    x = probe_input((1, 8, 5, 7))
    assert layer(x).shape == (1, 16, 3, 4)
    torch.testing.assert_close(layer(x), layer(F.pad(x, (0, 1, 0, 1))))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: SwinBlock(64, 5), "num_heads: 5 does not divide dim 64"),
        (lambda: SwinBlock(64, shift_size=7), "shift_size: 7 is not in 0 .. 6, below window_size 7"),
        (lambda: SwinV2Block(64, 5), "num_heads: 5 does not divide dim 64"),
        (lambda: SwinV2Block(64, shift_size=8), "shift_size: 8 is not in 0 .. 7, below window_size 8"),
        (lambda: PatchMerging(64, "mid"), "norm: 'mid' is not one of pre, post"),
    ],
)
def test_bad_parameters_are_named(make, message: str) -> None:
    with pytest.raises(ValueError) as error:
        make()
    assert str(error.value) == message
