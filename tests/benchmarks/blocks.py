"""Forward and backward of blocks against the best public implementation of the same, with the same weights and the same results.

timm and vit-pytorch come with the extra `bench`. Weights are copied in the order of the other's parameters and outputs compared
before anything is timed; the time is that of the processor, on one thread. Blocks without a counterpart in these packages are named
in the last row.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from composer.core.catalog import read_catalog
from composer.engine.library import block_class
from tests.benchmarks.measure import Row, compare

TARGET = 1.05
ROUNDS = 15
TOKENS, IMAGE = (8, 196, 192), (4, 3, 112, 112)
MAP, WINDOWED = (8, 64, 28, 28), (4, 96, 28, 28)

Make = Callable[[], nn.Module]


def _as_it_is(module: nn.Module, x: Tensor) -> Tensor:
    return module(x)


def _sized(module: nn.Module, x: Tensor) -> Tensor:
    """The other one takes tokens and the size of their square map."""
    side = round(x.shape[1] ** 0.5)
    found = module(x, (side, side))
    return found[0] if isinstance(found, tuple) else found


def _channels_last(x: Tensor) -> Tensor:
    return x.permute(0, 2, 3, 1).contiguous()


def _tokens(x: Tensor) -> Tensor:
    return x.flatten(2).transpose(1, 2).contiguous()


@dataclass(frozen=True)
class Pair:
    """A block and its counterpart.

    Args:
        block: name of the block.
        ours: arguments of the block.
        theirs: where the counterpart is ("package.module:Class"), or a function that makes it.
        arguments: of the counterpart.
        shape: of our input.
        order: our parameters in the order of theirs, if that is another.
        turn: what makes our input theirs, and our output theirs.
        call: how theirs is called.
        norm: theirs has a layer normalisation of this width in front.
        contiguous: our map lies channel by channel in memory although theirs does not: batch norm is slow on the other order.
        head_first: our `qkv` has queries, keys and values outermost, theirs the heads, of which there are so many.
        label: what tells two pairs of one block apart.
    """

    block: str
    ours: dict[str, Any]
    theirs: str
    arguments: dict[str, Any]
    shape: tuple[int, ...]
    order: str = ""
    turn: Callable[[Tensor], Tensor] | None = None
    call: Callable[[nn.Module, Tensor], Tensor] = _as_it_is
    norm: int = 0
    contiguous: bool = False
    head_first: int = 0
    label: str = ""


_MAXXVIT = (
    "norm1.weight norm1.bias attn.qkv.weight attn.qkv.bias attn.position_bias.table attn.proj.weight attn.proj.bias norm2.weight norm2.bias"
)
_MAXXVIT += " mlp.fc1.weight mlp.fc1.bias mlp.fc2.weight mlp.fc2.bias"
_CONVNEXT = "scale.gamma depthwise.weight depthwise.bias norm.weight norm.bias fc1.weight fc1.bias fc2.weight fc2.bias"
_COATNET = (
    "pre_norm.weight pre_norm.bias expand.0.weight expand.1.weight expand.1.bias depthwise.0.weight depthwise.1.weight depthwise.1.bias"
)
_COATNET += " se.reduce.weight se.reduce.bias se.expand.weight se.expand.bias project.weight project.bias"

PAIRS = [
    # channel, spatial and branch attention
    Pair("SqueezeExcite", {"channels": 64, "divisor": 8}, "timm.layers:SEModule", {"channels": 64}, MAP),
    Pair("EffectiveSE", {"channels": 64, "gate": "hard_sigmoid"}, "timm.layers:EffectiveSEModule", {"channels": 64}, MAP),
    Pair("ECA", {"channels": 64}, "timm.layers:EcaModule", {"channels": 64}, MAP),
    Pair("SEVar1", {}, "timm.layers:GatherExcite", {"channels": 64, "extra_params": False, "extent": 0, "use_mlp": False}, MAP),
    Pair(
        "GatherExcite",
        {"channels": 64, "height": 28, "width": 28, "mode": "theta-minus", "extent": 4},
        "timm.layers:GatherExcite",
        {"channels": 64, "extra_params": False, "extent": 4, "use_mlp": False},
        MAP,
    ),
    Pair("CBAMChannel", {"channels": 64}, "timm.layers.cbam:ChannelAttn", {"channels": 64}, MAP),
    Pair("CBAMSpatial", {}, "timm.layers.cbam:SpatialAttn", {}, MAP),
    Pair("CBAM", {"channels": 64}, "timm.layers.cbam:CbamModule", {"channels": 64}, MAP),
    Pair("SelectiveKernel", {"in_channels": 64, "split_input": True}, "timm.layers:SelectiveKernel", {"in_channels": 64}, MAP),
    Pair("SplitAttention", {"in_channels": 64}, "timm.layers:SplitAttn", {"in_channels": 64, "norm_layer": nn.BatchNorm2d}, MAP),
    Pair(
        "CondConv2d",
        {"in_channels": 64, "num_experts": 4},
        "tests.benchmarks.blocks:RoutedCondConv",
        {"channels": 64, "experts": 4},
        MAP,
    ),
    # convolutions
    Pair("BasicBlock", {"in_channels": 64}, "timm.models.resnet:BasicBlock", {"inplanes": 64, "planes": 64}, MAP),
    Pair("Bottleneck", {"in_channels": 256}, "timm.models.resnet:Bottleneck", {"inplanes": 256, "planes": 64}, (8, 256, 28, 28)),
    Pair(
        "MBConv",
        {"in_channels": 64, "se_ratio": 0},
        "timm.models._efficientnet_blocks:InvertedResidual",
        {"in_chs": 64, "out_chs": 64, "exp_ratio": 4.0, "act_layer": nn.SiLU},
        MAP,
    ),
    Pair(
        "FusedMBConv",
        {"in_channels": 64},
        "timm.models._efficientnet_blocks:EdgeResidual",
        {"in_chs": 64, "out_chs": 64, "exp_ratio": 4.0, "act_layer": nn.SiLU},
        MAP,
    ),
    Pair(
        "DepthwiseSeparableConv",
        {"in_channels": 64, "pointwise_act": False},
        "timm.models._efficientnet_blocks:DepthwiseSeparableConv",
        {"in_chs": 64, "out_chs": 64, "noskip": True},
        MAP,
    ),
    Pair("ConvNeXtBlock", {"channels": 96}, "timm.models.convnext:ConvNeXtBlock", {"in_chs": 96}, WINDOWED, _CONVNEXT),
    Pair(
        "CoAtNetMBConv",
        {"in_channels": 64, "out_channels": 64},
        "timm.models.maxxvit:MbConvBlock",
        {"in_chs": 64, "out_chs": 64},
        MAP,
        _COATNET,
    ),
    Pair("ConvStem", {"in_channels": 3}, "timm.models.maxxvit:Stem", {"in_chs": 3, "out_chs": 64}, IMAGE),
    Pair("PEG", {"channels": 64}, "timm.models.twins:PosConv", {"in_chans": 64, "embed_dim": 64}, MAP, turn=_tokens, call=_sized),
    Pair(
        "NesTAggregation",
        {"in_channels": 64, "out_channels": 128, "norm_eps": 1e-5},
        "timm.models.nest:ConvPool",
        {"in_channels": 64, "out_channels": 128, "norm_layer": nn.LayerNorm, "pad_type": "same"},
        MAP,
    ),
    # stems and tokens
    Pair(
        "PatchEmbed",
        {"in_channels": 3, "dim": 192, "patch_size": 16},
        "timm.layers:PatchEmbed",
        {"img_size": 112, "patch_size": 16, "embed_dim": 192},
        IMAGE,
    ),
    Pair(
        "ConvTokenizer",
        {"in_channels": 3, "dim": 64, "act": "none"},
        "vit_pytorch.cct:Tokenizer",
        {"kernel_size": 7, "stride": 2, "padding": 3, "n_conv_layers": 1, "n_output_channels": 64},
        IMAGE,
    ),
    Pair(
        "ShiftedPatchEmbed",
        {"in_channels": 3, "dim": 192, "patch_size": 8, "shift": 1, "directions": "axes"},
        "vit_pytorch.vit_for_small_dataset:SPT",
        {"dim": 192, "patch_size": 8},
        IMAGE,
    ),
    Pair(
        "CrossScaleEmbed",
        {"in_channels": 3},
        "vit_pytorch.crossformer:CrossEmbedLayer",
        {"dim_in": 3, "dim_out": 64, "kernel_sizes": [4, 8, 16, 32], "stride": 4},
        IMAGE,
    ),
    Pair("PatchMerger", {"dim": 192}, "vit_pytorch.vit_with_patch_merger:PatchMerger", {"dim": 192, "num_tokens_out": 8}, TOKENS),
    Pair("PatchMerging", {"dim": 96}, "timm.models.swin_transformer:PatchMerging", {"dim": 96}, WINDOWED, turn=_channels_last),
    # attention over tokens
    Pair(
        "MultiHeadSelfAttention",
        {"dim": 192, "num_heads": 3},
        "timm.layers:Attention",
        {"dim": 192, "num_heads": 3, "qkv_bias": True},
        TOKENS,
    ),
    Pair("ClassAttention", {"dim": 192}, "timm.models.cait:ClassAttn", {"dim": 192, "num_heads": 4, "qkv_bias": True}, TOKENS),
    Pair("TalkingHeadsAttention", {"dim": 192}, "timm.models.cait:TalkingHeadAttn", {"dim": 192, "num_heads": 4, "qkv_bias": True}, TOKENS),
    Pair("XCA", {"dim": 192}, "timm.models.xcit:XCA", {"dim": 192, "num_heads": 4, "qkv_bias": True}, TOKENS),
    Pair(
        "ReAttention",
        {"dim": 192, "num_heads": 3, "qkv_bias": False},
        "vit_pytorch.deepvit:Attention",
        {"dim": 192, "heads": 3, "dim_head": 64},
        TOKENS,
        "m.mix norm.weight norm.bias m.qkv.weight m.norm.weight m.norm.bias m.proj.weight m.proj.bias",
        norm=192,
    ),
    Pair(
        "LocalitySelfAttention",
        {"dim": 192, "num_heads": 3, "qkv_bias": False},
        "vit_pytorch.vit_for_small_dataset:LSA",
        {"dim": 192, "heads": 3, "dim_head": 64},
        TOKENS,
        "m.log_temperature norm.weight norm.bias m.qkv.weight m.proj.weight m.proj.bias",
        norm=192,
    ),
    # attention over maps
    Pair("NonLocal2d", {"channels": 64, "scaled": True}, "timm.layers:NonLocalAttn", {"in_channels": 64, "rd_ratio": 0.5}, MAP),
    Pair("NonLocal2d", {"channels": 64, "reduction": 8, "scaled": True}, "timm.layers:NonLocalAttn", {"in_channels": 64}, MAP, label="C/8"),
    Pair(
        "BoTAttention",
        {"channels": 64, "h": 28, "w": 28, "scale_position": False},
        "timm.layers.bottleneck_attn:BottleneckAttn",
        {"dim": 64, "feat_size": (28, 28), "num_heads": 4},
        MAP,
        "qkv.weight rows columns",
    ),
    Pair(
        "SwinBlock",
        {"dim": 96, "num_heads": 3, "shift_size": 3},
        "timm.models.swin_transformer:SwinTransformerBlock",
        {"dim": 96, "input_resolution": (28, 28), "num_heads": 3, "shift_size": 3},
        WINDOWED,
        turn=_channels_last,
    ),
    Pair(
        "SwinV2Block",
        {"dim": 96, "num_heads": 3, "window_size": 7, "shift_size": 3},
        "timm.models.swin_transformer_v2:SwinTransformerV2Block",
        {"dim": 96, "input_resolution": (28, 28), "num_heads": 3, "window_size": 7, "shift_size": 3},
        WINDOWED,
        turn=_channels_last,
    ),
    Pair(
        "CoAtNetTransformer",
        {"in_channels": 96, "h": 28, "w": 28, "out_channels": 96},
        "tests.benchmarks.blocks:coatnet_transformer",
        {},
        WINDOWED,
        _MAXXVIT,
    ),
    Pair(
        "BlockAttention",
        {"dim": 96},
        "tests.benchmarks.blocks:maxvit_attention",
        {"kind": "block"},
        WINDOWED,
        _MAXXVIT,
        turn=_channels_last,
        head_first=3,
    ),
    Pair(
        "GridAttention",
        {"dim": 96},
        "tests.benchmarks.blocks:maxvit_attention",
        {"kind": "grid"},
        WINDOWED,
        _MAXXVIT,
        turn=_channels_last,
        head_first=3,
    ),
    Pair(
        "LocallyGroupedAttention",
        {"dim": 96, "num_heads": 3},
        "timm.models.twins:LocallyGroupedAttn",
        {"dim": 96, "num_heads": 3, "ws": 7},
        WINDOWED,
        turn=_tokens,
        call=_sized,
    ),
    Pair(
        "GlobalSubsampledAttention",
        {"dim": 96, "num_heads": 3, "reduction": 2},
        "timm.models.twins:GlobalSubSampleAttn",
        {"dim": 96, "num_heads": 3, "sr_ratio": 2},
        WINDOWED,
        turn=_tokens,
        call=_sized,
    ),
    Pair(
        "LeViTAttention",
        {"dim": 128, "h": 14, "w": 14, "num_heads": 4, "key_dim": 16, "value_ratio": 2.0, "act": "silu"},
        "timm.models.levit:Attention",
        {"dim": 128, "key_dim": 16, "num_heads": 4, "attn_ratio": 2.0, "act_layer": nn.SiLU, "resolution": 14, "use_conv": False},
        (8, 128, 14, 14),
        contiguous=True,
        turn=_tokens,
    ),
    Pair(
        "PoolingAttention",
        {"dim": 96, "h": 28, "w": 28, "num_heads": 1},
        "timm.models.mvitv2:MultiScaleAttention",
        {
            "dim": 96,
            "dim_out": 96,
            "has_cls_token": False,
            "feat_size": (28, 28),
            "num_heads": 1,
            "kernel_q": (3, 3),
            "kernel_kv": (3, 3),
            "stride_kv": (4, 4),
            "norm_layer": partial(nn.LayerNorm, eps=1e-6),
        },
        WINDOWED,
        turn=_tokens,
        call=_sized,
    ),
    Pair(
        "MobileViTBlock",
        {"in_channels": 64, "dim": 96, "act": "relu"},
        "timm.models.mobilevit:MobileVitBlock",
        {"in_chs": 64, "patch_size": 2, "transformer_dim": 96, "transformer_depth": 2},
        MAP,
    ),
    # transformer
    Pair("Mlp", {"dim": 192}, "timm.layers:Mlp", {"in_features": 192, "hidden_features": 768}, TOKENS),
    Pair("GatedMlp", {"dim": 192, "mlp_ratio": 2}, "timm.layers:SwiGLU", {"in_features": 192, "hidden_features": 384}, TOKENS),
    Pair("LayerScale", {"dim": 192}, "timm.models.vision_transformer:LayerScale", {"dim": 192}, TOKENS),
    Pair(
        "TransformerEncoderLayer",
        {"dim": 192, "num_heads": 3},
        "timm.models.vision_transformer:Block",
        {"dim": 192, "num_heads": 3, "qkv_bias": True},
        TOKENS,
    ),
    Pair(
        "ParallelEncoderLayer",
        {"dim": 192, "num_heads": 3},
        "timm.models.vision_transformer:ParallelThingsBlock",
        {"dim": 192, "num_heads": 3, "qkv_bias": True},
        TOKENS,
    ),
    # norms, where torch has none of the kind
    Pair("LayerNorm2d", {"channels": 64}, "timm.layers:LayerNorm2d", {"num_channels": 64}, MAP),
    Pair("RMSNorm", {"dim": 192}, "timm.layers:RmsNorm", {"channels": 192}, TOKENS),
]


class RoutedCondConv(nn.Module):
    """timm's conditional convolution behind the routing that timm has in its residual block."""

    def __init__(self, channels: int, experts: int) -> None:
        from timm.layers import CondConv2d

        super().__init__()
        self.router = nn.Linear(channels, experts)
        self.conv = CondConv2d(channels, channels, 3, num_experts=experts, bias=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x, torch.sigmoid(self.router(x.mean((2, 3)))))


