"""Counterparts of blocks that other packages have as a part of something larger, or in another call."""

from functools import partial

import torch
from torch import Tensor, nn


class RoutedCondConv(nn.Module):
    """timm's conditional convolution behind a router, which timm has in its residual block, or leaves to the user."""

    def __init__(self, channels: int, experts: int, temperature: float | None = None) -> None:
        from timm.layers import CondConv2d

        super().__init__()
        self.temperature = temperature
        hidden = channels // 4
        self.router = (
            nn.Linear(channels, experts)
            if temperature is None
            else nn.Sequential(nn.Linear(channels, hidden), nn.ReLU(), nn.Linear(hidden, experts))
        )
        self.conv = CondConv2d(channels, channels, 3, num_experts=experts, bias=True)

    def forward(self, x: Tensor) -> Tensor:
        """Convolve with experts weighted by a sigmoid, or with a temperature by a softmax."""
        logits = self.router(x.mean((2, 3)))
        return self.conv(
            x, torch.sigmoid(logits) if self.temperature is None else (logits / self.temperature).softmax(1)
        )


def coatnet_transformer() -> nn.Module:
    """timm's transformer block of CoAtNet."""
    from timm.layers import RelPosBias
    from timm.models.maxxvit import TransformerBlock2d

    return TransformerBlock2d(96, 96, rel_pos_cls=partial(RelPosBias, window_size=(28, 28)))


def coatnet_attention() -> nn.Module:
    """timm's attention of that block alone."""
    from timm.layers import RelPosBias
    from timm.models.maxxvit import Attention2d

    return Attention2d(96, 96, rel_pos_cls=partial(RelPosBias, window_size=(28, 28)))


def maxvit_attention(kind: str) -> nn.Module:
    """timm's attention within the blocks or the grid of MaxViT."""
    from timm.models.maxxvit import MaxxVitTransformerCfg, PartitionAttentionCl

    return PartitionAttentionCl(96, kind, MaxxVitTransformerCfg(window_size=(7, 7), grid_size=(7, 7)))


def t2t_stage() -> nn.Module:
    """The first stage of vit-pytorch's T2T: unfold, attend."""
    from vit_pytorch.t2t import T2TViT

    whole = T2TViT(image_size=224, num_classes=1, dim=8, depth=1, heads=1, mlp_dim=8, t2t_layers=((7, 4), (3, 2)))
    return whole.to_patch_embedding[:4]


def tubelets() -> nn.Module:
    """The patches of vit-pytorch's ViViT."""
    from vit_pytorch.vivit import ViViT

    video = {"image_size": 112, "image_patch_size": 16, "frames": 8, "frame_patch_size": 2}
    return ViViT(
        **video, num_classes=1, dim=192, spatial_depth=1, temporal_depth=1, heads=1, mlp_dim=8
    ).to_patch_embedding


class CrossFormerBias(nn.Module):
    """vit-pytorch's network of offsets, read by the index it should have."""

    def __init__(self, side: int, hidden: int) -> None:
        from vit_pytorch.crossformer import DynamicPositionBias

        super().__init__()
        self.network = DynamicPositionBias(hidden)
        offsets = torch.cartesian_prod(*2 * [torch.arange(1.0 - side, side)])
        places = torch.cartesian_prod(*2 * [torch.arange(side)])
        between = places[:, None] - places[None] + side - 1
        self.register_buffer("offsets", offsets)
        self.register_buffer("index", between @ torch.tensor([2 * side - 1, 1]))

    def forward(self, x: Tensor) -> Tensor:
        """Return the bias of all pairs, once for each sample."""
        return self.network(self.offsets)[self.index].expand(len(x), 1, -1, -1)


class AddedTable(nn.Module):
    """A fixed table of positions, added as the vision transformers of vit-pytorch do it."""

    def __init__(self, table: Tensor) -> None:
        super().__init__()
        self.register_buffer("table", table)

    def forward(self, x: Tensor) -> Tensor:
        """Add the table to `x`."""
        return x + self.table


