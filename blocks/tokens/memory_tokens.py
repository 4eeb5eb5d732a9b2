"""Learnable memory: tokens at the end of a layer's input that it may attend to and that are not passed on.

Sandler, Zhmoginov, Vladymyrov, Jackson, "Fine-tuning Image Transformers using Learnable Memory", CVPR 2022,
arXiv:2203.15243. Wire it to the keys and values of an attention (its context) and keep the queries as they are.
"""

from typing import Annotated

import torch
from torch import Tensor, nn

from blocks._shared.choices import check_positive
from blocks._shared.learned_tokens import make_tokens
from blocks.spec import block


@block(
    shape="b n dim -> b n+num_tokens dim",
    tokens="back memory",
    paper="Fine-tuning Image Transformers using Learnable Memory, Sandler et al., 2022, arXiv:2203.15243",
    tags=("memory", "fine-tuning", "adapter", "token"),
    no_decay=("tokens",),
)
class MemoryTokens(nn.Module):
    """Append learned memory tokens.

    Args:
        dim: token width.
        num_tokens: number of memory tokens.

    Shape: input (N, n, dim), output (N, n + num_tokens, dim).

    Raises:
        ValueError: if `num_tokens` is not positive.
    """

    def __init__(self, dim: int, num_tokens: Annotated[int, (1, 256)] = 10) -> None:
        super().__init__()
        check_positive(num_tokens=num_tokens)
        self.tokens = make_tokens(num_tokens, dim)

    def forward(self, x: Tensor) -> Tensor:
        """Append the memory to `x` (N, n, dim); returns (N, n + num_tokens, dim)."""
        return torch.cat((x, self.tokens.to(x.dtype).expand(x.shape[0], -1, -1)), dim=1)
