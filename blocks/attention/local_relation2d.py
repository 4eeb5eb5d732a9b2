"""Local relation layer (LR-Net): a k x k neighbourhood is summed with weights from the similarity and the offset of its
pixels.

Hu, Zhang, Xie, Lin, "Local Relation Networks for Image Recognition", ICCV 2019, arXiv:1904.11491:
softmax(Phi(f_q(x_i), f_k(x_j)) + f_g(j - i)) over the neighbourhood, queries and keys scalar for each group of m
channels.
Differs from the paper: positions outside the map are excluded from the softmax; the channel transformation that follows
the sum in the paper is there with project=True. Where m does not divide the channels (the paper: 8 and 100), the last
group has fewer.
"""

from typing import Annotated, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from blocks._shared.channels import check_odd
from blocks._shared.choices import check_choice, check_positive
from blocks._shared.local_footprint import footprint_inside, footprint_sum, footprints, pad_footprint
from blocks.spec import block


@block(
    shape="b c h w -> b c (h-1)//stride+1 (w-1)//stride+1",
    paper="Local Relation Networks for Image Recognition, Hu et al., 2019, arXiv:1904.11491",
    maps={"softmax": "local"},
    tags=("lr-net", "local attention", "geometric prior"),
    aliases={"channels": "c"},
    examples=(
        {"c": 32, "h": 16, "w": 16, "kernel_size": 3},
        {"c": 64, "h": 14, "w": 10},
        {"c": 96, "h": 7, "w": 9, "kernel_size": 3},
    ),
)
class LocalRelation2d(nn.Module):
    """Sum each k x k neighbourhood with weights from appearance and from a small network of the offset.

    Args:
        channels: number of channels C.
        kernel_size: side k of the neighbourhood, an odd number.
        share_planes: number m of channels that share one weight; the last group has fewer where m does not divide C.
        similarity: function that scores a query against a key.
        hidden_dim: hidden width of the network of offsets.
        stride: distance between the positions that have an output.
        project: whether a 1x1 convolution mixes the channels after the sum, as in the paper.

    Shape: input (N, C, H, W), output (N, C, ceil(H / stride), ceil(W / stride)).

    Raises:
        ValueError: if kernel_size is not odd, similarity is unknown, or a number is below 1.
    """

    offsets: Tensor

    def __init__(
        self,
        channels: int,
        kernel_size: Annotated[int, (1, 31)] = 7,
        share_planes: Annotated[int, (1, 64)] = 8,
        similarity: Literal["squared_difference", "absolute_difference", "product"] = "squared_difference",
        hidden_dim: Annotated[int, (1, 256)] = 16,
        stride: Annotated[int, (1, 4)] = 1,
        project: bool = False,
    ) -> None:
        super().__init__()
        check_odd("kernel_size", kernel_size)
        check_choice("similarity", similarity, "squared_difference", "absolute_difference", "product")
        check_positive(share_planes=share_planes, hidden_dim=hidden_dim, stride=stride)
        groups = -(-channels // share_planes)
        self.surplus = groups * share_planes - channels
        self.kernel_size, self.stride, self.groups, self.similarity = kernel_size, stride, groups, similarity
        self.q = nn.Conv2d(channels, groups, 1, stride, bias=False)
        self.k = nn.Conv2d(channels, groups, 1, bias=False)
        self.prior = nn.Sequential(nn.Linear(2, hidden_dim), nn.ReLU(), nn.Linear(hidden_dim, groups, bias=False))
        self.proj = nn.Conv2d(channels, channels, 1) if project else nn.Identity()
        offset = torch.arange(kernel_size, dtype=torch.float32) - kernel_size // 2
        self.register_buffer("offsets", torch.cartesian_prod(offset, offset), persistent=False)

    def compare(self, q: Tensor, k: Tensor) -> Tensor:
        """Return the similarity of queries and keys, element by element."""
        if self.similarity == "product":
            return q * k
        return -(q - k).square() if self.similarity == "squared_difference" else -(q - k).abs()

    def forward(self, x: Tensor) -> Tensor:
        """Sum the neighbourhoods of `x` (N, C, H, W); returns (N, C, H / stride, W / stride)."""
        q, k = self.q(x), pad_footprint(self.k(x), self.kernel_size)
        logits = self.compare(q[..., None, None], footprints(k, self.kernel_size, self.stride)).flatten(-2)
        logits = logits + self.prior(self.offsets).T[:, None, None]
        inside = footprint_inside(x.shape[2], x.shape[3], self.kernel_size, self.stride, x.device)
        weights = logits.masked_fill(~inside, float("-inf")).softmax(dim=-1)
        # Zeros fill the last group up, and are cut off again.
        x = F.pad(x, (0, 0, 0, 0, 0, self.surplus)) if self.surplus else x
        v = pad_footprint(x, self.kernel_size).unflatten(1, (self.groups, -1))
        y = footprint_sum(weights.to(v.dtype), v, self.kernel_size, self.stride).flatten(1, 2)
        return self.proj(y[:, : y.shape[1] - self.surplus])