def simple_vit_position(side: int, dim: int) -> nn.Module:
    """vit-pytorch's sines and cosines of rows and columns."""
    from vit_pytorch.simple_vit import posemb_sincos_2d

    return AddedTable(posemb_sincos_2d(side, side, dim))


def cct_position(n: int, dim: int) -> nn.Module:
    """vit-pytorch's sines and cosines of a sequence."""
    from vit_pytorch.cct import sinusoidal_embedding

    return AddedTable(sinusoidal_embedding(n, dim))


class Rotary(nn.Module):
    """timm's axial rotary embedding of the heads of a sequence."""

    def __init__(self, side: int, dim: int, heads: int) -> None:
        from timm.layers import RotaryEmbeddingCat, apply_rot_embed_cat

        super().__init__()
        self.heads, self.turn = heads, apply_rot_embed_cat
        self.embedding = RotaryEmbeddingCat(dim // heads, in_pixels=False, feat_shape=[side, side])

    def forward(self, x: Tensor) -> Tensor:
        """Rotate each head."""
        split = x.unflatten(2, (self.heads, -1)).transpose(1, 2)
        return self.turn(split, self.embedding.get_embed()).transpose(1, 2).flatten(2)


class Remembering(nn.Module):
    """vit-pytorch's attention with learned memories, which it keeps in an adapter around a whole network."""

    def __init__(self, dim: int, heads: int, memories: int) -> None:
        from vit_pytorch.learnable_memory_vit import Attention

        super().__init__()
        self.memories = nn.Parameter(torch.randn(memories, dim))
        self.attention = Attention(dim, heads=heads, dim_head=dim // heads)

    def forward(self, x: Tensor) -> Tensor:
        """Attend to the tokens and the memories."""
        return self.attention(x, memories=self.memories)


class ReadingMemory(nn.Module):
    """Our memory tokens as the context of our cross-attention."""

    def __init__(self, memory: nn.Module, attention: nn.Module) -> None:
        super().__init__()
        self.memory, self.attention = memory, attention

    def forward(self, x: Tensor) -> Tensor:
        """Attend to the tokens and the memories."""
        return self.attention(x, self.memory(x))


class BothWays(nn.Module):
    """torch's recurrent network in both directions, and the first state of a decoder."""

    def __init__(self, dim: int, hidden: int) -> None:
        super().__init__()
        self.gru = nn.GRU(dim, hidden, batch_first=True, bidirectional=True)
        self.start = nn.Linear(hidden, hidden)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the states of both directions, and a state from where the backward one ended."""
        states, last = self.gru(x)
        return states, torch.tanh(self.start(last[1]))


class CausalDecoder(nn.TransformerDecoderLayer):
    """torch's decoder layer with the mask it is to be given."""

    def forward(self, x: Tensor, memory: Tensor) -> Tensor:
        """Attend to earlier tokens and the whole memory."""
        mask = nn.Transformer.generate_square_subsequent_mask(x.shape[1])
        return super().forward(x, memory, tgt_mask=mask, tgt_is_causal=True)


def zero_bias_network(theirs: nn.Module) -> None:
    """Make the bias of vit-pytorch's CrossFormer constant: it reads its table at wrong offsets."""
    last = next(layer for layer in reversed(theirs.dpb) if isinstance(layer, nn.Linear))
    nn.init.zeros_(last.weight)


def heads_outermost(heads: int, value: Tensor) -> Tensor:
    """Reorder rows of qkv from head by head to queries, keys and values."""
    return value.unflatten(0, (heads, 3, -1)).transpose(0, 1).flatten(0, 2)


def columns_first(value: Tensor) -> Tensor:
    """Transpose a table of offsets from column-major to row-major."""
    side = round(len(value) ** 0.5)
    return value.unflatten(0, (side, side)).transpose(0, 1).flatten(0, 1)
