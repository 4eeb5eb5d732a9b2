"""Attention within a k x k footprint against loops over positions, and SAN against the counts of its paper."""

import math

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from blocks.attention.local_relation2d import LocalRelation2d
from blocks.attention.san_pairwise import SANPairwise, coordinate_grid
from blocks.attention.san_patchwise import SANPatchwise
from blocks.attention.stand_alone_attention2d import StandAloneAttention2d
from tests.blocks.probe import fill, probe_input
from tests.blocks.reference import parameter_count

K = 3
OFFSETS = [(row, column) for row in (-1, 0, 1) for column in (-1, 0, 1)]


def footprint(center: tuple[int, int], size: tuple[int, int], reflect: bool) -> dict[int, tuple[int, int]]:
    """Return the positions around `center` by index of their offset; those beyond the border are reflected or
    omitted.
    """
    positions = {}
    for o, (row, column) in enumerate(OFFSETS):
        y, x = center[0] + row, center[1] + column
        if reflect:
            y, x = (min(abs(a), 2 * (length - 1) - a) for a, length in ((y, size[0]), (x, size[1])))
        if 0 <= y < size[0] and 0 <= x < size[1]:
            positions[o] = (y, x)
    return positions


@torch.no_grad()
@pytest.mark.parametrize("stride", [1, 2])
def test_stand_alone_attention_is_the_formula(stride: int) -> None:
    layer = fill(StandAloneAttention2d(6, 8, K, 2, stride))
    x = 3 * probe_input((1, 6, 5, 4))
    q, k, v = (F.conv2d(x, part.weight)[0] for part in (layer.q, layer.k, layer.v))
    y = layer(x)[0]
    assert y.shape == (8, 3 if stride == 2 else 5, 2 if stride == 2 else 4)
    for row in range(0, 5, stride):
        for column in range(0, 4, stride):
            for part in (slice(0, 4), slice(4, 8)):
                around = footprint((row, column), (5, 4), reflect=False)
                logits = []
                for o, (a, b) in around.items():
                    r = torch.cat((layer.rows[o // K], layer.columns[o % K]))
                    logits.append(q[part, row, column] @ (k[part, a, b] + r) / math.sqrt(4))
                weights = torch.stack(logits).softmax(0)
                expected = sum(weight * v[part, a, b] for weight, (a, b) in zip(weights, around.values(), strict=True))
                torch.testing.assert_close(y[part, row // stride, column // stride], expected, rtol=1e-5, atol=1e-8)


@torch.no_grad()
@pytest.mark.parametrize("similarity", ["squared_difference", "absolute_difference", "product"])
@pytest.mark.parametrize("channels", [8, 6])
@pytest.mark.parametrize("project", [False, True])
def test_local_relation_is_the_formula(similarity: str, channels: int, project: bool) -> None:
    layer = fill(LocalRelation2d(channels, K, 4, similarity, project=project))
    x = 3 * probe_input((1, channels, 4, 5))
    q, k, y = layer.q(x)[0], layer.k(x)[0], layer(x)[0]
    sums = torch.zeros(channels, 4, 5).double()
    fits = {
        "squared_difference": lambda a, b: -((a - b) ** 2),
        "absolute_difference": lambda a, b: -abs(a - b),
        "product": torch.mul,
    }
    for row in range(4):
        for column in range(5):
            for group in range(2):
                around = footprint((row, column), (4, 5), reflect=False)
                logits = [
                    fits[similarity](q[group, row, column], k[group, a, b])
                    + layer.prior(torch.tensor([OFFSETS[o]], dtype=torch.float64))[0, group]
                    for o, (a, b) in around.items()
                ]
                weights = torch.stack(logits).softmax(0)
                part = slice(4 * group, min(4 * group + 4, channels))  # the last group of 6 channels has 2
                sums[part, row, column] = sum(
                    weight * x[0, part, a, b] for weight, (a, b) in zip(weights, around.values(), strict=True)
                )
    if project:
        sums = torch.einsum("oi,ihw->ohw", layer.proj.weight[:, :, 0, 0], sums) + layer.proj.bias[:, None, None]
    torch.testing.assert_close(y, sums, rtol=1e-5, atol=1e-8)


def slow_gamma(gamma: nn.Sequential, vectors: Tensor) -> Tensor:
    """The mapping gamma on a list of vectors (count, width)."""
    return gamma(vectors[:, :, None, None]).flatten(1)


def finish(block: nn.Module, x: Tensor, attended: Tensor) -> Tensor:
    return x + block.proj(F.relu(block.norm2(attended)))


@torch.no_grad()
@pytest.mark.parametrize("relation", ["subtraction", "summation", "concatenation", "hadamard", "dot_product"])
@pytest.mark.parametrize("position", ["relative", "absolute", "none"])
def test_pairwise_attention_is_the_formula(relation: str, position: str) -> None:
    size = (4, 5)
    block = fill(SANPairwise(16, K, relation, position, relation_reduction=4, share_planes=2))
    attn = block.attn
    x = 2 * probe_input((1, 16, *size))
    features = F.relu(block.norm1(x))
    phi, psi, beta = (part(features)[0] for part in (attn.phi, attn.psi, attn.beta))
    p = attn.place(coordinate_grid(*size, like=x))[0] if position != "none" else None
    attended = torch.zeros(1, 4, *size).double()
    for row in range(size[0]):
        for column in range(size[1]):
            around = footprint((row, column), size, reflect=True)
            relations = []
            for a, b in around.values():
                left, right = phi[:, row, column], psi[:, a, b]
                delta = {
                    "subtraction": left - right,
                    "summation": left + right,
                    "concatenation": torch.cat((left, right)),
                    "hadamard": left * right,
                    "dot_product": (left @ right)[None],
                }[relation]
                if position == "relative":
                    delta = torch.cat((delta, p[:, row, column] - p[:, a, b]))
                elif position == "absolute":
                    delta = torch.cat((delta, p[:, a, b]))
                relations.append(delta)
            weights = slow_gamma(attn.gamma, torch.stack(relations)).softmax(0)  # (k * k, groups)
            for channel in range(4):
                values = torch.stack([beta[channel, a, b] for a, b in around.values()])
                attended[0, channel, row, column] = weights[:, channel // 2] @ values
    torch.testing.assert_close(block(x), finish(block, x, attended), rtol=1e-5, atol=1e-8)


@torch.no_grad()
@pytest.mark.parametrize("relation", ["concatenation", "star_product", "clique_product"])
def test_patchwise_attention_is_the_formula(relation: str) -> None:
    size = (4, 5)
    block = fill(SANPatchwise(16, K, relation, relation_reduction=4, share_planes=2))
    attn = block.attn
    x = 2 * probe_input((1, 16, *size))
    features = F.relu(block.norm1(x))
    phi, psi, beta = (part(features)[0] for part in (attn.phi, attn.psi, attn.beta))
    all_weights = attn.weights(features)[0]
    attended = torch.zeros(1, 4, *size).double()
    for row in range(size[0]):
        for column in range(size[1]):
            around = list(footprint((row, column), size, reflect=True).values())
            if relation == "star_product":
                delta = torch.stack([phi[:, row, column] @ psi[:, a, b] for a, b in around])
            elif relation == "clique_product":
                delta = torch.stack([phi[:, a, b] @ psi[:, c, d] for a, b in around for c, d in around])
            else:
                neighbours = torch.stack([psi[:, a, b] for a, b in around], dim=1).flatten()
                delta = torch.cat((phi[:, row, column], neighbours))
            weights = slow_gamma(attn.gamma, delta[None])[0].view(2, K * K)
            torch.testing.assert_close(all_weights[:, row, column], weights)
            for channel in range(4):
                values = torch.stack([beta[channel, a, b] for a, b in around])
                attended[0, channel, row, column] = weights[channel // 2] @ values
    torch.testing.assert_close(block(x), finish(block, x, attended), rtol=1e-5, atol=1e-8)


def san_parameters(block, layers: tuple[int, ...], kernels: tuple[int, ...] = (3, 7, 7, 7, 7), **settings) -> int:
    """Parameters of a SAN for 1000 classes, its blocks built on the meta device."""
    total, previous = 3 * 64 + 2 * 64, 64
    with torch.device("meta"):
        for width, depth, kernel_size in zip((64, 256, 512, 1024, 2048), layers, kernels, strict=True):
            total += previous * width + depth * parameter_count(block(width, kernel_size, **settings)) + 2 * width
            previous = width
    return total + 2048 * 1000 + 1000


SAN10, SAN15, SAN19 = (2, 1, 2, 4, 1), (3, 2, 3, 5, 2), (3, 3, 4, 6, 3)


@pytest.mark.parametrize(
    ("block", "layers", "settings", "millions"),
    [
        (SANPairwise, SAN10, {}, 10.5),
        (SANPairwise, SAN15, {}, 14.1),
        (SANPairwise, SAN19, {}, 17.6),
        (SANPatchwise, SAN10, {}, 11.8),
        (SANPatchwise, SAN15, {}, 16.2),
        (SANPatchwise, SAN19, {}, 20.5),
        (SANPairwise, SAN10, {"relation": "summation"}, 10.5),
        (SANPairwise, SAN10, {"relation": "concatenation"}, 10.6),
        (SANPairwise, SAN10, {"relation": "hadamard"}, 10.5),
        (SANPairwise, SAN10, {"relation": "dot_product"}, 10.5),
        (SANPairwise, SAN10, {"position": "none"}, 10.5),
        (SANPairwise, SAN10, {"position": "absolute"}, 10.5),
        (SANPatchwise, SAN10, {"relation": "star_product"}, 10.9),
        (SANPatchwise, SAN10, {"relation": "clique_product"}, 11.5),
        (SANPatchwise, SAN10, {"kernels": (3, 3, 3, 3, 3)}, 10.7),
        (SANPatchwise, SAN10, {"kernels": (3, 5, 5, 5, 5)}, 11.2),
        (SANPatchwise, SAN10, {"kernels": (3, 9, 9, 9, 9)}, 12.7),
        (SANPatchwise, SAN10, {"kernels": (3, 11, 11, 11, 11)}, 13.8),
    ],
)
def test_networks_have_the_parameters_of_the_paper(block, layers, settings, millions: float) -> None:
    assert round(san_parameters(block, layers, **settings) / 1e6, 1) == millions


def test_lr_net_50_has_the_parameters_of_the_paper() -> None:
    """Table 1 of arXiv:1904.11491: 7 x 7 neighbourhoods, m = 8, widths 100 to 800, 23.3 M parameters (these: 23.37)."""

    def relation(width: int) -> int:
        return parameter_count(LocalRelation2d(width, 7, 8, project=True))

    total, previous = 3 * 64 + 2 * 64 + relation(64) + 2 * 64, 64  # 1x1, norm, local relation, norm
    for width, out, depth in ((100, 256, 3), (200, 512, 4), (400, 1024, 6), (800, 2048, 3)):
        total += previous * out + 2 * out  # the shortcut of the first block
        for _ in range(depth):
            total += previous * width + 2 * width + relation(width) + 2 * width + width * out + 2 * out
            previous = out
    assert (total + 2048 * 1000 + 1000) / 1e6 == pytest.approx(23.3, abs=0.1)


def test_the_backward_pass_stores_no_unfolded_footprint() -> None:
    layer = StandAloneAttention2d(16, 64, 7, 4)
    x = torch.randn(1, 16, 12, 12)
    saved: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        saved[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        layer(x).sum()
    one_unfold = 64 * 49 * 12 * 12 * 4
    assert sum(saved.values()) < one_unfold / 2


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: StandAloneAttention2d(8, 8, 4), "kernel_size: 4 is not a positive odd number, such as 3, 5 or 7"),
        (lambda: StandAloneAttention2d(8, 8, num_heads=3), "num_heads: 3 does not divide out_channels 8"),
        (lambda: StandAloneAttention2d(8, 8, stride=0), "stride: 0 is not positive"),
        (
            lambda: StandAloneAttention2d(8, 12, num_heads=4),
            "num_heads: heads of width 3 cannot be halved for rows and columns; an even width is needed",
        ),
        (lambda: LocalRelation2d(12, share_planes=0), "share_planes: 0 is not positive"),
        (
            lambda: LocalRelation2d(8, similarity="cosine"),
            "similarity: 'cosine' is not one of squared_difference, absolute_difference, product",
        ),
        (lambda: SANPairwise(20), "relation_reduction: 16 does not divide channels 20"),
        (lambda: SANPairwise(16), "share_planes: 8 does not divide values 4"),
        (
            lambda: SANPairwise(32, relation="sum"),
            "relation: 'sum' is not one of subtraction, summation, concatenation, hadamard, dot_product",
        ),
        (lambda: SANPairwise(32, position="learned"), "position: 'learned' is not one of relative, absolute, none"),
        (
            lambda: SANPatchwise(32, relation="sum"),
            "relation: 'sum' is not one of concatenation, star_product, clique_product",
        ),
        (lambda: SANPatchwise(32, 6), "kernel_size: 6 is not a positive odd number, such as 3, 5 or 7"),
        (
            lambda: SANPairwise(32)(torch.zeros(1, 32, 3, 8)),
            "x: a map of 3 x 8 is too small: kernel_size 7 needs 4 a side",
        ),
    ],
)
def test_bad_parameters_are_named(make, message: str) -> None:
    with pytest.raises(ValueError) as error:
        make()
    assert str(error.value) == message
