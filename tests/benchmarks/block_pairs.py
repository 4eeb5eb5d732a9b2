"""Which public implementation each block is measured against, and what is said of the blocks that have none.

Counterparts come from timm, vit-pytorch and torch itself; a norm that one has in front of what is compared is taken out of it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from tests.benchmarks.counterparts import ReadingMemory, columns_first, heads_outermost, zero_bias_network

TOKENS, IMAGE = (8, 196, 192), (4, 3, 112, 112)
MANY_TOKENS = (64, 196, 192)  # for a single addition
MAP, WINDOWED = (8, 64, 28, 28), (4, 96, 28, 28)


@dataclass(frozen=True)
class Pair:
    """A block and its counterpart.

    Args:
        block: name of the block; several joined by " + " are measured together.
        ours: arguments of the block, or of each.
        theirs: where the counterpart is ("package.module:Class"), or "package:name" of tests.benchmarks.counterparts.
        arguments: of the counterpart.
        shapes: of our inputs, or of the only one.
        order: our parameters in the order of theirs, if that is another. `a+b`: theirs holds both, one after the other; `a*3`: the
            next three of theirs make it up; `a=b`: theirs is both.
        rearrange: what turns the parameter of theirs into that of ours, by our name.
        without: parts of theirs that are left out, ours having none.
        prepare: a last change of theirs, before parameters are copied.
        join: how several of our blocks become one module.
        turn: what makes our input theirs.
        result: what makes our output theirs; None: the same as `turn`, for maps.
        call: how theirs is called.
        contiguous: our map lies channel by channel in memory although theirs does not: batch norm is slow on the other order.
        training: results are compared in training, both drawing the same random numbers.
        note: what else a reader of the row should know.
        label: what tells two pairs of one block apart.
    """

    block: str
    ours: dict[str, Any] | tuple[dict[str, Any], ...]
    theirs: str
    arguments: dict[str, Any]
    shapes: tuple[Any, ...]
    order: str = ""
    rearrange: dict[str, Callable[[Tensor], Tensor]] | None = None
    without: tuple[str, ...] = ()
    prepare: Callable[[nn.Module], None] | None = None
    join: Callable[..., nn.Module] = nn.Sequential
    turn: Callable[[Tensor], Tensor] | None = None
    result: Callable[[Tensor], Tensor] | None = None
    call: Callable[..., Any] = nn.Module.__call__
    contiguous: bool = False
    training: bool = False
    note: str = ""
    label: str = ""

    @property
    def blocks(self) -> list[str]:
        """Names of the blocks that it measures."""
        return self.block.split(" + ")

    @property
    def inputs(self) -> tuple[tuple[int, ...], ...]:
        """Shape of each input."""
        return self.shapes if isinstance(self.shapes[0], tuple) else (self.shapes,)


def _sized(module: nn.Module, x: Tensor) -> Tensor:
    """The other one takes tokens and the size of their square map."""
    side = round(x.shape[1] ** 0.5)
    found = module(x, (side, side))
    return found[0] if isinstance(found, tuple) else found


def _positions(module: Any, x: Tensor) -> Tensor:
    """What timm's vision transformers do between their patches and their layers."""
    return module._pos_embed(x)


def _channels_last(x: Tensor) -> Tensor:
    return x.permute(0, 2, 3, 1).contiguous()


def _tokens(x: Tensor) -> Tensor:
    return x.flatten(2).transpose(1, 2).contiguous()


def _map(x: Tensor) -> Tensor:
    side = round(x.shape[1] ** 0.5)
    return x.transpose(1, 2).unflatten(2, (side, side))


def _words(layers: str) -> str:
    """Weight and bias of each layer."""
    return " ".join("+".join(f"{part}.{kind}" for part in layer.split("+")) for layer in layers.split() for kind in ("weight", "bias"))


_MAXXVIT = (
    "norm1.weight norm1.bias attn.qkv.weight attn.qkv.bias attn.position_bias.table attn.proj.weight attn.proj.bias norm2.weight norm2.bias"
)
_MAXXVIT += " mlp.fc1.weight mlp.fc1.bias mlp.fc2.weight mlp.fc2.bias"
_CONVNEXT = "scale.gamma depthwise.weight depthwise.bias norm.weight norm.bias fc1.weight fc1.bias fc2.weight fc2.bias"
_COATNET = (
    "pre_norm.weight pre_norm.bias expand.0.weight expand.1.weight expand.1.bias depthwise.0.weight depthwise.1.weight depthwise.1.bias"
)
_COATNET += " se.reduce.weight se.reduce.bias se.expand.weight se.expand.bias project.weight project.bias"

