"""Learned tokens that are inserted into a sequence."""

import torch
from torch import Tensor, nn


def make_tokens(count: int, dim: int, std: float = 0.02) -> nn.Parameter:
    """Return `count` learned tokens (1, count, dim), drawn from N(0, std) truncated at +-2."""
    return nn.Parameter(nn.init.trunc_normal_(torch.empty(1, count, dim), std=std))


def insert_tokens(x: Tensor, tokens: Tensor, after: int) -> Tensor:
    """Insert `tokens` (1, count, dim) into `x` (N, n, dim) behind its first `after` tokens; returns (N, n + count,
    dim).

    Raises:
        ValueError: if `x` has fewer than `after` tokens.
    """
    if x.shape[1] < after:
        raise ValueError(f"after: {after} tokens are to come first, but x has {x.shape[1]}")
    tokens = tokens.to(x.dtype).expand(x.shape[0], -1, -1)
    if after == 0:
        return torch.cat((tokens, x), dim=1)
    # Not two slices: in the backward pass each would produce a gradient as large as x, mostly zeros.
    front, back = x.split((after, x.shape[1] - after), dim=1)
    return torch.cat((front, tokens, back), dim=1)


def check_after(after: int) -> None:
    """Raise ValueError unless `after` is a valid number of tokens."""
    if after < 0:
        raise ValueError(f"after: {after} is negative, expected 0 or more")
