"""Talking-heads attention: linear layers mix the heads' logits before the softmax and their weights after it.

Shazeer, Lan, Cheng, Ding, Hou, "Talking-Heads Attention", 2020, arXiv:2003.02436; in vision: Touvron et al., "Going
deeper with Image Transformers" (CaiT), ICCV 2021, arXiv:2103.17239. Same parameters as `TalkingHeadAttn` of timm 1.0.31
(the paper's mixing has no biases: mix_bias=False).
"""

from typing import Annotated

from torch import Tensor, nn

from blocks._shared.scaled_dot_product import merge_heads, pair_axes, resolve_head_dim, split_heads
from blocks._shared.talking_heads import mixed_softmax
from blocks._shared.transformer_init import init_linears
from blocks.spec import block


@block(
    shape="b n dim, b ..., b ... -> b n dim",
    paper="Talking-Heads Attention, Shazeer et al., 2020, arXiv:2003.02436",
    maps={"softmax": "token_pairs"},
    tags=("cait", "self-attention", "mask"),
    dtypes={"mask": "bool"},
    examples=({"...": (4, 16, 16)}, {}, {"...": (9,)}),
)
class TalkingHeadsAttention(nn.Module):
    """Self-attention whose heads are mixed by one linear layer before and another after the softmax.

    Args:
        dim: token width.
        num_heads: number of heads.
        head_dim: width of one head; None: dim / num_heads.
        qkv_bias: whether queries, keys and values have a bias.
        mix_bias: whether the two mixings of heads have biases.
        attn_drop: dropout of the mixed attention weights.
        proj_drop: dropout of the output.
        proj_bias: whether the output projection has a bias.

    Shape: x (N, n, dim), output (N, n, dim); optional: a bool mask, True where a query may attend, and a bias that is
    added to the mixed logits, both (N, keys), (N, queries, keys) or (N, heads, queries, keys).

    Raises:
        ValueError: if num_heads does not divide dim and no head_dim is given, or mask or bias do not fit.
    """

    def __init__(
        self,
        dim: int,
        num_heads: Annotated[int, (1, 64)] = 4,
        head_dim: Annotated[int, (1, 1024)] | None = None,
        qkv_bias: bool = True,
        mix_bias: bool = True,
        attn_drop: Annotated[float, (0.0, 1.0)] = 0.0,
        proj_drop: Annotated[float, (0.0, 1.0)] = 0.0,
        proj_bias: bool = True,
    ) -> None:
        super().__init__()
        head_dim = resolve_head_dim(dim, num_heads, head_dim)
        self.num_heads = num_heads
        self.scale = head_dim**-0.5
        self.qkv = nn.Linear(dim, 3 * num_heads * head_dim, bias=qkv_bias)
        self.proj = nn.Linear(num_heads * head_dim, dim, bias=proj_bias)
        self.mix_logits = nn.Linear(num_heads, num_heads, bias=mix_bias)
        self.mix_weights = nn.Linear(num_heads, num_heads, bias=mix_bias)
        self.attn_drop = nn.Dropout(attn_drop)
        self.proj_drop = nn.Dropout(proj_drop)
        init_linears(self)

    def forward(self, x: Tensor, mask: Tensor | None = None, bias: Tensor | None = None) -> Tensor:
        """Mix the tokens `x` (N, n, dim) where `mask` is True, with `bias` added to the mixed logits; returns the same
        shape.
        """
        q, k, v = (split_heads(part, self.num_heads) for part in self.qkv(x).chunk(3, dim=-1))
        logits = (q * self.scale) @ k.transpose(-2, -1)
        pairs, added = pair_axes("mask", mask, q, k), pair_axes("bias", bias, q, k)
        weights = mixed_softmax(logits, self.mix_logits, self.mix_weights, pairs, added)
        weights = self.attn_drop(weights)
        return self.proj_drop(self.proj(merge_heads(weights @ v)))
