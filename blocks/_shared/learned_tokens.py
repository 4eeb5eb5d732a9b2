"""Learned tokens put into a sequence."""

import torch
from torch import Tensor, nn


def make_tokens(count: int, dim: int, std: float = 0.02) -> nn.Parameter:
    """Return `count` learned tokens (1, count, dim), drawn from N(0, std) cut at 2."""
    return nn.Parameter(nn.init.trunc_normal_(torch.empty(1, count, dim), std=std))


def insert_tokens(x: Tensor, tokens: Tensor, place: int) -> Tensor:
    """Insert `tokens` (1, count, dim) into `x` (N, n, dim) behind its first `place` tokens; returns (N, n + count, dim).

    Raises:
        ValueError: if `x` has fewer than `place` tokens.
    """
    if x.shape[1] < place:
        raise ValueError(f"after: {place} tokens are to come first, but x has {x.shape[1]}")
    tokens = tokens.to(x.dtype).expand(x.shape[0], -1, -1)
    if place == 0:
        return torch.cat((tokens, x), dim=1)
    # Not two slices: each would send back a gradient as large as x, most of it zeros.
    front, back = x.split((place, x.shape[1] - place), dim=1)
    return torch.cat((front, tokens, back), dim=1)


def check_after(after: int) -> None:
    """Raise ValueError unless `after` is a number of tokens."""
    if after < 0:
        raise ValueError(f"after: {after} is negative, expected 0 or more")
