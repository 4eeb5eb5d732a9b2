"""Pairwise self-attention block (SAN): a weight vector for each pair of a position and a neighbour, adaptive in content
and channel.

Zhao, Jia, Koltun, "Exploring Self-attention for Image Recognition", CVPR 2020, arXiv:2004.13621:
y_i = sum_j gamma(delta(x_i, x_j)) * beta(x_j) over a k x k footprint R(i); layers, widths, softmax and reflected
borders as in the authors' code. Differs from it: position="absolute" joins the neighbour's own coordinates p_j to the
relation; channels c, c + 1, ... share a weight, there c, c + C/(4 * 8), ...; the footprint is never unfolded for the
values.
"""

from typing import Annotated, Literal

import torch
from torch import Tensor, nn

from blocks._shared.channels import check_groups, check_odd
from blocks._shared.choices import check_choice
from blocks._shared.local_footprint import footprint_sum, footprints, pad_footprint
from blocks.spec import block


def coordinate_grid(height: int, width: int, like: Tensor) -> Tensor:
    """Return column and row of every position, each from -1 to 1: (1, 2, H, W)."""
    rows = torch.linspace(-1, 1, height, device=like.device, dtype=like.dtype)
    columns = torch.linspace(-1, 1, width, device=like.device, dtype=like.dtype)
    return torch.stack((columns.expand(height, width), rows[:, None].expand(height, width)))[None]


class PairwiseAttention2d(nn.Module):
    """The attention without its residual block: C to value_channels channels, share_planes of which share weights."""

    def __init__(
        self,
        channels: int,
        relation_channels: int,
        value_channels: int,
        kernel_size: int,
        share_planes: int,
        relation: str,
        position: str,
    ) -> None:
        super().__init__()
        self.kernel_size, self.relation, self.position = kernel_size, relation, position
        self.groups = value_channels // share_planes
        width = {"concatenation": 2 * relation_channels, "dot_product": 1}.get(relation, relation_channels)
        width += 2 if position != "none" else 0
        self.phi = nn.Conv2d(channels, relation_channels, 1)
        self.psi = nn.Conv2d(channels, relation_channels, 1)
        self.beta = nn.Conv2d(channels, value_channels, 1)
        self.place = nn.Conv2d(2, 2, 1) if position != "none" else None
        self.gamma = nn.Sequential(
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.Conv2d(width, relation_channels, 1, bias=False),
            nn.BatchNorm2d(relation_channels),
            nn.ReLU(),
            nn.Conv2d(relation_channels, self.groups, 1),
        )

    def relate(self, phi: Tensor, psi: Tensor) -> Tensor:
        """Return the relation of `phi` (N, relation, H, W, 1, 1) to `psi` (N, relation, H, W, k, k) around it: (N,
        width, H, W, k, k).
        """
        match self.relation:
            case "summation":
                return phi + psi
            case "subtraction":
                return phi - psi
            case "hadamard":
                return phi * psi
            case "dot_product":
                return (phi * psi).sum(dim=1, keepdim=True)
        return torch.cat((phi.expand_as(psi), psi), dim=1)

    def forward(self, x: Tensor) -> Tensor:
        """Attend within the footprints of `x` (N, C, H, W); returns (N, value_channels, H, W)."""
        k, size = self.kernel_size, x.shape[2:]
        phi, psi = self.phi(x)[..., None, None], pad_footprint(self.psi(x), k, "reflect")
        relation = self.relate(phi, footprints(psi, k))
        if self.place is not None:
            coordinates = self.place(coordinate_grid(size[0], size[1], like=x)).to(relation.dtype)
            around = footprints(pad_footprint(coordinates, k, "reflect"), k)
            coordinates = coordinates[..., None, None] - around if self.position == "relative" else around
            relation = torch.cat((relation, coordinates.expand(x.shape[0], -1, -1, -1, -1, -1)), dim=1)
        weights = self.gamma(relation.flatten(4).flatten(2, 3)).softmax(dim=-1).unflatten(2, size)
        values = pad_footprint(self.beta(x), k, "reflect").unflatten(1, (self.groups, -1))
        return footprint_sum(weights.to(values.dtype), values, k).flatten(1, 2)


@block(
    shape="b c h w -> b c h w",
    paper="Exploring Self-attention for Image Recognition, Zhao et al., 2020, arXiv:2004.13621",
    maps={"softmax": "local"},
    tags=("san", "vector attention", "local attention"),
    aliases={"channels": "c"},
    examples=(
        {"c": 32, "h": 16, "w": 16, "kernel_size": 3},
        {"c": 64, "h": 14, "w": 10},
        {"c": 96, "h": 7, "w": 9, "kernel_size": 3},
    ),
)
class SANPairwise(nn.Module):
    """x + W(norm(pairwise attention(norm(x)))): the residual block of a SAN.

    Args:
        channels: number of channels C.
        kernel_size: side k of the footprint, an odd number.
        relation: how features of two positions are related (delta).
        position: coordinates joined to the relation: none, the neighbour's, or the offset after a learned linear map.
        relation_reduction: C divided by the width of phi and psi.
        value_reduction: C divided by the width of the values beta.
        share_planes: number of value channels that share one weight.

    Shape: input (N, C, H, W), output (N, C, H, W), H and W above k // 2.

    Raises:
        ValueError: if kernel_size is not odd, a reduction does not divide C, share_planes does not divide the values, a
            choice is not known, or the map is too small to be reflected at its border.
    """

    def __init__(
        self,
        channels: int,
        kernel_size: Annotated[int, (1, 15)] = 7,
        relation: Literal["subtraction", "summation", "concatenation", "hadamard", "dot_product"] = "subtraction",
        position: Literal["relative", "absolute", "none"] = "relative",
        relation_reduction: Annotated[int, (1, 64)] = 16,
        value_reduction: Annotated[int, (1, 64)] = 4,
        share_planes: Annotated[int, (1, 64)] = 8,
    ) -> None:
        super().__init__()
        check_odd("kernel_size", kernel_size)
        check_choice("relation", relation, "subtraction", "summation", "concatenation", "hadamard", "dot_product")
        check_choice("position", position, "relative", "absolute", "none")
        check_groups(relation_reduction, "relation_reduction", channels=channels)
        check_groups(value_reduction, "value_reduction", channels=channels)
        values = channels // value_reduction
        check_groups(share_planes, "share_planes", values=values)
        self.norm1 = nn.BatchNorm2d(channels)
        self.attn = PairwiseAttention2d(
            channels, channels // relation_reduction, values, kernel_size, share_planes, relation, position
        )
        self.norm2 = nn.BatchNorm2d(values)
        self.proj = nn.Conv2d(values, channels, 1)
        self.act = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        """Transform the map `x` (N, C, H, W); returns the same shape."""
        return x + self.proj(self.act(self.norm2(self.attn(self.act(self.norm1(x))))))
