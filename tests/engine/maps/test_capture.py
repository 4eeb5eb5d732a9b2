import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import composer
from blocks.attention.dssa import DSSA
from blocks.attention.multi_head_self_attention import MultiHeadSelfAttention
from blocks.attention.swin_block import SwinBlock
from blocks.attention.xca import XCA
from blocks.branch_attention.selective_kernel import SelectiveKernel
from blocks.channel_attention.gather_excite import GatherExcite
from blocks.channel_attention.squeeze_excite import SqueezeExcite
from blocks.combined.bam import BAM
from blocks.conv.basic_block import BasicBlock
from blocks.conv.bottleneck import Bottleneck
from blocks.conv.fused_mbconv import FusedMBConv
from blocks.conv.mbconv import MBConv
from blocks.dendritic.active_dendrites import ActiveDendrites
from blocks.transformer.transformer_encoder_layer import TransformerEncoderLayer
from composer.core.token_layout import cells, join, unplaced
from composer.engine.library import catalog
from composer.engine.maps import capture as module
from composer.engine.maps.capture import capture
from composer.engine.maps.token_layout import as_token_matrix, guess_layout
from tests.engine.designs import tiny


class Net(nn.Module):
    """One block as the node `block`."""

    def __init__(self, block):
        super().__init__()
        self.block = block

    def forward(self, *inputs):
        return self.block(*inputs)


def captured(block, *inputs, **more):
    return capture(Net(block), inputs, catalog(), **more)[1]


def explicit_attention(block, x):
    """softmax(Q K^T / sqrt d) of a MultiHeadSelfAttention, written out."""
    q, k, _ = block.qkv(x).chunk(3, dim=-1)
    q, k = (part.unflatten(-1, (block.num_heads, -1)).transpose(1, 2) for part in (q, k))
    return (q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])).softmax(-1)


def test_attention_is_the_explicit_softmax():
    torch.manual_seed(0)
    block, x = MultiHeadSelfAttention(dim=32, num_heads=4), torch.randn(3, 17, 32)
    (record,) = captured(block, x)
    assert (record.node, record.layer, record.kind, record.shape) == ("block", "block", "token_pairs", (3, 4, 17, 17))
    assert torch.allclose(record.data, explicit_attention(block, x), atol=1e-6)


def test_masked_attention_is_zero_where_nothing_may_be_seen():
    (record,) = captured(MultiHeadSelfAttention(dim=32, num_heads=4, causal=True), torch.randn(2, 9, 32))
    assert torch.equal(record.data.triu(1), torch.zeros(2, 4, 9, 9))
    assert torch.allclose(record.data.sum(-1), torch.ones(2, 4, 9))


def test_the_innermost_block_owns_the_map_and_each_pass_is_one_map():
    torch.manual_seed(0)
    layer, x = TransformerEncoderLayer(dim=32, num_heads=2), torch.randn(2, 10, 32)
    (record,) = captured(layer, x)
    assert (record.node, record.layer) == ("block", "block.attn")
    assert torch.allclose(record.data, explicit_attention(layer.eval().attn, layer.norm1(x)), atol=1e-6)

    class Twice(Net):
        def forward(self, x):
            return self.block(self.block(x))

    _, maps = capture(Twice(layer), x, catalog())
    assert [item.call for item in maps] == [0, 1]
    assert not torch.equal(maps[0].data, maps[1].data)


@pytest.mark.parametrize("need_weights", [False, True])
def test_foreign_attention_is_found_without_its_help(need_weights):
    class Foreign(nn.Module):
        def __init__(self):
            super().__init__()
            self.mha = nn.MultiheadAttention(16, 2, batch_first=True)

        def forward(self, x):
            return self.mha(x, x, x, need_weights=need_weights, average_attn_weights=False)

    model, x = Foreign().eval(), torch.randn(3, 5, 16)
    output, maps = capture(model, x, catalog())
    _, wanted = model.mha(x, x, x, need_weights=True, average_attn_weights=False)
    assert [item.node for item in maps] == ["mha"]
    assert torch.allclose(maps[0].data, wanted, atol=1e-6)
    assert torch.allclose(output[0], model(x)[0], atol=1e-6)


def test_torchs_own_encoder_layer_shows_its_attention_behind_the_fast_path():
    _, maps = capture(Net(nn.TransformerEncoderLayer(16, 2, batch_first=True)), torch.randn(2, 5, 16), catalog())
    assert len(maps) == 1
    assert maps[0].data.shape == (2, 2, 5, 5)
    assert torch.backends.mha.get_fastpath_enabled()


def test_a_softmax_over_features_or_classes_is_no_attention():
    class Classes(nn.Module):
        def forward(self, x):
            return (x @ x.transpose(1, 2)).softmax(1), x.mean(1).softmax(-1)

    assert capture(Net(Classes()), torch.randn(2, 5, 16), catalog())[1] == []


