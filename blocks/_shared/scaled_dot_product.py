"""The core of dot-product attention: heads split, softmax(q k^T * scale + bias) v, heads merged."""

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


def attend(
    q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None = None, dropout: float = 0.0, scale: float | None = None, causal: bool = False
) -> Tensor:
    """Attention of q (B, heads, Nq, d) over k (B, heads, Nk, d) and v (B, heads, Nk, dv); returns (B, heads, Nq, dv).

    `bias` broadcasts to (B, heads, Nq, Nk): added to the logits, or a boolean mask, True where a query may look. `scale` is
    1/sqrt(d) unless given. `dropout` is what to drop now: 0 outside training.
    """
    if bias is not None and bias.is_floating_point():
        bias = bias.to(q.dtype)
    # The fast kernels read whole vectors: where channels lie apart, as in a map, a CPU takes twice as long and a GPU the slow form.
    q, k, v = (x if x.stride(-1) == 1 else x.contiguous() for x in (q, k, v))
    return F.scaled_dot_product_attention(q, k, v, attn_mask=bias, dropout_p=dropout, is_causal=causal, scale=scale)
