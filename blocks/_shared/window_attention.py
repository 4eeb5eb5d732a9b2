"""Self-attention inside windows with a learned bias for each offset, as Swin, MaxViT and their like use it."""

from torch import Tensor, nn

from blocks._shared.relative_position import RelativePositionTable
from blocks._shared.scaled_dot_product import attend, check_heads, merge_heads, split_heads
from blocks._shared.transformer_init import init_linears


def combine_bias_and_mask(bias: Tensor | None, mask: Tensor | None, batch: int) -> Tensor | None:
    """Join a bias (heads, n, n) and who may look at whom (windows, n, n) to what `attend` takes for `batch` windows of all images."""
    if mask is None:
        return None if bias is None else bias[None]
    mask = mask[:, None]
    if bias is not None:
        mask = bias[None].masked_fill(~mask, float("-inf"))
    return mask.repeat(batch // mask.shape[0], 1, 1, 1)


class WindowAttention(nn.Module):
    """softmax(q k^T / sqrt(d) + B) v within each window of w x w tokens; parameters as in timm 1.0.31 `WindowAttention`.

    `relative_bias=False` leaves B out, or to a subclass with another `bias`.
    """

    def __init__(
        self,
        dim: int,
        num_heads: int,
        window_size: int,
        qkv_bias: bool = True,
        attn_drop: float = 0.0,
        proj_drop: float = 0.0,
        relative_bias: bool = True,
    ) -> None:
        super().__init__()
        check_heads(num_heads, dim)
        if window_size < 1:
            raise ValueError(f"window_size: {window_size} is not positive")
        self.num_heads = num_heads
        self.attn_drop = attn_drop
        self.position_bias = RelativePositionTable(window_size, window_size, num_heads) if relative_bias else None
        self.qkv = nn.Linear(dim, 3 * dim, bias=qkv_bias)
        self.proj = nn.Linear(dim, dim)
        self.proj_drop = nn.Dropout(proj_drop)
        init_linears(self)

    def bias(self) -> Tensor | None:
        """Return B (heads, w * w, w * w), or None."""
        return None if self.position_bias is None else self.position_bias()

    def forward(self, windows: Tensor, mask: Tensor | None = None) -> Tensor:
        """Attend within `windows` (N * windows, w * w, dim), where `mask` (windows, w * w, w * w) is True; returns the same shape."""
        q, k, v = (split_heads(part, self.num_heads) for part in self.qkv(windows).chunk(3, dim=-1))
        bias = combine_bias_and_mask(self.bias(), mask, windows.shape[0])
        x = attend(q, k, v, bias, dropout=self.attn_drop if self.training else 0.0)
        return self.proj_drop(self.proj(merge_heads(x)))