def test_gates_are_the_written_out_formula_and_taken_once():
    torch.manual_seed(0)
    gate, x = SqueezeExcite(16, reduction=4), torch.randn(2, 16, 6, 5)
    (record,) = captured(gate, x)
    hidden = F.relu(F.conv2d(x.mean((2, 3), keepdim=True), gate.reduce.weight, gate.reduce.bias))
    wanted = torch.sigmoid(F.conv2d(hidden, gate.expand.weight, gate.expand.bias))
    assert (record.kind, record.name) == ("channel", "gate")
    assert torch.allclose(record.data, wanted, atol=1e-6)
    (nested,) = captured(MBConv(16, 16), x)  # MBConv and the SqueezeExcite in it declare the same gate
    assert (nested.layer, nested.name, nested.kind) == ("block", "se.gate", "channel")
    assert captured(MBConv(16, 16, se_ratio=0.0), x) == []


def test_branches_and_segments():
    (branches,) = captured(SelectiveKernel(16, 16, branches=3), torch.randn(2, 16, 6, 5))
    assert (branches.kind, branches.shape) == ("branch", (2, 3, 16, 1, 1))
    assert torch.allclose(branches.data.sum(1), torch.ones(2, 16, 1, 1))
    block, x, context = ActiveDendrites(8, 6, units=5, segments=4), torch.randn(2, 8), torch.randn(2, 6)
    (segments,) = captured(block, x, context)
    assert segments.kind == "segment"
    assert torch.allclose(segments.data, torch.einsum("bc,usc->bus", context, block.segments), atol=1e-6)


@pytest.mark.parametrize(("size", "shift"), [((10, 4), (2, 0)), ((3, 9), (0, 2)), ((8, 8), (2, 2))])
def test_windows_know_their_map(size, shift):
    (record,) = captured(SwinBlock(32, num_heads=2, window_size=4, shift_size=2), torch.randn(2, 32, *size))
    assert (record.kind, record.size, record.window) == ("windows", size, (4, 4))
    assert record.shift == shift  # where one window holds a whole axis nothing is rolled along it
    assert record.data.shape[1:] == (2, 16, 16)


def test_a_generated_design_gives_maps_on_its_nodes():
    model = composer.build(tiny())
    _, maps = capture(model, torch.randn(2, 1, 8, 8), catalog())
    assert [(record.node, record.layer, record.kind) for record in maps] == [
        ("gate", "gate", "channel"),
        ("attn", "attn.attn", "token_pairs"),
    ]
    assert maps[1].keys == cells((4, 4))
    _, only = capture(model, torch.randn(2, 1, 8, 8), catalog(), nodes=["attn"])
    assert [record.node for record in only] == ["attn"]


