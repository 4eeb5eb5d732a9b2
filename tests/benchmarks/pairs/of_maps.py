"""Gates, convolutions and stems against their counterparts."""

from torch import nn

from tests.benchmarks.pairs.pair import IMAGE, MAP, WINDOWED, Pair, grid, sized, tokens

_CONVNEXT = "scale.gamma depthwise.weight depthwise.bias norm.weight norm.bias fc1.weight fc1.bias fc2.weight fc2.bias"
_COATNET = (
    "pre_norm.weight pre_norm.bias expand.0.weight expand.1.weight expand.1.bias depthwise.0.weight "
    "depthwise.1.weight depthwise.1.bias"
)
_COATNET += " se.reduce.weight se.reduce.bias se.expand.weight se.expand.bias project.weight project.bias"

PAIRS = [
    # channel, spatial and branch attention
    Pair("SqueezeExcite", {"channels": 64, "divisor": 8}, "timm.layers:SEModule", {"channels": 64}, MAP),
    Pair(
        "EffectiveSE", {"channels": 64, "gate": "hard_sigmoid"}, "timm.layers:EffectiveSEModule", {"channels": 64}, MAP
    ),
    Pair("ECA", {"channels": 64}, "timm.layers:EcaModule", {"channels": 64}, MAP),
    Pair(
        "SEVar1",
        {},
        "timm.layers:GatherExcite",
        {"channels": 64, "extra_params": False, "extent": 0, "use_mlp": False},
        MAP,
    ),
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
    Pair(
        "SelectiveKernel",
        {"in_channels": 64, "split_input": True},
        "timm.layers:SelectiveKernel",
        {"in_channels": 64},
        MAP,
    ),
    Pair(
        "SplitAttention",
        {"in_channels": 64},
        "timm.layers:SplitAttn",
        {"in_channels": 64, "norm_layer": nn.BatchNorm2d},
        MAP,
    ),
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
    Pair(
        "ConvNormAct",
        {"in_channels": 64},
        "timm.layers:ConvNormAct",
        {"in_channels": 64, "out_channels": 64, "kernel_size": 3},
        MAP,
    ),
    Pair("BasicBlock", {"in_channels": 64}, "timm.models.resnet:BasicBlock", {"inplanes": 64, "planes": 64}, MAP),
    Pair(
        "Bottleneck",
        {"in_channels": 256},
        "timm.models.resnet:Bottleneck",
        {"inplanes": 256, "planes": 64},
        (8, 256, 28, 28),
    ),
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
    Pair(
        "PEG",
        {"channels": 64},
        "timm.models.twins:PosConv",
        {"in_chans": 64, "embed_dim": 64},
        MAP,
        turn=tokens,
        call=sized,
    ),
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
        turn=grid,
        note="as an inverted residual of the map",
    ),
]
