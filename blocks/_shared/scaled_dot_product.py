"""The core of dot-product attention: split heads, softmax(q k^T * scale + bias) v, merge heads."""

from torch import Tensor
from torch.nn import functional as F


def check_heads(num_heads: int, width: int, name: str = "dim") -> None:
    """Raise ValueError unless `num_heads` divides `width`."""
    if num_heads < 1 or width % num_heads:
        raise ValueError(f"num_heads: {num_heads} does not divide {name} {width}")


def split_heads(x: Tensor, num_heads: int) -> Tensor:
    """Turn (..., n, heads * d) into (..., heads, n, d)."""
    return x.unflatten(-1, (num_heads, -1)).transpose(-3, -2)


def merge_heads(x: Tensor) -> Tensor:
    """Turn (..., heads, n, d) into (..., n, heads * d)."""
    return x.transpose(-3, -2).flatten(-2)


def has_no_kernel(q: Tensor, bias: Tensor | None) -> bool:
    """Return whether attention must be written out, because no fused CPU kernel computes the gradient of a bias."""
    return bias is not None and bias.requires_grad and q.device.type == "cpu"


def attend(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    bias: Tensor | None = None,
    dropout: float = 0.0,
    scale: float | None = None,
    causal: bool = False,
) -> Tensor:
    """Attention of q (B, heads, Nq, d) over k (B, heads, Nk, d) and v (B, heads, Nk, dv); returns (B, heads, Nq, dv).

    `bias` broadcasts to (B, heads, Nq, Nk): added to the logits, or a boolean mask, True where a query may attend.
    `scale` is 1/sqrt(d) unless given. `dropout` is the rate to apply: 0 outside training. A learned bias must leave
    every query some key.
    """
    if bias is not None and bias.is_floating_point():
        bias = bias.to(q.dtype)
    # Fused kernels read whole vectors: with strided channels, as in a map, a CPU takes twice as long and a GPU falls
    # back.
    q, k, v = (x if x.stride(-1) == 1 else x.contiguous() for x in (q, k, v))
    if bias is not None and not causal and has_no_kernel(q, bias):
        # torch's reference formula without its search for queries that have no key.
        logits = (q * (q.shape[-1] ** -0.5 if scale is None else scale)) @ k.transpose(-2, -1) + bias
        return F.dropout(logits.softmax(dim=-1), dropout).to(v.dtype) @ v
    width, values = q.shape[-1], v.shape[-1]
    missing = -width % 8  # numbers that one CPU instruction processes
    if missing and width > 64 and values == width and q.device.type == "cpu" and q.requires_grad:
        # Zeros do not change the products; without them training on a CPU takes 10 % longer. For narrow heads they cost
        # memory.
        q, k, v = (F.pad(x, (0, missing)) for x in (q, k, v))
        scale = width**-0.5 if scale is None else scale
    out = F.scaled_dot_product_attention(q, k, v, attn_mask=bias, dropout_p=dropout, is_causal=causal, scale=scale)
    return out if out.shape[-1] == values else out[..., :values]
