"""Patchwise self-attention block (SAN): the weights of a footprint are computed from the footprint as a whole.

Zhao, Jia, Koltun, "Exploring Self-attention for Image Recognition", CVPR 2020, arXiv:2004.13621:
y_i = sum_j gamma(delta(x_R(i)))_j * beta(x_j) over a k x k footprint R(i), no softmax; layers, widths and reflected
borders as in the authors' code. Differs from it: channels c, c + 1, ... share a weight, there c, c + C/(4 * 8), ...;
the footprint is never unfolded for the values.
"""

from typing import Annotated, Literal

import torch
from torch import Tensor, nn

from blocks._shared.channels import check_groups, check_odd
from blocks._shared.choices import check_choice
from blocks._shared.local_footprint import footprint_sum, footprint_views, footprints, pad_footprint
from blocks.spec import block


class PatchwiseAttention2d(nn.Module):
    """The attention without its residual block: C to value_channels channels, share_planes of which share weights."""

    def __init__(
        self,
        channels: int,
        relation_channels: int,
        value_channels: int,
        kernel_size: int,
        share_planes: int,
        relation: str,
    ) -> None:
        super().__init__()
        self.kernel_size, self.relation = kernel_size, relation
        self.groups = value_channels // share_planes
        area = kernel_size**2
        width = {"star_product": area, "clique_product": area**2}.get(relation, relation_channels * (area + 1))
        self.phi = nn.Conv2d(channels, relation_channels, 1)
        self.psi = nn.Conv2d(channels, relation_channels, 1)
        self.beta = nn.Conv2d(channels, value_channels, 1)
        self.gamma = nn.Sequential(
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.Conv2d(width, self.groups, 1, bias=False),
            nn.BatchNorm2d(self.groups),
            nn.ReLU(),
            nn.Conv2d(self.groups, self.groups * area, 1),
        )

    def relate(self, phi: Tensor, psi: Tensor) -> Tensor:
        """Return the relation of each footprint, from phi and psi (N, relation, H, W): (N, width, H, W)."""
        k = self.kernel_size
        psi = pad_footprint(psi, k, "reflect")
        if self.relation == "star_product":
            return torch.stack([(phi * view).sum(dim=1) for view in footprint_views(psi, k)], dim=1)
        around = footprints(psi, k)
        if self.relation == "concatenation":
            return torch.cat((phi, around.permute(0, 1, 4, 5, 2, 3).flatten(1, 3)), dim=1)
        left = footprints(pad_footprint(phi, k, "reflect"), k).flatten(4).permute(0, 2, 3, 4, 1)
        right = around.flatten(4).permute(0, 2, 3, 1, 4)
        return (left @ right).flatten(3).permute(0, 3, 1, 2)

    def weights(self, x: Tensor) -> Tensor:
        """Return the weights of each footprint of `x` (N, C, H, W): (N, groups, H, W, k * k), of either sign."""
        return self.gamma(self.relate(self.phi(x), self.psi(x))).unflatten(1, (self.groups, -1)).movedim(2, -1)

    def forward(self, x: Tensor) -> Tensor:
        """Attend within the footprints of `x` (N, C, H, W); returns (N, value_channels, H, W)."""
        k = self.kernel_size
        weights = self.weights(x)
        values = pad_footprint(self.beta(x), k, "reflect").unflatten(1, (self.groups, -1))
        return footprint_sum(weights.to(values.dtype), values, k).flatten(1, 2)


@block(
    shape="b c h w -> b c h w",
    paper="Exploring Self-attention for Image Recognition, Zhao et al., 2020, arXiv:2004.13621",
    maps={"attn.weights": "signed_local"},
    tags=("san", "vector attention", "local attention", "adaptive convolution"),
    aliases={"channels": "c"},
    examples=(
        {"c": 32, "h": 16, "w": 16, "kernel_size": 3},
        {"c": 64, "h": 14, "w": 10},
        {"c": 96, "h": 7, "w": 9, "kernel_size": 3},
    ),
)
class SANPatchwise(nn.Module):
    """x + W(norm(patchwise attention(norm(x)))): the residual block of a SAN.

    Args:
        channels: number of channels C.
        kernel_size: side k of the footprint, an odd number.
        relation: how the features of a footprint are related: concatenated, centre times each, or each times each.
        relation_reduction: C divided by the width of phi and psi.
        value_reduction: C divided by the width of the values beta.
        share_planes: number of value channels that share one weight.

    Shape: input (N, C, H, W), output (N, C, H, W), H and W above k // 2.

    Raises:
        ValueError: if kernel_size is not odd, a reduction does not divide C, share_planes does not divide the values,
            the relation is unknown, or the map is too small to be reflected at its border.
    """

    def __init__(
        self,
        channels: int,
        kernel_size: Annotated[int, (1, 15)] = 7,
        relation: Literal["concatenation", "star_product", "clique_product"] = "concatenation",
        relation_reduction: Annotated[int, (1, 64)] = 16,
        value_reduction: Annotated[int, (1, 64)] = 4,
        share_planes: Annotated[int, (1, 64)] = 8,
    ) -> None:
        super().__init__()
        check_odd("kernel_size", kernel_size)
        check_choice("relation", relation, "concatenation", "star_product", "clique_product")
        check_groups(relation_reduction, "relation_reduction", channels=channels)
        check_groups(value_reduction, "value_reduction", channels=channels)
        values = channels // value_reduction
        check_groups(share_planes, "share_planes", values=values)
        self.norm1 = nn.BatchNorm2d(channels)
        self.attn = PatchwiseAttention2d(
            channels, channels // relation_reduction, values, kernel_size, share_planes, relation
        )
        self.norm2 = nn.BatchNorm2d(values)
        self.proj = nn.Conv2d(values, channels, 1)
        self.act = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        """Transform the map `x` (N, C, H, W); returns the same shape."""
        return x + self.proj(self.act(self.norm2(self.attn(self.act(self.norm1(x))))))
