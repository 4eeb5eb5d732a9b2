"""Self-attention inside windows with a bias that a small network computes from the offsets (CrossFormer)."""

from torch import Tensor

from blocks._shared.transformer_init import init_linears
from blocks._shared.window_attention import WindowAttention
from blocks.position.dynamic_position_bias import DynamicPositionBias


class DynamicWindowAttention(WindowAttention):
    """softmax(q k^T / sqrt(d) + B) v within each window, B = DPB(row offset, column offset) with hidden width dim /
    4.
    """

    def __init__(
        self,
        dim: int,
        num_heads: int,
        window_size: int,
        qkv_bias: bool = True,
        attn_drop: float = 0.0,
        proj_drop: float = 0.0,
        proj_bias: bool = True,
        head_dim: int | None = None,
        norm_eps: float = 1e-5,
    ) -> None:
        super().__init__(
            dim,
            num_heads,
            window_size,
            qkv_bias,
            attn_drop,
            proj_drop,
            relative_bias=False,
            proj_bias=proj_bias,
            head_dim=head_dim,
        )
        self.dynamic_bias = DynamicPositionBias(window_size**2, num_heads, max(dim // 4, 1), norm_eps=norm_eps)
        init_linears(self.dynamic_bias)

    def bias(self) -> Tensor | None:
        """Return B (heads, w * w, w * w)."""
        return self.dynamic_bias.bias()