_HEAD_FIRST = {f"attn.qkv.{kind}": partial(heads_outermost, 3) for kind in ("weight", "bias")}

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
        "timm:RoutedCondConv",
        {"channels": 64, "experts": 4},
        MAP,
    ),
    Pair(
        "DynamicConv2d",
        {"in_channels": 64},
        "timm:RoutedCondConv",
        {"channels": 64, "experts": 4, "temperature": 30.0},
        MAP,
    ),
    # convolutions
    Pair("ConvNormAct", {"in_channels": 64}, "timm.layers:ConvNormAct", {"in_channels": 64, "out_channels": 64, "kernel_size": 3}, MAP),
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
    Pair(
        "LocalFeedForward",
        {"dim": 96},
        "timm.models._efficientnet_blocks:InvertedResidual",
        {"in_chs": 96, "out_chs": 96, "exp_ratio": 4.0, "act_layer": nn.Hardswish},
        (4, 784, 96),
        turn=_map,
        note="as an inverted residual of the map",
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
    Pair(
        "OverlapPatchEmbed",
        {"in_channels": 3},
        "timm.models.pvt_v2:OverlapPatchEmbed",
        {"embed_dim": 64},
        IMAGE,
        result=_channels_last,
    ),
    Pair(
        "T2TStage",
        {"channels": 3, "kernel_size": 7, "stride": 4, "token_dim": None},
        "vit_pytorch:t2t_stage",
        {},
        (1, 3, 224, 224),
        "norm3.weight norm3.bias norm1.weight norm1.bias qkv.weight norm2.weight norm2.bias"
        " mlp.fc1.weight mlp.fc1.bias mlp.fc2.weight mlp.fc2.bias",
        result=_tokens,
    ),
    Pair(
        "TubeletEmbed",
        {"in_channels": 3, "norm": "both"},
        "vit_pytorch:tubelets",
        {},
        (2, 3, 8, 112, 112),
    ),
    *(
        Pair(
            block,
            {"dim": 192, **ours},
            "timm.models.vision_transformer:VisionTransformer",
            {"embed_dim": 192, "depth": 0, "num_heads": 3, **theirs},
            TOKENS,
            without=("patch_embed", "norm", "fc_norm", "head"),
            call=_positions,
        )
        for block, ours, theirs in (
            ("ClassToken", {}, {"pos_embed": "none"}),
            ("RegisterTokens", {"after": 0}, {"class_token": False, "reg_tokens": 4, "pos_embed": "none", "global_pool": "avg"}),
            ("LearnedPosition", {"n": 196}, {"class_token": False, "global_pool": "avg"}),
        )
    ),
    Pair(
        "ClassToken + DistillToken + LearnedPosition",
        ({"dim": 192}, {"dim": 192}, {"n": 198, "dim": 192}),
        "timm.models.deit:VisionTransformerDistilled",
        {"embed_dim": 192, "depth": 0, "num_heads": 3},
        TOKENS,
        "0.token 2.position 1.token",
        without=("patch_embed", "norm", "head", "head_dist"),
        call=_positions,
        note="two of our blocks copy the tokens, theirs once",
    ),
    Pair(
        "TokenDropout",
        {},
        "timm.layers:PatchDropout",
        {"prob": 0.25, "ordered": True},
        TOKENS,
        note="at random: equal in evaluation, in training by law",
    ),
    Pair(
        "LayerNorm + SequencePool + Linear",
        ({"dim": 192, "eps": 1e-5}, {"dim": 192, "bias": True}, {"in_features": 192, "out_features": 10}),
        "vit_pytorch.cct:TransformerClassifier",
        {
            "embedding_dim": 192,
            "num_layers": 0,
            "num_classes": 10,
            "dropout_rate": 0.0,
            "positional_embedding": "none",
            "sequence_length": 196,
        },
        TOKENS,
        "1.score.weight 1.score.bias 0.weight 0.bias 2.weight 2.bias",
    ),
    Pair(
        "MemoryTokens + MultiHeadCrossAttention",
        ({"dim": 192}, {"dim": 192, "context_dim": 192, "num_heads": 3, "qkv_bias": False}),
        "vit_pytorch:Remembering",
        {"dim": 192, "heads": 3, "memories": 10},
        TOKENS,
        without=("attention.norm",),
        join=ReadingMemory,
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
    Pair(
        "MultiHeadCrossAttention",
        {"dim": 192, "context_dim": 192, "num_heads": 3},
        "torch.nn:MultiheadAttention",
        {"embed_dim": 192, "num_heads": 3, "batch_first": True},
        (TOKENS, (8, 49, 192)),
        "q.weight+kv.weight q.bias+kv.bias proj.weight proj.bias",
        call=lambda theirs, x, context: theirs(x, context, context, need_weights=False)[0],
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
        "mix qkv.weight norm.weight norm.bias proj.weight proj.bias",
        without=("norm",),
    ),
    Pair(
        "LocalitySelfAttention",
        {"dim": 192, "num_heads": 3, "qkv_bias": False},
        "vit_pytorch.vit_for_small_dataset:LSA",
        {"dim": 192, "heads": 3, "dim_head": 64},
        TOKENS,
        "log_temperature qkv.weight proj.weight proj.bias",
        without=("norm",),
    ),
    # attention over maps
    Pair("NonLocal2d", {"channels": 64, "scaled": True}, "timm.layers:NonLocalAttn", {"in_channels": 64, "rd_ratio": 0.5}, MAP),
    Pair("NonLocal2d", {"channels": 64, "reduction": 8, "scaled": True}, "timm.layers:NonLocalAttn", {"in_channels": 64}, MAP, label="C/8"),
    Pair(
        "RelativeSelfAttention2d",
        {"in_channels": 96, "h": 28, "w": 28, "out_channels": 96},
        "timm:coatnet_attention",
        {},
        WINDOWED,
    ),
    Pair(
        "ConvProjectionAttention",
        {"dim": 96, "num_heads": 3, "qkv_bias": False},
        "vit_pytorch.cvt:Attention",
        {"dim": 96, "proj_kernel": 3, "kv_proj_stride": 2, "heads": 3, "dim_head": 32},
        WINDOWED,
        "conv_q.conv.weight conv_q.norm.weight conv_q.norm.bias q.weight"
        " conv_k.conv.weight=conv_v.conv.weight conv_k.norm.weight=conv_v.norm.weight conv_k.norm.bias=conv_v.norm.bias k.weight+v.weight"
        " proj.weight proj.bias",
        without=("norm",),
        note="theirs has one convolution for keys and values",
    ),
    Pair(
        "ScalableAttention",
        {"dim": 96, "num_heads": 3, "key_ratio": 1.0, "mode": "dense"},
        "vit_pytorch.scalable_vit:ScalableSelfAttention",
        {"dim": 96, "heads": 3, "reduction_factor": 4},
        WINDOWED,
        without=("norm",),
    ),
    Pair(
        "InteractiveWindowAttention",
        {"dim": 96, "num_heads": 3, "depthwise": False},
        "vit_pytorch.scalable_vit:InteractiveWindowedSelfAttention",
        {"dim": 96, "window_size": 7, "heads": 3},
        WINDOWED,
        "local.weight local.bias qkv.weight*3 proj.weight proj.bias",
        without=("norm",),
    ),
    Pair(
        "DSSA",
        {"dim": 96, "num_heads": 3},
        "vit_pytorch.sep_vit:DSSA",
        {"dim": 96, "heads": 3},
        WINDOWED,
        without=("norm",),
    ),
    *(
        Pair(
            block,
            {"dim": 96, "num_heads": 3, "qkv_bias": False},
            "vit_pytorch.crossformer:Attention",
            {"dim": 96, "attn_type": kind, "window_size": 7},
            WINDOWED,
            rearrange={
                f"attn.dynamic_bias.mlp.9.{name}": partial(torch.repeat_interleave, repeats=3, dim=0) for name in ("weight", "bias")
            },
            without=("norm",),
            prepare=zero_bias_network,
            note="bias made constant: theirs is read by wrong offsets",
        )
        for block, kind in (("ShortDistanceAttention", "short"), ("LongDistanceAttention", "long"))
    ),
    Pair(
        "RegionToLocalAttention",
        {"dim": 96, "num_heads": 3, "qkv_bias": False},
        "vit_pytorch.regionvit:R2LTransformer",
        {"dim": 96, "window_size": 7, "depth": 1, "heads": 3},
        (WINDOWED, (4, 96, 4, 4)),
        "norm1.weight=norm_regions.weight norm1.bias=norm_regions.bias qkv.weight proj.weight proj.bias"
        " norm2.weight norm2.bias mlp.fc1.weight mlp.fc1.bias mlp.fc2.weight mlp.fc2.bias position_bias.table",
        rearrange={"position_bias.table": columns_first},
    ),
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
        "timm:coatnet_transformer",
        {},
        WINDOWED,
        _MAXXVIT,
    ),
    Pair(
        "BlockAttention",
        {"dim": 96},
        "timm:maxvit_attention",
        {"kind": "block"},
        WINDOWED,
        _MAXXVIT,
        turn=_channels_last,
        rearrange=_HEAD_FIRST,
    ),
    Pair(
        "GridAttention",
        {"dim": 96},
        "timm:maxvit_attention",
        {"kind": "grid"},
        WINDOWED,
        _MAXXVIT,
        turn=_channels_last,
        rearrange=_HEAD_FIRST,
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
        "TransformerEncoderLayer",
        {"dim": 192, "num_heads": 3, "norm": "post", "norm_eps": 1e-5},
        "torch.nn:TransformerEncoderLayer",
        {"d_model": 192, "nhead": 3, "dim_feedforward": 768, "dropout": 0.0, "activation": "gelu", "batch_first": True},
        TOKENS,
        _words("attn.qkv attn.proj mlp.fc1 mlp.fc2 norm1 norm2"),
        label="post-norm",
    ),
    Pair(
        "TransformerDecoderLayer",
        {"dim": 192, "memory_dim": 192, "num_heads": 3, "norm_eps": 1e-5},
        "torch:CausalDecoder",
        {
            "d_model": 192,
            "nhead": 3,
            "dim_feedforward": 768,
            "dropout": 0.0,
            "activation": "gelu",
            "batch_first": True,
            "norm_first": True,
        },
        (TOKENS, (8, 49, 192)),
        _words("self_attn.qkv self_attn.proj cross_attn.q+cross_attn.kv cross_attn.proj mlp.fc1 mlp.fc2 norm1 norm2 norm3"),
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
    Pair("DropPath", {"rate": 0.1}, "timm.layers:DropPath", {"drop_prob": 0.1}, TOKENS, training=True),
    # positions
    Pair(
        "RelativePositionBias",
        {"n": 196, "num_heads": 3},
        "timm.layers:RelPosBias",
        {"window_size": (14, 14), "num_heads": 3},
        TOKENS,
        call=lambda theirs, x: theirs.get_bias().expand(len(x), -1, -1, -1),
    ),
    Pair("DynamicPositionBias", {"n": 196, "num_heads": 1}, "vit_pytorch:CrossFormerBias", {"side": 14, "hidden": 16}, TOKENS),
    Pair(
        "RotaryPosition",
        {"n": 196, "dim": 192, "num_heads": 3, "axes": "2d"},
        "timm:Rotary",
        {"side": 14, "dim": 192, "heads": 3},
        TOKENS,
    ),
    Pair("SinCos2dPosition", {"n": 196, "dim": 192}, "vit_pytorch:simple_vit_position", {"side": 14, "dim": 192}, MANY_TOKENS),
    Pair("SinusoidalPosition", {"n": 196, "dim": 192}, "vit_pytorch:cct_position", {"n": 196, "dim": 192}, MANY_TOKENS),
    # recurrence
    *(
        Pair(
            block,
            {"dim": 192},
            f"torch.nn:{block}",
            {"input_size": 192, "hidden_size": 128, "batch_first": True},
            (8, 49, 192),
            call=lambda theirs, x: (states := theirs(x)[0], states[:, -1]),
        )
        for block in ("RNN", "GRU", "LSTM")
    ),
    # heads
    Pair("ClassifierHead", {"channels": 64}, "timm.layers:ClassifierHead", {"in_features": 64, "num_classes": 10}, MAP),
    Pair(
        "TokenClassifierHead",
        {"dim": 192, "pooling": "avg"},
        "timm.models.vision_transformer:VisionTransformer",
        {
            "embed_dim": 192,
            "depth": 0,
            "num_heads": 3,
            "num_classes": 10,
            "global_pool": "avg",
            "class_token": False,
            "pos_embed": "none",
        },
        TOKENS,
        without=("patch_embed", "norm"),
        call=lambda theirs, x: theirs.forward_head(x),
    ),
]

# One module or function of torch, called with its own arguments: there is nothing to compare.
TORCH = (
    "Activation AdaptiveAvgPool2d Add AvgPool2d BatchNorm2d Concat Conv1d Conv2d Conv3d Dropout Flatten GlobalAvgPool GlobalMaxPool"
    " GroupNorm Identity InstanceNorm2d LayerNorm Linear MapToTokens MaxPool2d Multiply Pad2d Reshape SelectTokens Softmax Split"
    " TokenEmbedding TokensToMap Upsample"
).split()

# What timm 1.0.31 or vit-pytorch 1.26.11 has under the same name or idea, and what it computes instead.
DIFFERS = {
    "AdaptiveTokenSampling": "vit_pytorch.ats_vit draws tokens at random with Gumbel noise, not at fixed points of the running sum",
    "LinearAttention": "vit_pytorch.jet_vit and timm's LiteMLA take relu, neither elu + 1 nor softmax, and add convolutions",
    "StandAloneAttention2d": "timm's HaloAttn with blocks of 1 lets the zeros of the padding take part in the softmax",
}