def test_capture_leaves_everything_as_it_was():
    model = composer.build(tiny())
    model.train()
    model.stem.eval()
    model.requires_grad_(True)
    flags = [item.training for item in model.modules()]
    state = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    random = torch.get_rng_state()
    switches = torch.backends.cuda.flash_sdp_enabled(), torch.backends.cuda.mem_efficient_sdp_enabled()
    x = torch.randn(4, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    output, _ = capture(model, x, catalog())
    assert [item.training for item in model.modules()] == flags
    assert all(torch.equal(tensor, state[name]) for name, tensor in model.state_dict().items())
    assert not any(item._forward_hooks or item._forward_pre_hooks for item in model.modules())
    assert torch.equal(random, torch.get_rng_state())
    assert switches == (torch.backends.cuda.flash_sdp_enabled(), torch.backends.cuda.mem_efficient_sdp_enabled())
    assert not output.requires_grad
    assert torch.is_grad_enabled()
    model.eval()
    assert torch.allclose(output, model(x), atol=1e-5)


def test_a_forward_that_raises_leaves_no_trace():
    model = composer.build(tiny()).train()
    with pytest.raises(RuntimeError, match="to have 1 channels, but got 3 channels"):
        capture(model, torch.randn(2, 3, 8, 8), catalog())
    assert model.training
    assert not any(item._forward_hooks or item._forward_pre_hooks for item in model.modules())
    assert torch.backends.mha.get_fastpath_enabled()
    assert len(capture(model, torch.randn(2, 1, 8, 8), catalog())[1]) == 2


def test_maps_are_copies():
    class InPlace(nn.Module):
        def forward(self, x):
            weights = (x @ x.transpose(1, 2)).softmax(-1)
            return weights.zero_() @ x

    (record,) = capture(Net(InPlace()), torch.randn(2, 5, 16), catalog())[1]
    assert torch.allclose(record.data.sum(-1), torch.ones(2, 1, 5))


def test_large_maps_are_averaged_then_thinned_and_say_so(monkeypatch):
    torch.manual_seed(0)
    block, x = MultiHeadSelfAttention(dim=32, num_heads=4), torch.randn(1, 64, 32)
    wanted = explicit_attention(block, x).mean(1, keepdim=True)
    monkeypatch.setattr(module, "MAP_BYTES", 64 * 64 * 4)
    (record,) = captured(block, x)
    assert torch.allclose(record.data, wanted, atol=1e-6)
    assert record.shape == (1, 4, 64, 64)
    assert "heads averaged" in record.notes[0]
    monkeypatch.setattr(module, "MAP_BYTES", 64 * 16 * 4)
    (record,) = captured(block, x)
    assert torch.allclose(record.data, wanted[:, :, ::4], atol=1e-6)
    assert record.notes[1] == "only one query in 4 is stored"
    monkeypatch.setattr(module, "TOTAL_BYTES", 0)
    assert captured(block, x) == []


def test_half_precision_gives_float32_maps():
    with torch.autocast("cpu", dtype=torch.bfloat16):
        (record,) = captured(MultiHeadSelfAttention(dim=32, num_heads=4), torch.randn(2, 9, 32))
    assert record.data.dtype == torch.float32
    assert torch.allclose(record.data.sum(-1), torch.ones(2, 4, 9), atol=0.02)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_attention_on_a_gpu_is_the_explicit_softmax():
    block, x = MultiHeadSelfAttention(dim=32, num_heads=4).cuda(), torch.randn(3, 17, 32, device="cuda")
    (record,) = captured(block, x)
    assert record.data.device.type == "cpu"
    assert torch.allclose(record.data, explicit_attention(block, x).cpu(), atol=1e-4)


@pytest.mark.parametrize(
    ("block", "wanted"),
    [
        (Bottleneck(32, attention="cbam"), [("channel", (2, 256, 1, 1)), ("spatial", (2, 1, 9, 7))]),
        (BasicBlock(32, attention="se"), [("channel", (2, 64, 1, 1))]),
        (BasicBlock(32, attention="none"), []),
        (FusedMBConv(32, 32, se_ratio=0.25), [("channel", (2, 128, 1, 1))]),
        (BAM(32), [("spatial", (2, 32, 9, 7))]),
        (GatherExcite(32, 9, 7, "theta", 2), [("channel", (2, 32, 5, 4))]),
    ],
)
def test_gates_within_blocks_are_found_by_their_class(block, wanted):
    assert [(record.kind, record.shape) for record in captured(block, torch.randn(2, 32, 9, 7))] == wanted


def test_tokens_of_windows_are_left_out_and_windows_among_themselves_are_a_coarser_map():
    within, among = captured(DSSA(32, window_size=3), torch.randn(2, 32, 8, 7))
    assert (within.kind, within.data.shape, within.window, within.size) == ("windows", (2 * 9, 4, 9, 9), (3, 3), (8, 7))
    assert "own tokens" in within.notes[0] and within.data.sum(-1).min() < 0.99
    assert (among.kind, among.data.shape, among.queries) == ("token_pairs", (2, 4, 9, 9), cells((3, 3)))
    assert torch.allclose(among.data.sum(-1), torch.ones(2, 4, 9))


def test_channels_that_attend_to_channels_are_no_places():
    (record,) = captured(XCA(32, 2), torch.randn(2, 16, 32))
    assert (record.kind, record.data.shape, record.queries) == ("channel_pairs", (2, 2, 16, 16), None)


@pytest.mark.parametrize(
    ("tokens", "maps", "image", "expected"),
    [
        (196, [], (224, 224), (0, (14, 14))),
        (197, [], (224, 224), (1, (14, 14))),
        (198, [(56, 56), (14, 14)], (224, 224), (2, (14, 14))),
        (35, [(14, 10), (7, 5)], (14, 10), (0, (7, 5))),
        (35, [], (14, 10), (0, (7, 5))),
        (24, [], (64, 96), (0, (4, 6))),
        (17, [], None, None),
        (13, [], (224, 224), (4, (3, 3))),
        (1, [(1, 1)], (8, 8), None),
        (50, [(5, 10), (10, 5)], (64, 64), (0, (10, 5))),
    ],
)
def test_a_guess_is_a_map_computed_before_or_has_the_proportions_of_the_image(tokens, maps, image, expected):
    layout = guess_layout(tokens, maps, image)
    assert layout == (expected and join((unplaced(expected[0]), cells(expected[1]))))


def test_pairs_of_every_layout_have_one_form():
    assert as_token_matrix(torch.zeros(6, 5, 7), 3).shape == (3, 2, 5, 7)
    assert as_token_matrix(torch.zeros(3, 5, 7), 3).shape == (3, 1, 5, 7)
    assert as_token_matrix(torch.zeros(3, 2, 4, 5, 7), 3).shape == (3, 8, 5, 7)
