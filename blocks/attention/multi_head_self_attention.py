"""Multi-head self-attention: every token attends to every token, in several subspaces in parallel.

Vaswani et al., "Attention Is All You Need", NeurIPS 2017, arXiv:1706.03762; in vision: Dosovitskiy et al., "An Image is
Worth 16x16 Words", ICLR 2021, arXiv:2010.11929. Same parameters as `Attention` of timm 1.0.31; qk_norm after Dehghani
et al., "Scaling Vision Transformers to 22 Billion Parameters", 2023, arXiv:2302.05442; position="rope" after Su et
al., "RoFormer", 2021, arXiv:2104.09864, "relative" after Liu et al., "Swin Transformer", 2021, arXiv:2103.14030.
"""

from typing import Annotated, Literal

from torch import Tensor, nn
from torch.nn import functional as F

from blocks._shared.choices import check_choice
from blocks._shared.head_rotation import HeadRotation
from blocks._shared.relative_position import RelativePositionTable
from blocks._shared.scaled_dot_product import attend, merge_heads, pair_axes, resolve_head_dim, split_heads
from blocks._shared.transformer_init import init_linears
from blocks.spec import block


@block(
    shape="b n dim, b ..., b ... -> b n dim",
    paper="Attention Is All You Need, Vaswani et al., 2017, arXiv:1706.03762",
    maps={"softmax": "token_pairs"},
    tags=("mhsa", "self-attention", "scaled dot-product", "mask", "rope", "relative position"),
    dtypes={"mask": "bool"},
    examples=(
        {"...": (4, 16, 16), "causal": True},
        {"position": "axial_rope", "height": 7, "width": 7, "prefix_tokens": 1},
        {"n": 10, "...": (10,), "position": "relative", "height": 3, "width": 3, "prefix_tokens": 1},
    ),
    no_decay=("position_bias.table",),
)
class MultiHeadSelfAttention(nn.Module):
    """Mix tokens by softmax(q k^T / sqrt(d)) v in each head, then join the heads by a linear layer.

    Args:
        dim: token width.
        num_heads: number of heads.
        head_dim: width of one head; None: dim / num_heads.
        qkv_bias: whether queries, keys and values have a bias.
        qk_norm: whether queries and keys are layer-normalised within each head.
        causal: whether a token attends only to itself and earlier tokens.
        attn_drop: dropout of the attention weights.
        proj_drop: dropout of the output.
        norm_eps: added to the variance in the normalisations of queries and keys.
        position: "rope" rotates queries and keys by their place in the sequence, "axial_rope" by row and column of a
            grid, "relative" adds a learned bias for each head and offset on a grid.
        height: rows of the grid; 0: follows from `width`, or the grid is square ("relative" needs a number).
        width: columns of the grid; 0: follows from `height`, or the grid is square ("relative" needs a number).
        prefix_tokens: leading tokens (class, registers) without a position.
        proj_bias: whether the output projection has a bias.

    Shape: x (N, n, dim), output (N, n, dim); optional: a bool mask, True where a query may attend, and a bias that is
    added to the logits, both (N, keys), (N, queries, keys) or (N, heads, queries, keys). A token that may attend to
    nothing gets the bias of the output layer.

    Raises:
        ValueError: if num_heads does not divide dim and no head_dim is given, the width of a head does not split into
            pairs to rotate, the tokens do not fill the grid, or mask or bias do not fit.
    """

    def __init__(
        self,
        dim: int,
        num_heads: Annotated[int, (1, 64)] = 4,
        head_dim: Annotated[int, (1, 1024)] | None = None,
        qkv_bias: bool = True,
        qk_norm: bool = False,
        causal: bool = False,
        attn_drop: Annotated[float, (0.0, 1.0)] = 0.0,
        proj_drop: Annotated[float, (0.0, 1.0)] = 0.0,
        norm_eps: Annotated[float, (0.0, 1.0)] = 1e-6,
        position: Literal["none", "rope", "axial_rope", "relative"] = "none",
        height: Annotated[int, (0, 4096)] = 0,
        width: Annotated[int, (0, 4096)] = 0,
        prefix_tokens: Annotated[int, (0, 1024)] = 0,
        proj_bias: bool = True,
    ) -> None:
        super().__init__()
        check_choice("position", position, "none", "rope", "axial_rope", "relative")
        if height < 0 or width < 0 or prefix_tokens < 0:
            raise ValueError(f"height {height}, width {width}, prefix_tokens {prefix_tokens}: expected 0 or more")
        if position == "relative" and not (height and width):
            raise ValueError(
                f"height {height}, width {width}: position relative learns a number for each offset; set the grid's "
                "height and width"
            )
        head_dim = resolve_head_dim(dim, num_heads, head_dim)
        self.num_heads = num_heads
        self.attn_drop = attn_drop
        self.causal = causal
        self.qkv = nn.Linear(dim, 3 * num_heads * head_dim, bias=qkv_bias)
        self.q_norm = nn.LayerNorm(head_dim, eps=norm_eps) if qk_norm else nn.Identity()
        self.k_norm = nn.LayerNorm(head_dim, eps=norm_eps) if qk_norm else nn.Identity()
        self.proj = nn.Linear(num_heads * head_dim, dim, bias=proj_bias)
        self.proj_drop = nn.Dropout(proj_drop)
        self.prefix_tokens = prefix_tokens
        self.rotate: nn.Module = nn.Identity()
        if position in ("rope", "axial_rope"):
            self.rotate = HeadRotation(head_dim, 1 if position == "rope" else 2, height, width, prefix_tokens)
        self.position_bias = RelativePositionTable(height, width, num_heads) if position == "relative" else None
        init_linears(self)

    def relative_bias(self, tokens: int) -> Tensor | None:
        """Return the learned bias (1, heads, n, n) of `tokens` tokens, 0 for the leading ones, or None."""
        if self.position_bias is None:
            return None
        if tokens != self.position_bias.tokens + self.prefix_tokens:
            raise ValueError(
                f"x: {tokens} tokens, but height, width and prefix_tokens are for "
                f"{self.position_bias.tokens + self.prefix_tokens}"
            )
        return F.pad(self.position_bias(), (self.prefix_tokens, 0, self.prefix_tokens, 0))[None]

    def forward(self, x: Tensor, mask: Tensor | None = None, bias: Tensor | None = None) -> Tensor:
        """Mix the tokens `x` (N, n, dim) where `mask` is True, with `bias` added to the logits; returns the same
        shape.
        """
        q, k, v = (split_heads(part, self.num_heads) for part in self.qkv(x).chunk(3, dim=-1))
        q, k = self.rotate(self.q_norm(q)), self.rotate(self.k_norm(k))
        added, relative = pair_axes("bias", bias, q, k), self.relative_bias(x.shape[1])
        if relative is not None:
            added = relative if added is None else added + relative
        dropout = self.attn_drop if self.training else 0.0
        x = attend(q, k, v, added, dropout, causal=self.causal, mask=pair_axes("mask", mask, q, k))
        return self.proj_drop(self.proj(merge_heads(x)))
