"""Linear attention: a product of feature maps replaces the softmax, so that the cost is linear in the number of tokens.

"elu": Katharopoulos, Vyas, Pappas, Fleuret, "Transformers are RNNs", ICML 2020, arXiv:2006.16236: phi = elu + 1.
"softmax": Shen et al., "Efficient Attention: Attention with Linear Complexities", WACV 2021, arXiv:1812.01243: queries
normalised over their channels, keys over the tokens.
"""

from typing import Annotated, Literal

from torch import Tensor, nn
from torch.nn import functional as F

from blocks._shared.choices import check_choice
from blocks._shared.scaled_dot_product import masked_softmax, merge_heads, resolve_head_dim, split_heads
from blocks._shared.transformer_init import init_linears
from blocks.spec import block


@block(
    shape="b n dim, b n -> b n dim",
    paper=(
        "Transformers are RNNs: Fast Autoregressive Transformers with Linear Attention, Katharopoulos et al., "
        "2020, arXiv:2006.16236"
    ),
    maps={"attention": "token_pairs"},
    tags=("efficient attention", "kernel attention", "self-attention", "mask"),
    dtypes={"mask": "bool"},
    heads="num_heads",
)
class LinearAttention(nn.Module):
    """phi(q) (phi(k)^T v) in each head, divided by the sum of the weights, computed without the n x n matrix.

    Args:
        dim: token width.
        num_heads: number of heads.
        head_dim: width of one head; None: dim / num_heads.
        feature_map: "elu" for elu + 1, "softmax" for efficient attention.
        qkv_bias: whether queries, keys and values have a bias.
        proj_drop: dropout of the output.
        proj_bias: whether the output projection has a bias.

    Shape: x (N, n, dim), output (N, n, dim); optional: a bool mask (N, n), True for the tokens that are attended to, at
    least one.

    Raises:
        ValueError: if num_heads does not divide dim and no head_dim is given, or feature_map is unknown.
    """

    def __init__(
        self,
        dim: int,
        num_heads: Annotated[int, (1, 64)] = 4,
        head_dim: Annotated[int, (1, 1024)] | None = None,
        feature_map: Literal["elu", "softmax"] = "elu",
        qkv_bias: bool = True,
        proj_drop: Annotated[float, (0.0, 1.0)] = 0.0,
        proj_bias: bool = True,
    ) -> None:
        super().__init__()
        head_dim = resolve_head_dim(dim, num_heads, head_dim)
        check_choice("feature_map", feature_map, "elu", "softmax")
        self.num_heads = num_heads
        self.feature_map = feature_map
        self.qkv = nn.Linear(dim, 3 * num_heads * head_dim, bias=qkv_bias)
        self.proj = nn.Linear(num_heads * head_dim, dim, bias=proj_bias)
        self.proj_drop = nn.Dropout(proj_drop)
        init_linears(self)

    def features(self, x: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
        """Return phi(q), phi(k) and v of the tokens `x` (N, n, dim), each (N, heads, n, d); phi(k) is 0 where `mask`
        (N, n) is False.
        """
        q, k, v = (split_heads(part, self.num_heads) for part in self.qkv(x).chunk(3, dim=-1))
        if self.feature_map == "softmax":
            keys = None if mask is None else mask[:, None, None]
            return q.softmax(dim=-1), masked_softmax(k.transpose(-2, -1), keys).transpose(-2, -1), v
        phi_k = F.elu(k) + 1
        return F.elu(q) + 1, phi_k if mask is None else phi_k * mask[:, None, :, None], v

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Mix the tokens `x` (N, n, dim), of which those where `mask` (N, n) is True are attended to; returns the same
        shape.
        """
        q, k, v = self.features(x, mask)
        if self.feature_map == "softmax":
            x = q @ (k.transpose(-2, -1) @ v)
        else:
            total = (q * k.sum(dim=-2, keepdim=True)).sum(dim=-1, keepdim=True)
            # The keys are normalised before the product, so that half precision does not overflow with many tokens.
            x = (q @ (k.transpose(-2, -1) / k.shape[-2] @ v)) / (total / k.shape[-2])
        return self.proj_drop(self.proj(merge_heads(x)))

    def attention(self, x: Tensor, mask: Tensor | None = None, every: int = 1) -> Tensor:
        """Return the matrix (N, heads, n / every, n) that `forward` avoids, for every `every`-th of the tokens `x` (N,
        n, dim).
        """
        q, k, _ = self.features(x, mask)
        weights = q[..., ::every, :] @ k.transpose(-2, -1)
        return weights / weights.sum(dim=-1, keepdim=True)