def coatnet_transformer() -> nn.Module:
    """timm's transformer block of CoAtNet."""
    from timm.layers import RelPosBias
    from timm.models.maxxvit import TransformerBlock2d

    return TransformerBlock2d(96, 96, rel_pos_cls=partial(RelPosBias, window_size=(28, 28)))


def maxvit_attention(kind: str) -> nn.Module:
    """timm's attention within the blocks or the grid of MaxViT."""
    from timm.models.maxxvit import MaxxVitTransformerCfg, PartitionAttentionCl

    return PartitionAttentionCl(96, kind, MaxxVitTransformerCfg(window_size=(7, 7), grid_size=(7, 7)))


class BehindNorm(nn.Module):
    """Our block with the layer normalisation that the counterpart has inside."""

    def __init__(self, dim: int, module: nn.Module) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(dim)
        self.m = module

    def forward(self, x: Tensor) -> Tensor:
        return self.m(self.norm(x))


def declare_torchvision() -> None:
    """Let torchvision be imported beside a torch it was not built for: timm needs none of its operators, only that they have names."""
    try:
        import torchvision  # noqa: F401
    except ImportError:
        return
    except RuntimeError:
        for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
            del sys.modules[name]
        library = torch.library.Library("torchvision", "FRAGMENT")
        for name in ("nms", "qnms"):
            library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        _KEPT.append(library)


