"""Multi-scale retention: attention without softmax that decays at a fixed rate and so has a recurrent form.

Sun et al., "Retentive Network: A Successor to Transformer for Large Language Models", 2023, arXiv:2307.08621.
Differs from the authors' code: the normalisations of the decay matrix are left out; the norm of each head cancels them.
"""

from typing import Annotated

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from blocks._shared.choices import check_positive
from blocks._shared.rotary import apply_rotary
from blocks._shared.scaled_dot_product import check_heads, merge_heads, split_heads
from blocks.spec import block


@block(
    shape="b n dim -> b n dim",
    paper="Retentive Network: A Successor to Transformer for Large Language Models, Sun et al., 2023, arXiv:2307.08621",
    maps={"retained": "signed_pairs"},
    tags=("retnet", "linear attention", "recurrent", "causal"),
    heads="num_heads",
)
class Retention(nn.Module):
    """Sum earlier tokens weighted by q k^T and gamma to the power of the distance, then normalise and gate each head.

    `forward` is the parallel form; `step` is the recurrent form, with the same results one token at a time.

    Args:
        dim: token width.
        num_heads: number of heads; head i forgets at the rate gamma_i = 1 - 2^(-5 - i).
        expand_ratio: width of the values as a multiple of dim.

    Shape: input (N, n, dim), output (N, n, dim).

    Raises:
        ValueError: if num_heads does not divide dim into heads of even width, or expand_ratio is below 1.
    """

    angles: Tensor
    log_decay: Tensor

    def __init__(
        self, dim: int, num_heads: Annotated[int, (1, 64)] = 4, expand_ratio: Annotated[int, (1, 8)] = 2
    ) -> None:
        super().__init__()
        check_heads(num_heads, dim)
        check_positive(expand_ratio=expand_ratio)
        if dim // num_heads % 2:
            raise ValueError(
                f"num_heads: heads of width {dim // num_heads} cannot be rotated; dim / num_heads has to be even"
            )
        self.num_heads = num_heads
        self.q = nn.Linear(dim, dim, bias=False)
        self.k = nn.Linear(dim, dim, bias=False)
        self.v = nn.Linear(dim, expand_ratio * dim, bias=False)
        self.gate = nn.Linear(dim, expand_ratio * dim, bias=False)
        self.proj = nn.Linear(expand_ratio * dim, dim, bias=False)
        for layer in (self.q, self.k, self.v, self.gate, self.proj):
            nn.init.xavier_uniform_(layer.weight, gain=2**-2.5 if layer is not self.proj else 1.0)
        head_dim = dim // num_heads
        angles = 10000 ** -torch.linspace(0, 1, head_dim // 2)
        self.register_buffer("angles", angles, persistent=False)
        self.register_buffer("log_decay", torch.log(1 - 2.0 ** (-5 - torch.arange(num_heads))), persistent=False)

    def rotate(self, x: Tensor, start: int) -> Tensor:
        """Rotate channel pairs of `x` (N, heads, n, d) by their position times their angle; positions count from
        `start`.
        """
        # bfloat16 cannot represent every integer beyond 256.
        angles = self.angles.to(torch.promote_types(self.angles.dtype, torch.float32))
        angle = torch.arange(start, start + x.shape[-2], device=x.device)[:, None] * angles
        return apply_rotary(x, angle.cos(), angle.sin())

    def project(self, x: Tensor, start: int) -> tuple[Tensor, Tensor, Tensor]:
        """Return queries, keys and values of `x` (N, n, dim), split into heads."""
        q, k, v = (split_heads(layer(x), self.num_heads) for layer in (self.q, self.k, self.v))
        return self.rotate(q, start), self.rotate(k * k.shape[-1] ** -0.5, start), v

    def gated(self, x: Tensor, retained: Tensor) -> Tensor:
        """Normalise the output of the heads, gate it by `x`, and join the heads."""
        retained = merge_heads(F.layer_norm(retained, retained.shape[-1:]))
        return self.proj(F.silu(self.gate(x)) * retained)

    def weights(self, q: Tensor, k: Tensor) -> Tensor:
        """Return the products q k^T (N, heads, n, n) of tokens and earlier tokens, decayed with the distance."""
        position = torch.arange(q.shape[-2], device=q.device)
        distance = position[:, None] - position[None, :]
        log_decay = self.log_decay.to(torch.promote_types(self.log_decay.dtype, torch.float32))
        decay = (distance.clamp(min=0) * log_decay[:, None, None]).exp().tril()
        return q @ k.transpose(-2, -1) * decay.to(q.dtype)

    def forward(self, x: Tensor) -> Tensor:
        """Mix the tokens `x` (N, n, dim), each with earlier ones; returns the same shape."""
        q, k, v = self.project(x, 0)
        return self.gated(x, self.weights(q, k) @ v)

    def retained(self, x: Tensor, every: int = 1) -> Tensor:
        """Return the weights (N, heads, n / every, n) of every `every`-th token of `x`, divided by the row's sum of
        magnitudes.

        The norm of each head, which follows, makes the scale of a row meaningless.
        """
        q, k, _ = self.project(x, 0)
        weights = self.weights(q, k)[..., ::every, :]
        return weights / weights.abs().sum(dim=-1, keepdim=True).clamp(min=torch.finfo(weights.dtype).tiny)

    def step(self, x: Tensor, state: Tensor | None = None, position: int = 0) -> tuple[Tensor, Tensor]:
        """Process one token `x` (N, 1, dim) at `position`; returns its output and the state (N, heads, d, dv) for the
        next.
        """
        q, k, v = self.project(x, position)
        fresh = k.transpose(-2, -1) @ v
        state = fresh if state is None else state * self.log_decay.exp()[:, None, None].to(fresh.dtype) + fresh
        return self.gated(x, q @ state), state
