"""The core of dot-product attention: split heads, softmax(q k^T * scale + bias) v, merge heads."""

import torch
from torch import Tensor
from torch.nn import functional as F

from blocks._shared.choices import check_positive


def check_heads(num_heads: int, width: int, name: str = "dim") -> None:
    """Raise ValueError unless `num_heads` divides `width`."""
    if num_heads < 1 or width % num_heads:
        raise ValueError(f"num_heads: {num_heads} does not divide {name} {width}")


def resolve_head_dim(dim: int, num_heads: int, head_dim: int | None) -> int:
    """Return the width of a head: `head_dim`, or an equal share of `dim`.

    Raises:
        ValueError: if `head_dim` is None and `num_heads` does not divide `dim`, or a number is not positive.
    """
    if head_dim is None:
        check_heads(num_heads, dim)
        return dim // num_heads
    check_positive(num_heads=num_heads, head_dim=head_dim)
    return head_dim


def split_heads(x: Tensor, num_heads: int) -> Tensor:
    """Turn (..., n, heads * d) into (..., heads, n, d)."""
    return x.unflatten(-1, (num_heads, -1)).transpose(-3, -2)


def merge_heads(x: Tensor) -> Tensor:
    """Turn (..., heads, n, d) into (..., n, heads * d)."""
    return x.transpose(-3, -2).flatten(-2)


def has_no_kernel(q: Tensor, bias: Tensor | None) -> bool:
    """Return whether attention must be written out, because no fused CPU kernel computes the gradient of a bias."""
    return bias is not None and bias.requires_grad and q.device.type == "cpu"


def pair_axes(name: str, values: Tensor | None, q: Tensor, k: Tensor) -> Tensor | None:
    """Return what a port `mask` or `bias` brings with the axes (N, heads, queries, keys), those it lacks of size 1.

    Args:
        name: the port, for messages.
        values: (N, keys), the same for all queries; (N, queries, keys), the same for all heads; (N, heads, queries,
            keys), where the heads may be 1; or None.
        q: queries (N, heads, queries, d).
        k: keys (N, heads, keys, d).

    Raises:
        ValueError: if the sizes do not fit.
    """
    if values is None:
        return None
    axes = {2: values[:, None, None], 3: values[:, None], 4: values}.get(values.ndim) if values.ndim > 1 else None
    full = (q.shape[0], q.shape[1], q.shape[2], k.shape[2])
    if axes is None or any(size not in (1, whole) for size, whole in zip(axes.shape, full, strict=True)):
        raise ValueError(
            f"{name}: shape {tuple(values.shape)} does not fit {full[1]} heads, {full[2]} queries and {full[3]} keys; "
            "expected (N, keys), (N, queries, keys) or (N, heads, queries, keys)"
        )
    return axes


def masked_softmax(logits: Tensor, mask: Tensor | None) -> Tensor:
    """Return softmax over the last axis of `logits` where `mask` is True, and 0 elsewhere; without any True all 0."""
    if mask is None:
        return logits.softmax(dim=-1)
    # Not minus infinity: the gradient of a query without keys would not be a number.
    logits = logits.masked_fill(~mask, torch.finfo(logits.dtype).min)
    return logits.softmax(dim=-1).masked_fill(~mask, 0.0)


def causal_mask(queries: int, keys: int, device: torch.device) -> Tensor:
    """Return the mask (queries, keys) by which a query attends to the keys up to its own position."""
    return torch.ones(queries, keys, dtype=torch.bool, device=device).tril()


def attend(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    bias: Tensor | None = None,
    dropout: float = 0.0,
    scale: float | None = None,
    causal: bool = False,
    mask: Tensor | None = None,
) -> Tensor:
    """Attention of q (B, heads, Nq, d) over k (B, heads, Nk, d) and v (B, heads, Nk, dv); returns (B, heads, Nq, dv).

    `bias` broadcasts to (B, heads, Nq, Nk): added to the logits, or a boolean mask, True where a query may attend.
    `mask` is such a mask beside a bias; a query without keys gets zeros. `scale` is 1/sqrt(d) unless given. `dropout`
    is the rate to apply: 0 outside training. A learned bias that is -inf somewhere must leave every query some key.
    """
    if causal and (bias is not None or mask is not None):
        past = causal_mask(q.shape[-2], k.shape[-2], q.device)
        mask = past if mask is None else mask & past
        causal = False
    if bias is not None and bias.is_floating_point():
        bias = bias.to(q.dtype)
    # Fused kernels read whole vectors: with strided channels, as in a map, a CPU takes twice as long and a GPU falls
    # back.
    q, k, v = (x if x.stride(-1) == 1 else x.contiguous() for x in (q, k, v))
    if bias is not None and has_no_kernel(q, bias):
        # torch's reference formula; without a mask it need not search for queries that have no key.
        logits = (q * (q.shape[-1] ** -0.5 if scale is None else scale)) @ k.transpose(-2, -1) + bias
        return F.dropout(masked_softmax(logits, mask), dropout).to(v.dtype) @ v
    if mask is not None:
        bias = mask if bias is None else bias.masked_fill(~mask, float("-inf"))
    width, values = q.shape[-1], v.shape[-1]
    missing = -width % 8  # numbers that one CPU instruction processes
    if missing and width > 64 and values == width and q.device.type == "cpu" and q.requires_grad:
        # Zeros do not change the products; without them training on a CPU takes 10 % longer. For narrow heads they cost
        # memory.
        q, k, v = (F.pad(x, (0, missing)) for x in (q, k, v))
        scale = width**-0.5 if scale is None else scale
    out = F.scaled_dot_product_attention(q, k, v, attn_mask=bias, dropout_p=dropout, is_causal=causal, scale=scale)
    return out if out.shape[-1] == values else out[..., :values]