_KEPT: list[Any] = []  # an operator lives as long as the library that defined it


def counterpart(pair: Pair) -> nn.Module:
    """Make the other implementation, its parameters off every special start value."""
    module, name = pair.theirs.split(":")
    made = getattr(__import__(module, fromlist=[name]), name)(**pair.arguments)
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return made


def alike(pair: Pair, theirs: nn.Module) -> nn.Module:
    """Make our block with the parameters of the other."""
    spec = read_catalog()[pair.block]
    ours: nn.Module = block_class(spec)(**pair.ours)
    if pair.norm:
        ours = BehindNorm(pair.norm, ours)
    parameters = dict(ours.named_parameters())
    names = pair.order.split() or list(parameters)
    given = list(theirs.parameters())
    if sorted(names) != sorted(parameters) or len(names) != len(given):
        raise ValueError(f"{pair.block}: {names} are not the parameters {list(parameters)}, or not {len(given)} of them")
    with torch.no_grad():
        for name, value in zip(names, given, strict=True):
            if pair.head_first and ".qkv." in name:
                value = value.unflatten(0, (pair.head_first, 3, -1)).transpose(0, 1).flatten(0, 2)
            parameters[name].copy_(value.reshape(parameters[name].shape))
    return ours


def _step(forward: Callable[[Tensor], Tensor], x: Tensor, module: nn.Module) -> Callable[[], float]:
    def run() -> float:
        module.zero_grad(set_to_none=True)
        x.grad = None
        # Of the one thread alone: a busy machine makes waits of many milliseconds, which would decide the ratio of blocks this small.
        start = time.process_time()
        forward(x).sum().backward()
        return time.process_time() - start

    return run


