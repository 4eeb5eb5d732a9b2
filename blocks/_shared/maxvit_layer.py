"""The layer that MaxViT's block and grid attention share."""

from collections.abc import Callable

from torch import Tensor, nn

from blocks._shared.window_attention import WindowAttention
from blocks.transformer.drop_path import DropPath
from blocks.transformer.mlp import Mlp


class MaxViTLayer(nn.Module):
    """Relative attention within parts of the map and an MLP, as `PartitionAttentionCl` of timm 1.0.31; subclasses
    partition the map.

    The rows of qkv are ordered as with timm's head_first=False, which its ports of the authors' weights use.
    """

    def __init__(
        self,
        dim: int,
        head_dim: int,
        window_size: int,
        mlp_ratio: float,
        qkv_bias: bool,
        drop: float,
        attn_drop: float,
        drop_path: float,
        proj_bias: bool = True,
        norm_eps: float = 1e-6,
    ) -> None:
        super().__init__()
        if head_dim < 1 or dim % head_dim:
            raise ValueError(f"head_dim: {head_dim} does not divide dim {dim}")
        self.window_size = window_size
        self.norm1 = nn.LayerNorm(dim, eps=norm_eps)
        self.attn = WindowAttention(dim, dim // head_dim, window_size, qkv_bias, attn_drop, drop, proj_bias=proj_bias)
        self.norm2 = nn.LayerNorm(dim, eps=norm_eps)
        self.mlp = Mlp(dim, mlp_ratio, drop=drop)
        self.drop_path = DropPath(drop_path)

    def transform(self, x: Tensor, mix: Callable[[Tensor], Tensor]) -> Tensor:
        """Transform the map `x` (N, C, H, W), `mix` being attention on (N, H, W, C)."""
        x = x.permute(0, 2, 3, 1)
        x = x + self.drop_path(mix(self.norm1(x)))
        x = x + self.drop_path(self.mlp(self.norm2(x)))
        return x.permute(0, 3, 1, 2)
