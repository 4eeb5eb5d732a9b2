"""Classifier on tokens, as at the end of a Vision Transformer.

Dosovitskiy et al., "An Image is Worth 16x16 Words", ICLR 2021, arXiv:2010.11929.
The norm comes after the pooling: the same thing for a class token, and what timm 1.0.31 does (`fc_norm`) for the mean.
"""

from typing import Annotated, Literal

import torch
from torch import Tensor, nn

from blocks._shared.choices import check_choice, check_positive
from blocks.spec import block


@block(
    shape="b n dim, b n -> b num_classes",
    tokens={"expects": "summary token when pooling token"},
    paper=(
        "An Image is Worth 16x16 Words: Transformers for Image Recognition at Scale, Dosovitskiy et al., 2020, "
        "arXiv:2010.11929"
    ),
    tags=("classifier", "logits", "vit", "output", "class token", "mask"),
    dtypes={"mask": "bool"},
    examples=({"pooling": "avg"}, {}, {"pooling": "max", "token": 1}),
)
class TokenClassifierHead(nn.Module):
    """Turn tokens into class logits, from one token or from the mean of all.

    Args:
        dim: token width.
        num_classes: number of classes.
        pooling: "token" reads one token, "avg" the mean of the tokens, "max" their maximum.
        token: index of the token that is read; with "avg" and "max", number of leading tokens that are skipped.
        norm: layer normalisation of the pooled vector, or none.
        drop: dropout rate before the linear layer.
        norm_eps: term under the root of the layer norm.

    Shape: x (N, n, dim), output (N, num_classes); optional: a bool mask (N, n), True for the tokens that "avg" and
    "max" pool.

    Raises:
        ValueError: if a parameter is out of its range, or there are too few tokens.
    """

    def __init__(
        self,
        dim: int,
        num_classes: int = 10,
        pooling: Literal["token", "avg", "max"] = "token",
        token: int = 0,
        norm: Literal["layer", "none"] = "layer",
        drop: Annotated[float, (0, 1)] = 0.0,
        norm_eps: Annotated[float, (0.0, 1.0)] = 1e-6,
    ) -> None:
        super().__init__()
        check_positive(num_classes=num_classes)
        check_choice("pooling", pooling, "token", "avg", "max")
        check_choice("norm", norm, "layer", "none")
        if token < 0:
            raise ValueError(f"token: {token} is negative, expected 0 or more")
        self.pooling = pooling
        self.token = token
        self.norm = nn.LayerNorm(dim, eps=norm_eps) if norm == "layer" else nn.Identity()
        self.drop = nn.Dropout(drop)
        self.fc = nn.Linear(dim, num_classes)
        nn.init.trunc_normal_(self.fc.weight, std=0.02)
        nn.init.zeros_(self.fc.bias)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Classify `x` (N, n, dim), pooled where `mask` (N, n) is True; returns logits (N, num_classes)."""
        if x.shape[1] <= self.token:
            raise ValueError(
                f"token: {self.token} leaves nothing of {x.shape[1]} tokens, expected less than {x.shape[1]}"
            )
        if self.pooling == "token":
            x = x[:, self.token]
        else:
            x = self.pool(x[:, self.token :], None if mask is None else mask[:, self.token :, None])
        return self.fc(self.drop(self.norm(x)))

    def pool(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """Return the mean or maximum (N, dim) of the tokens `x` where `mask` (N, n, 1) is True; 0 without any."""
        if mask is None:
            return x.mean(1) if self.pooling == "avg" else x.amax(1)
        if self.pooling == "avg":
            return (x * mask).sum(1) / mask.sum(1).clamp(min=1).to(x.dtype)
        lowest = x.masked_fill(~mask, torch.finfo(x.dtype).min).amax(1)
        return lowest.masked_fill(~mask.any(1), 0.0)
