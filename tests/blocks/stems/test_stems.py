"""Stems against the formulas of the papers and the numbers of independent packages."""

import pytest
import torch
from torch.nn import functional as F

from blocks.stems.conv_stem import ConvStem
from blocks.stems.conv_tokenizer import ConvTokenizer
from blocks.stems.cross_scale_embed import CrossScaleEmbed
from blocks.stems.overlap_patch_embed import OverlapPatchEmbed
from blocks.stems.patch_embed import PatchEmbed
from blocks.stems.shifted_patch_embed import ShiftedPatchEmbed
from blocks.stems.t2t_stage import T2TStage
from blocks.stems.tubelet_embed import TubeletEmbed
from tests.blocks.probe import fill, probe_input
from tests.blocks.reference import assert_probe, parameter_count


def test_overlap_patch_embed_agrees_with_timm():
    expected = {
        "mean": 0.5075885818,
        "std": 0.4773835563,
        "last": [1.005500763, 0.9784647584],
    }  # timm 1.0.31 pvt_v2.OverlapPatchEmbed(7, 4, 64)
    block = OverlapPatchEmbed(3)
    assert parameter_count(block) == 9600
    assert_probe(block, [(1, 3, 56, 56)], expected, after=lambda y: y.permute(0, 2, 3, 1))


@pytest.mark.parametrize("norm", ["none", "before", "after", "both"])
def test_patch_embed_is_one_linear_map_of_every_patch(norm):
    x = probe_input((2, 3, 6, 9))
    block = fill(PatchEmbed(3, 8, 3, norm))
    patches = block.patches
    for index in range(6):
        row, column = divmod(index, 3)
        patch = x[:, :, 3 * row : 3 * row + 3, 3 * column : 3 * column + 3]
        if norm in ("before", "both"):
            token = patches.proj(patches.norm_in(patch.permute(0, 2, 3, 1).flatten(1)))
        else:
            token = torch.einsum("nchw,dchw->nd", patch, patches.proj.weight) + patches.proj.bias
        torch.testing.assert_close(block(x)[:, index], patches.norm(token), rtol=0, atol=1e-9)


def test_tubelet_embed_orders_frames_slowest():
    x = probe_input((2, 3, 4, 4, 6))
    block = fill(TubeletEmbed(3, 8, 2, 2, "both"))
    y = block(x)
    assert y.shape == (2, 2 * 2 * 3, 8)
    later = x.clone()
    later[:, :, 2:] += torch.arange(6, dtype=x.dtype)
    changed = (block(later) - y).abs().amax((0, 2)) > 0
    assert changed.tolist() == [False] * 6 + [True] * 6
    # vit-pytorch 1.26.11 simple_vit_3d, patch 16, frame patch 2, dim 1024.
    assert parameter_count(TubeletEmbed(3, 1024, 16, 2, "both")) == 1579008


def test_conv_tokenizer_of_two_layers_has_the_parameters_of_cct():
    block = ConvTokenizer(3, 384, 2)
    assert parameter_count(block) == 1213632  # vit-pytorch 1.26.11 CCT
    assert block(torch.zeros(1, 3, 64, 32)).shape == (1, 4 * 2, 384)


def test_shifted_patch_embed_moves_half_a_patch_along_the_diagonals():
    x = torch.zeros(1, 1, 8, 8)
    x[0, 0, 3, 4] = 1
    seen = []
    block = ShiftedPatchEmbed(1, 8, 4)
    block.patches.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    block(x)
    places = [tuple(int(i) for i in channel.nonzero()[0]) for channel in seen[0][0]]
    assert places == [(3, 4), (5, 6), (5, 2), (1, 6), (1, 2)]


def test_cross_scale_embed_halves_the_width_of_each_larger_kernel():
    block = CrossScaleEmbed(3, 64, (4, 8, 16, 32), 4)
    assert [(conv.kernel_size[0], conv.out_channels) for conv in block.convs] == [(4, 32), (8, 16), (16, 8), (32, 8)]


