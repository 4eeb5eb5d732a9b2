"""Which public implementation each block is measured against, and the reason for blocks that have none.

Counterparts come from timm, vit-pytorch and torch itself; a norm that one has in front of what is compared is taken out
of it.
"""

from tests.benchmarks.pairs import of_attention, of_maps, of_tokens
from tests.benchmarks.pairs.pair import Pair

__all__ = ["DIFFERS", "PAIRS", "TORCH", "Pair"]

PAIRS: list[Pair] = [*of_maps.PAIRS, *of_tokens.PAIRS, *of_attention.PAIRS]

# torch's own module, function or view, called with its arguments: there is nothing to compare.
TORCH = (
    "Activation AdaptiveAvgPool2d Add AvgPool2d BatchNorm2d Concat Conv1d Conv2d Conv3d Dropout Flatten GlobalAvgPool"
    " GlobalMaxPool GroupNorm Identity InstanceNorm2d LayerNorm Linear MapToTokens MaxPool2d Multiply Pad2d Reshape"
    " SelectTokens Softmax Split TokenEmbedding TokensToMap Upsample"
).split()

# What timm 1.0.31 or vit-pytorch 1.26.11 has under the same name or idea, and what it computes instead.
DIFFERS = {
    "AdaptiveTokenSampling": "vit-pytorch draws tokens at random, not at fixed points of the sum",
    "LinearAttention": "vit-pytorch (JetViT) and timm (LiteMLA) take relu, and add convolutions",
    "SAGANAttention": "timm (NonLocalAttn) has biases, and a batch norm in place of gamma",
    "StandAloneAttention2d": "timm (HaloAttn, blocks of 1) lets the padding take part in the softmax",
}
