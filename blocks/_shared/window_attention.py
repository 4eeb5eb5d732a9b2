"""Self-attention inside windows with a learned bias for each offset, as in Swin and MaxViT."""

from torch import Tensor, nn

from blocks._shared.relative_position import RelativePositionTable
from blocks._shared.scaled_dot_product import attend, has_no_kernel, merge_heads, resolve_head_dim, split_heads
from blocks._shared.transformer_init import init_linears


def attend_in_parts(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    bias: Tensor | None,
    mask: Tensor | None,
    dropout: float = 0.0,
    scale: float | None = None,
) -> Tensor:
    """Attend within the parts of maps: q, k, v (N * parts, heads, n, d); returns the same shape.

    `bias` (heads, n, n) is added to the logits; `mask` (parts, n, n) is True where a token may attend; no row is all
    False. `scale` and `dropout` are those of `attend`.
    """
    if mask is None:
        joined = None if bias is None else bias[None]
    else:
        joined = mask[:, None] if bias is None else bias[None].masked_fill(~mask[:, None], float("-inf"))
    if joined is not None and has_no_kernel(q, joined):
        q, k, v = (x.unflatten(0, (-1, len(joined))) for x in (q, k, v))
        return attend(q, k, v, joined, dropout, scale).flatten(0, 1)
    if mask is not None and joined is not None:
        joined = joined.repeat(q.shape[0] // len(joined), 1, 1, 1)
    return attend(q, k, v, joined, dropout, scale)


class WindowAttention(nn.Module):
    """softmax(q k^T / sqrt(d) + B) v within each window of w x w tokens; parameters as in timm 1.0.31
    `WindowAttention`.

    `relative_bias=False` omits B, or leaves it to a subclass that overrides `bias`.
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
        proj_bias: bool = True,
        head_dim: int | None = None,
    ) -> None:
        super().__init__()
        width = num_heads * resolve_head_dim(dim, num_heads, head_dim)
        if window_size < 1:
            raise ValueError(f"window_size: {window_size} is not positive")
        self.num_heads = num_heads
        self.attn_drop = attn_drop
        self.position_bias = RelativePositionTable(window_size, window_size, num_heads) if relative_bias else None
        self.qkv = nn.Linear(dim, 3 * width, bias=qkv_bias)
        self.proj = nn.Linear(width, dim, bias=proj_bias)
        self.proj_drop = nn.Dropout(proj_drop)
        init_linears(self)

    def bias(self) -> Tensor | None:
        """Return B (heads, w * w, w * w), or None."""
        return None if self.position_bias is None else self.position_bias()

    def forward(self, windows: Tensor, mask: Tensor | None = None) -> Tensor:
        """Attend within `windows` (N * windows, w * w, dim), where `mask` (windows, w * w, w * w) is True; returns the
        same shape.
        """
        q, k, v = (split_heads(part, self.num_heads) for part in self.qkv(windows).chunk(3, dim=-1))
        x = attend_in_parts(q, k, v, self.bias(), mask, self.attn_drop if self.training else 0.0)
        return self.proj_drop(self.proj(merge_heads(x)))