def test_t2t_stage_is_unfold_and_one_head_of_attention():
    x = probe_input((2, 4, 7, 6))
    block = fill(T2TStage(4, 3, 2, 8))
    unfolded = F.unfold(x, 3, padding=1, stride=2).transpose(1, 2)
    query, key, value = block.qkv(block.norm1(unfolded)).split(8, dim=-1)
    weights = torch.softmax(query @ key.transpose(1, 2) / 8**0.5, dim=-1)
    tokens = value + block.proj(weights @ value)
    tokens = tokens + block.mlp(block.norm2(tokens))
    torch.testing.assert_close(block(x), tokens.transpose(1, 2).reshape(2, 8, 4, 3), rtol=0, atol=1e-9)


def test_t2t_stages_of_full_width_have_the_parameters_of_vit_pytorch():
    # T2TViT(dim=512, t2t_layers=((7, 4), (3, 2), (3, 2))) of vit-pytorch 1.26.11: two stages and a linear layer of
    # 11907 x 512.
    with torch.device("meta"):
        stages = parameter_count(T2TStage(3, 7, 4, None)) + parameter_count(T2TStage(147, 3, 2, None))
    assert stages + 11907 * 512 + 512 == 14968346


def test_bad_parameters_are_named():
    for block in (ConvStem, OverlapPatchEmbed, ConvTokenizer):
        with pytest.raises(ValueError, match=r"kernel_size: 2 is not a positive odd number"):
            block(3, kernel_size=2)
    for block in (ConvStem, OverlapPatchEmbed):
        with pytest.raises(ValueError, match=r"out_channels: 0 is not positive"):
            block(3, 0)
    with pytest.raises(ValueError, match=r"hidden_channels: -1 is not positive"):
        ConvStem(3, hidden_channels=-1)
    with pytest.raises(ValueError, match=r"token_dim: 0 is not positive"):
        T2TStage(3, token_dim=0)
    with pytest.raises(ValueError, match=r"frame_patch_size: 0 is not positive"):
        TubeletEmbed(3, frame_patch_size=0)
    with pytest.raises(ValueError, match=r"pool_kernel_size: 2 is not a positive odd number"):
        ConvTokenizer(3, pool_kernel_size=2)
    with pytest.raises(ValueError, match=r"norm: 'pre' is not one of none, before, after, both"):
        PatchEmbed(3, norm="pre")
    with pytest.raises(ValueError, match=r"patch_size: 0 is not positive"):
        PatchEmbed(3, patch_size=0)
    with pytest.raises(ValueError, match=r"directions: 'spiral' is not one of diagonal, axes"):
        ShiftedPatchEmbed(3, directions="spiral")
    with pytest.raises(ValueError, match=r"kernel_sizes: \(\) is empty"):
        CrossScaleEmbed(3, kernel_sizes=())
    with pytest.raises(ValueError, match=r"kernel_sizes: 7 does not exceed stride 4 by an even number, as 6 would"):
        CrossScaleEmbed(3, kernel_sizes=(4, 7))
    with pytest.raises(ValueError, match=r"kernel_sizes: 4 kernels leave none of 4 out_channels"):
        CrossScaleEmbed(3, 4)


def test_errors_about_sizes_name_valid_sizes():
    with pytest.raises(ValueError, match=r"width: 33 is not a multiple of the patch size 16; resize it to 32 or 48"):
        PatchEmbed(3)(torch.zeros(1, 3, 32, 33))
    with pytest.raises(ValueError, match=r"height: 8 is not a multiple of the patch size 16; resize it to 16"):
        ShiftedPatchEmbed(3)(torch.zeros(1, 3, 8, 32))
    with pytest.raises(ValueError, match=r"frames: 3 is not a multiple of the patch size 2; resize it to 2 or 4"):
        TubeletEmbed(3)(torch.zeros(1, 3, 3, 16, 16))
    with pytest.raises(ValueError, match=r"map \(3, 8\) is smaller than stride 4"):
        CrossScaleEmbed(3)(torch.zeros(1, 3, 3, 8))
    with pytest.raises(ValueError, match=r"map \(2, 8\) is smaller than a patch of kernel_size 7 with padding 2"):
        T2TStage(3, 7, 4)(torch.zeros(1, 3, 2, 8))