def measured(pair: Pair) -> Row:
    """Compare results, then times."""
    torch.manual_seed(0)
    theirs = counterpart(pair)
    ours = alike(pair, theirs)
    x = torch.randn(pair.shape)
    y = x.clone()
    if pair.turn:
        # What lies in memory is the same for both, positions by channels, unless the pair says otherwise.
        x = x if pair.contiguous else x.to(memory_format=torch.channels_last)
        y = pair.turn(x)
    ours.eval(), theirs.eval()
    with torch.no_grad():
        found, wanted = ours(x), pair.call(theirs, y)
        if pair.turn and found.ndim == 4:
            found = pair.turn(found)
        difference = float((found.reshape(wanted.shape) - wanted).abs().max() / wanted.abs().max())
    package = pair.theirs.split(".")[0].replace("_", "-").replace("tests", "timm")
    name = f"{pair.block} {pair.label}".strip() + f" / {package}"
    if difference > 1e-4:
        return Row(name, float("nan"), float("nan"), note=f"results differ by {difference:.1e}: not timed")
    ours.train(), theirs.train()
    call = partial(pair.call, theirs)
    return compare(
        name,
        _step(ours, x.requires_grad_(), ours),
        _step(call, y.requires_grad_(), theirs),
        rounds=ROUNDS,
        warm=2,
        target=TARGET,
        note=f"results differ by {difference:.0e}",
    )


def run() -> list[Row]:
    """A row for each block with a counterpart, and one that names the others."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    rows: list[Row] = []
    missing: dict[str, str] = {}
    try:
        declare_torchvision()
        for pair in PAIRS:
            try:
                rows.append(measured(pair))
            except ImportError as error:
                missing[str(error)] = f"{missing.get(str(error), '')} {pair.block}".strip()
    finally:
        torch.set_num_threads(threads)
    nothing = float("nan")
    rows += [Row("not installed", nothing, nothing, note=f"{reason}: {blocks}") for reason, blocks in missing.items()]
    alone = sorted({spec.name for spec in read_catalog()} - {pair.block for pair in PAIRS})
    rows.append(Row("blocks without a counterpart here", float(len(alone)), float(len(read_catalog().blocks)), "", note=", ".join(alone)))
    return rows
