"""Scaled dot-product attention on the meta device as devices run it: one operation that saves no attention matrix.

On the meta device torch takes the plain formula, which saves the weights of every pair of tokens for backward. CPUs and
GPUs run a fused kernel, which saves one number for each query. Without this module the computed memory of a vision
transformer would be several times too large.
"""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode
from torch.utils.flop_counter import sdpa_flop_count

FUSED = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu


class FusedAttention(TorchFunctionMode):
    """While active, attention runs as the fused kernel where a device would run it so."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Run one torch function, attention as the fused operation where possible."""
        if func is F.scaled_dot_product_attention:
            out = _attention(*args, **(kwargs or {}))
            if out is not None:
                return out
        return func(*args, **(kwargs or {}))


def _attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor | None:
    """Run the fused operation; return None where devices use the plain formula, and for wrong sizes."""
    if not query.ndim == key.ndim == value.ndim == 4 or enable_gqa or not query.is_floating_point():
        return None
    batch, heads, _, width = query.shape
    if (
        key.shape[:3] != value.shape[:3]
        or key.shape[:2] != (batch, heads)
        or not width == key.shape[3] == value.shape[3]
    ):
        return None
    if attn_mask is not None:
        full = (batch, heads, query.shape[2], key.shape[2])
        fits = attn_mask.ndim in (2, 4) and all(
            a in (1, b) for a, b in zip(reversed(attn_mask.shape), reversed(full), strict=False)
        )
        if not fits or attn_mask.requires_grad or is_causal:
            return None
        if attn_mask.dtype == torch.bool:
            attn_mask = torch.zeros(attn_mask.shape, dtype=query.dtype, device=query.device)
    out: Tensor = FUSED(query, key, value, dropout_p, is_causal, attn_mask=attn_mask, scale=scale)[0]
    return out


def fused_output(query: Tensor, _key: Tensor, value: Tensor, *_: Any, **__: Any) -> tuple[Tensor, Tensor]:
    """Return the fused operation's outputs: the result, its heads adjacent in memory, and a number for each query."""
    batch, heads, tokens, _width = query.shape
    out = query.new_empty(batch, tokens, heads, value.shape[3]).transpose(1, 2)
    return out, query.new_empty((batch, heads, tokens), dtype=torch.float32)


def fused_flops(query: Tensor, key: Tensor, value: Tensor, *_: Any, **__: Any) -> int:
    """Return the FLOPs of the two matrix products."""
    return int(sdpa_flop_count(query.shape, key.shape, value.shape))  # type: ignore[no-untyped-call]
