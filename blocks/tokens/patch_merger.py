"""PatchMerger: learned queries merge many tokens into a few.

Renggli et al., "Learning to Merge Tokens in Vision Transformers", 2022, arXiv:2202.12015: softmax(Q norm(X)^T /
sqrt(dim)) norm(X). The queries start at N(0, 1) and scores are scaled as in vit-pytorch 1.26.11; the paper's softmax is
unscaled.
"""

from typing import Annotated

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from blocks._shared.choices import check_positive
from blocks.spec import block


@block(
    shape="b n dim -> b num_tokens dim",
    tokens={"out": "lost merged", "queries": "lost merged", "keys": "keep x"},
    paper="Learning to Merge Tokens in Vision Transformers, Renggli et al., 2022, arXiv:2202.12015",
    maps={"softmax": "token_pairs"},
    tags=("merge", "reduce", "queries", "token"),
    no_decay=("queries",),
)
class PatchMerger(nn.Module):
    """Merge tokens into a fixed number of weighted means.

    Args:
        dim: token width.
        num_tokens: number of tokens of the output.
        norm_eps: term under the root of the layer norm.

    Shape: input (N, n, dim), output (N, num_tokens, dim).

    Raises:
        ValueError: if `num_tokens` is not positive.
    """

    def __init__(
        self,
        dim: int,
        num_tokens: Annotated[int, (1, 1024)] = 8,
        norm_eps: Annotated[float, (0.0, 1.0)] = 1e-5,
    ) -> None:
        super().__init__()
        check_positive(num_tokens=num_tokens)
        self.queries = nn.Parameter(torch.randn(num_tokens, dim))
        self.norm = nn.LayerNorm(dim, eps=norm_eps)

    def forward(self, x: Tensor) -> Tensor:
        """Merge `x` (N, n, dim); returns (N, num_tokens, dim)."""
        x = self.norm(x).unsqueeze(1)
        queries = self.queries.to(x.dtype).expand(x.shape[0], 1, -1, -1)
        return F.scaled_dot_product_attention(queries, x, x).squeeze(1)
