"""Attention over tokens and over maps against its counterparts."""

from functools import partial

import torch
from torch import nn

from tests.benchmarks.pairs.counterparts import columns_first, heads_outermost, zero_bias_network
from tests.benchmarks.pairs.pair import MAP, TOKENS, WINDOWED, Pair, channels_last, sized, tokens

_MAXXVIT = (
    "norm1.weight norm1.bias attn.qkv.weight attn.qkv.bias attn.position_bias.table attn.proj.weight attn.proj.bias "
    "norm2.weight norm2.bias"
)
_MAXXVIT += " mlp.fc1.weight mlp.fc1.bias mlp.fc2.weight mlp.fc2.bias"
_HEAD_FIRST = {f"attn.qkv.{kind}": partial(heads_outermost, 3) for kind in ("weight", "bias")}

PAIRS = [
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
    Pair(
        "ClassAttention",
        {"dim": 192},
        "timm.models.cait:ClassAttn",
        {"dim": 192, "num_heads": 4, "qkv_bias": True},
        TOKENS,
    ),
    Pair(
        "TalkingHeadsAttention",
        {"dim": 192},
        "timm.models.cait:TalkingHeadAttn",
        {"dim": 192, "num_heads": 4, "qkv_bias": True},
        TOKENS,
    ),
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
    Pair(
        "NonLocal2d",
        {"channels": 64, "scaled": True},
        "timm.layers:NonLocalAttn",
        {"in_channels": 64, "rd_ratio": 0.5},
        MAP,
    ),
    Pair(
        "NonLocal2d",
        {"channels": 64, "reduction": 8, "scaled": True},
        "timm.layers:NonLocalAttn",
        {"in_channels": 64},
        MAP,
        label="C/8",
    ),
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
        " conv_k.conv.weight=conv_v.conv.weight conv_k.norm.weight=conv_v.norm.weight conv_k.norm.bias=conv_v.norm.bias"
        " k.weight+v.weight"
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
                f"attn.dynamic_bias.mlp.9.{name}": partial(torch.repeat_interleave, repeats=3, dim=0)
                for name in ("weight", "bias")
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
        turn=channels_last,
    ),
    Pair(
        "SwinV2Block",
        {"dim": 96, "num_heads": 3, "window_size": 7, "shift_size": 3},
        "timm.models.swin_transformer_v2:SwinTransformerV2Block",
        {"dim": 96, "input_resolution": (28, 28), "num_heads": 3, "window_size": 7, "shift_size": 3},
        WINDOWED,
        turn=channels_last,
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
        turn=channels_last,
        rearrange=_HEAD_FIRST,
    ),
    Pair(
        "GridAttention",
        {"dim": 96},
        "timm:maxvit_attention",
        {"kind": "grid"},
        WINDOWED,
        _MAXXVIT,
        turn=channels_last,
        rearrange=_HEAD_FIRST,
    ),
    Pair(
        "LocallyGroupedAttention",
        {"dim": 96, "num_heads": 3},
        "timm.models.twins:LocallyGroupedAttn",
        {"dim": 96, "num_heads": 3, "ws": 7},
        WINDOWED,
        turn=tokens,
        call=sized,
    ),
    Pair(
        "GlobalSubsampledAttention",
        {"dim": 96, "num_heads": 3, "reduction": 2},
        "timm.models.twins:GlobalSubSampleAttn",
        {"dim": 96, "num_heads": 3, "sr_ratio": 2},
        WINDOWED,
        turn=tokens,
        call=sized,
    ),
    Pair(
        "LeViTAttention",
        {"dim": 128, "h": 14, "w": 14, "num_heads": 4, "key_dim": 16, "value_ratio": 2.0, "act": "silu"},
        "timm.models.levit:Attention",
        {
            "dim": 128,
            "key_dim": 16,
            "num_heads": 4,
            "attn_ratio": 2.0,
            "act_layer": nn.SiLU,
            "resolution": 14,
            "use_conv": False,
        },
        (8, 128, 14, 14),
        contiguous=True,
        turn=tokens,
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
        turn=tokens,
        call=sized,
    ),
    Pair(
        "MobileViTBlock",
        {"in_channels": 64, "dim": 96, "act": "relu"},
        "timm.models.mobilevit:MobileVitBlock",
        {"in_chs": 64, "patch_size": 2, "transformer_dim": 96, "transformer_depth": 2},
        MAP,
    ),
]
