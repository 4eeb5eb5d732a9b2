"""Talking heads: the heads of an attention mix their logits before the softmax, and their weights after it."""

from torch import Tensor, nn

from blocks._shared.scaled_dot_product import masked_softmax


def mix_heads(x: Tensor, mix: nn.Module) -> Tensor:
    """Apply a linear layer over the heads to `x` (N, heads, n, m); returns the same shape."""
    return mix(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


def mixed_softmax(
    logits: Tensor, mix_logits: nn.Module, mix_weights: nn.Module, pairs: Tensor | None, bias: Tensor | None = None
) -> Tensor:
    """Return the mixed weights of `logits` (N, heads, n, m), with `bias` added after the first mixing, 0 where `pairs`
    is False.
    """
    logits = mix_heads(logits, mix_logits)
    logits = logits if bias is None else logits + bias.to(logits.dtype)
    weights = mix_heads(masked_softmax(logits, pairs), mix_weights)
    # The second mixing has a bias, so that a pair that is masked would get a weight.
    return weights if pairs is None else weights.masked_fill(~pairs, 0.0)
