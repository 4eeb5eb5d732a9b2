"""Adaptive token sampling: an attention that keeps only the tokens that matter to the class token.

Fayyaz et al., "Adaptive Token Sampling For Efficient Vision Transformers", ECCV 2022, arXiv:2111.15667. The score of
token j is S_j = A_1j ||V_j|| / sum_i A_1i ||V_i|| over the tokens after the class token, A and V joined over the heads;
tokens are sampled where the running sum of scores passes (2k - 1) / (2K), k = 1 ... K (inverse transform sampling at
fixed points).
Differs from the paper: the number of tokens is fixed, so a token that is sampled twice is a zero token the second time
(`kept` marks the real ones) instead of a shorter sequence; vit-pytorch 1.26.11 samples at random with Gumbel noise
instead of at fixed points.
"""

from typing import Annotated

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from blocks._shared.choices import check_positive
from blocks._shared.scaled_dot_product import attend, masked_softmax
from blocks.spec import block


@block(
    shape="b n dim, b n -> b num_samples+1 dim, b num_samples+1 dim, b num_samples+1",
    tokens={
        "out": "select 0 1 + lost sampled",
        "residual": "select 0 1 + lost sampled",
        "queries": "select 0 1 | select 0 1 + lost sampled",
        "keys": "keep x",
        "expects": "class 0",
    },
    paper="Adaptive Token Sampling For Efficient Vision Transformers, Fayyaz et al., 2021, arXiv:2111.15667",
    maps={"softmax": "token_pairs"},
    tags=("ats", "prune", "efficient", "token", "mask"),
    dtypes={"mask": "bool"},
    outputs=("out", "residual", "kept"),
)
class AdaptiveTokenSampling(nn.Module):
    """Self-attention for the class token and the tokens it attends to most; add `out` to `residual`.

    Wire `kept` to the `mask` of the layers and samplings that follow: only real tokens take part in them.

    Args:
        dim: token width; the first token is the class token.
        num_heads: number of attention heads.
        num_samples: number of tokens that are sampled besides the class token.
        qkv_bias: whether queries, keys and values have a bias.
        norm_eps: term under the root of the layer norm.
        proj_bias: whether the output projection has a bias.

    Shape: x (N, n, dim); optional: a bool mask (N, n), True for the tokens that take part, among them the class token;
    outputs: attention (N, num_samples + 1, dim), the input at the same tokens, and the bool mask kept (N, num_samples +
    1), True for the real tokens.

    Raises:
        ValueError: if `num_heads` does not divide `dim`, or there is no token besides the class token.
    """

    points: Tensor

    def __init__(
        self,
        dim: int,
        num_heads: int = 4,
        num_samples: Annotated[int, (1, 1024)] = 16,
        qkv_bias: bool = False,
        norm_eps: Annotated[float, (0.0, 1.0)] = 1e-5,
        proj_bias: bool = True,
    ) -> None:
        super().__init__()
        if num_heads < 1 or dim % num_heads:
            raise ValueError(f"num_heads: {num_heads} does not divide dim {dim}")
        check_positive(num_samples=num_samples)
        self.num_heads = num_heads
        self.norm = nn.LayerNorm(dim, eps=norm_eps)
        self.qkv = nn.Linear(dim, 3 * dim, bias=qkv_bias)
        self.proj = nn.Linear(dim, dim, bias=proj_bias)
        points = (torch.arange(num_samples, dtype=torch.float32) + 0.5) / num_samples
        self.register_buffer("points", points, persistent=False)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor, Tensor]:
        """Attend within `x` (N, n, dim) where `mask` (N, n) is True; returns attention and input of the sampled tokens,
        and which of them are real.
        """
        if x.shape[1] < 2:
            raise ValueError(f"x: {x.shape[1]} token, expected a class token and at least one more")
        q, k, v = self.qkv(self.norm(x)).unflatten(2, (3, self.num_heads, -1)).permute(2, 0, 3, 1, 4)
        pairs = None if mask is None else mask[:, None, None]
        class_attention = masked_softmax(q[:, :, :1] @ k.transpose(-2, -1) * q.shape[-1] ** -0.5, pairs)
        indices, kept = self.sample(class_attention.squeeze(2), v)
        if mask is not None:
            # Without any score the last token is drawn, be it real or not.
            kept = kept & mask.gather(1, indices)
        rows = indices.unsqueeze(-1)
        picked = q.gather(2, rows.unsqueeze(1).expand(-1, self.num_heads, -1, q.shape[-1]))
        out = attend(picked, k, v, mask=pairs)
        out = self.proj(out.transpose(1, 2).flatten(2))
        residual = x.gather(1, rows.expand(-1, -1, x.shape[-1]))
        real = kept.unsqueeze(-1)
        return out * real, residual * real, kept

    def sample(self, class_attention: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """Sample tokens by `class_attention` (N, heads, n) and values `v` (N, heads, n, d); returns indices and real
        ones (N, K + 1).
        """
        score = (class_attention * v.norm(dim=-1)).sum(1)[:, 1:].detach().float()
        running = (score / score.sum(1, keepdim=True).clamp_min(1e-6)).cumsum(1)
        drawn = torch.searchsorted(running.contiguous(), self.points.to(running).expand(len(running), -1).contiguous())
        drawn = drawn.clamp_max(score.shape[1] - 1) + 1
        # The class token is first, so that the first sampled token always differs from its neighbour.
        indices = F.pad(drawn, (1, 0))
        return indices, F.pad(indices[:, 1:] != indices[:, :-1], (1, 0), value=True)
