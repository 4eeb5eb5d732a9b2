"""Nystrom attention: the softmax matrix is approximated from its rows and columns at a few landmark tokens.

Xiong et al., "Nystromformer: A Nystrom-based Algorithm for Approximating Self-Attention", AAAI 2021, arXiv:2102.03902.
Differs from the paper's code: landmarks are means over segments whose lengths may differ by one (and then overlap),
instead of padding the tokens; the pseudo-inverse is initialised for each head of each sample, so that samples stay
independent.
"""

from typing import Annotated

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from blocks._shared.channels import check_odd
from blocks._shared.choices import check_positive
from blocks._shared.precision import full_precision
from blocks._shared.scaled_dot_product import attend, merge_heads, resolve_head_dim, split_heads
from blocks._shared.transformer_init import init_linears
from blocks.spec import block


def iterative_pseudo_inverse(matrix: Tensor, iterations: int) -> Tensor:
    """Return the Moore-Penrose inverse of (..., m, m) by the third-order iteration of the Nystromformer."""
    rows = matrix.abs().sum(dim=-1).amax(dim=-1)[..., None, None]
    columns = matrix.abs().sum(dim=-2).amax(dim=-1)[..., None, None]
    inverse = matrix.transpose(-2, -1) / (rows * columns)
    eye = torch.eye(matrix.shape[-1], dtype=matrix.dtype, device=matrix.device)
    for _ in range(iterations):
        product = matrix @ inverse
        inverse = 0.25 * inverse @ (13 * eye - product @ (15 * eye - product @ (7 * eye - product)))
    return inverse


@block(
    shape="b n dim -> b n dim",
    paper=(
        "Nystromformer: A Nystrom-based Algorithm for Approximating Self-Attention, Xiong et al., 2021, "
        "arXiv:2102.03902"
    ),
    maps={"attention": "signed_pairs"},
    tags=("nystromformer", "efficient attention", "landmarks", "self-attention"),
    heads="num_heads",
)
class NystromAttention(nn.Module):
    """softmax(q k_l^T) pinv(softmax(q_l k_l^T)) softmax(q_l k^T) v plus a depthwise convolution of v; exact with few
    tokens.

    Args:
        dim: token width.
        num_heads: number of heads.
        head_dim: width of one head; None: dim / num_heads.
        num_landmarks: number of landmarks; with at most as many tokens, exact attention is computed.
        iterations: steps of the pseudo-inverse.
        kernel_size: length of the convolution over tokens, an odd number, or 0 for none.
        qkv_bias: whether queries, keys and values have a bias.
        proj_drop: dropout of the output.
        proj_bias: whether the output projection has a bias.

    Shape: input (N, n, dim), output (N, n, dim).

    Raises:
        ValueError: if num_heads does not divide dim and no head_dim is given, or a number is out of range.
    """

    def __init__(
        self,
        dim: int,
        num_heads: Annotated[int, (1, 64)] = 4,
        head_dim: Annotated[int, (1, 1024)] | None = None,
        num_landmarks: Annotated[int, (1, 1024)] = 64,
        iterations: Annotated[int, (1, 32)] = 6,
        kernel_size: Annotated[int, (0, 255)] = 33,
        qkv_bias: bool = False,
        proj_drop: Annotated[float, (0.0, 1.0)] = 0.0,
        proj_bias: bool = True,
    ) -> None:
        super().__init__()
        head_dim = resolve_head_dim(dim, num_heads, head_dim)
        check_positive(num_landmarks=num_landmarks, iterations=iterations)
        self.num_heads = num_heads
        self.num_landmarks = num_landmarks
        self.iterations = iterations
        self.qkv = nn.Linear(dim, 3 * num_heads * head_dim, bias=qkv_bias)
        self.proj = nn.Linear(num_heads * head_dim, dim, bias=proj_bias)
        self.proj_drop = nn.Dropout(proj_drop)
        init_linears(self)
        self.conv = None
        if kernel_size:
            check_odd("kernel_size", kernel_size)
            self.conv = nn.Conv2d(
                num_heads, num_heads, (kernel_size, 1), padding=(kernel_size // 2, 0), groups=num_heads, bias=False
            )

    def landmarks(self, x: Tensor) -> Tensor:
        """Return the means of (N, heads, n, d) over segments of tokens: (N, heads, landmarks, d)."""
        return (
            F.adaptive_avg_pool1d(x.flatten(0, 1).transpose(1, 2), self.num_landmarks)
            .transpose(1, 2)
            .unflatten(0, x.shape[:2])
        )

    def core(self, q_landmarks: Tensor, k_landmarks: Tensor) -> Tensor:
        """Return the pseudo-inverse (N, heads, landmarks, landmarks) of the attention among landmarks."""
        # The iteration does not converge in half precision.
        with full_precision(q_landmarks.device.type):
            exact = torch.promote_types(q_landmarks.dtype, torch.float32)
            core = q_landmarks.to(exact) @ k_landmarks.to(exact).transpose(-2, -1)
            return iterative_pseudo_inverse(core.softmax(dim=-1), self.iterations)

    def attend_by_landmarks(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        """Approximate softmax(q k^T / sqrt(d)) v, all (N, heads, n, d)."""
        q = q * q.shape[-1] ** -0.5
        q_landmarks, k_landmarks = self.landmarks(q), self.landmarks(k)
        core = self.core(q_landmarks, k_landmarks)
        read = attend(q_landmarks, k, v, scale=1.0)
        spread = (q @ k_landmarks.transpose(-2, -1)).softmax(dim=-1)
        return spread @ (core.to(read.dtype) @ read)

    def forward(self, x: Tensor) -> Tensor:
        """Mix the tokens `x` (N, n, dim); returns the same shape."""
        q, k, v = (split_heads(part, self.num_heads) for part in self.qkv(x).chunk(3, dim=-1))
        x = attend(q, k, v) if q.shape[-2] <= self.num_landmarks else self.attend_by_landmarks(q, k, v)
        if self.conv is not None:
            x = x + self.conv(v)
        return self.proj_drop(self.proj(merge_heads(x)))

    def attention(self, x: Tensor, every: int = 1) -> Tensor:
        """Return the approximated softmax (N, heads, n / every, n) for every `every`-th of `x` (N, n, dim), without the
        convolution.

        A weight may be negative, and rows sum to 1 only as far as the pseudo-inverse has converged.
        """
        q, k, _ = (split_heads(part, self.num_heads) for part in self.qkv(x).chunk(3, dim=-1))
        q = q * q.shape[-1] ** -0.5
        if q.shape[-2] <= self.num_landmarks:
            return (q[..., ::every, :] @ k.transpose(-2, -1)).softmax(dim=-1)
        q_landmarks, k_landmarks = self.landmarks(q), self.landmarks(k)
        read = (q_landmarks @ k.transpose(-2, -1)).softmax(dim=-1)
        spread = (q[..., ::every, :] @ k_landmarks.transpose(-2, -1)).softmax(dim=-1)
        return spread @ (self.core(q_landmarks, k_landmarks).to(read.dtype) @ read)
