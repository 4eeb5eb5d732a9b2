"""Token dropout: training uses only a random subset of the tokens.

Liu et al., "PatchDropout: Economizing Vision Transformers Using Patch Dropout", WACV 2023, arXiv:2208.07220. Put it
after the position encoding.
"""

from typing import Annotated

import torch
from torch import Tensor, nn

from blocks.spec import block


@block(
    shape="b n dim -> b remaining dim",
    tokens={"out": "keep | select 0 prefix_tokens + lost sampled", "expects": "prefix prefix_tokens"},
    paper="PatchDropout: Economizing Vision Transformers Using Patch Dropout, Liu et al., 2022, arXiv:2208.07220",
    tags=("patch dropout", "regularization", "efficient", "token"),
)
class TokenDropout(nn.Module):
    """Remove random tokens in training; evaluation keeps them all.

    Args:
        drop: share of the tokens that are removed.
        prefix_tokens: leading tokens (class, registers) that are never removed.

    Shape: input (N, n, dim), output (N, remaining, dim) in training, (N, n, dim) in evaluation; the order of the tokens
    is preserved.

    Raises:
        ValueError: if `drop` is not from 0 to below 1 or `prefix_tokens` is negative.
    """

    def __init__(self, drop: Annotated[float, (0, 0.99)] = 0.25, prefix_tokens: int = 1) -> None:
        super().__init__()
        if not 0 <= drop < 1:
            raise ValueError(f"drop: {drop} is not from 0 to below 1")
        if prefix_tokens < 0:
            raise ValueError(f"prefix_tokens: {prefix_tokens} is negative, expected 0 or more")
        self.drop = drop
        self.prefix_tokens = prefix_tokens

    def forward(self, x: Tensor) -> Tensor:
        """Remove tokens of `x` (N, n, dim)."""
        patches = x.shape[1] - self.prefix_tokens
        if not self.training or not self.drop or patches < 1:
            return x
        count = max(1, int(patches * (1 - self.drop)))
        indices = (
            torch.rand(x.shape[0], patches, device=x.device).topk(count, dim=1).indices.sort(1).values
            + self.prefix_tokens
        )
        remaining = x.gather(1, indices.unsqueeze(-1).expand(-1, -1, x.shape[-1]))
        return torch.cat((x[:, : self.prefix_tokens], remaining), dim=1)
