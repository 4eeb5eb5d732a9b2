"""Local attention: every position can be asked what it attends to."""

import pytest
import torch

from blocks.attention.local_relation2d import LocalRelation2d
from blocks.attention.san_pairwise import SANPairwise
from blocks.attention.san_patchwise import SANPatchwise
from blocks.attention.stand_alone_attention2d import StandAloneAttention2d
from composer.engine.library import catalog
from composer.engine.maps import footprint
from composer.engine.maps.capture import capture
from composer.engine.maps.map_kinds import draw_map


def drawing(block: torch.nn.Module, height: int, width: int):
    """Return the map of a block for a map of a size, and its drawing for the second sample."""
    torch.manual_seed(0)
    (captured,) = capture(torch.nn.Sequential(block).eval(), torch.randn(2, 32, height, width), catalog())[1]
    return captured, draw_map(captured, 1)


@pytest.mark.parametrize(
    ("block", "stride"),
    [
        (StandAloneAttention2d(32, 32, kernel_size=3, num_heads=2), 1),
        (StandAloneAttention2d(32, 32, kernel_size=5, num_heads=2, stride=2), 2),
        (LocalRelation2d(32, kernel_size=3), 1),
        (SANPairwise(32, kernel_size=3), 1),
    ],
)
def test_each_position_shows_its_own_footprint(block: torch.nn.Module, stride: int) -> None:
    captured, images = drawing(block, 6, 9)
    assert images.over_image
    assert images.grid == (6, 9)
    assert images.queries is not None
    heads, rows, columns = images.queries.shape[:3]
    assert (rows, columns) == (-(-6 // stride), -(-9 // stride))
    side = round(captured.data.shape[-1] ** 0.5)
    weights = captured.data[1].reshape(heads, rows, columns, side, side)
    # A position in the middle has its whole footprint on the map; outside of it is nothing.
    row, column = 2 // stride, 4 // stride
    top, left = row * stride - side // 2, column * stride - side // 2
    shown = images.queries[:, row, column]
    assert torch.allclose(shown[:, top : top + side, left : left + side], weights[:, row, column])
    assert torch.allclose(shown.sum((1, 2)), weights[:, row, column].sum((1, 2)))
    # The corner attends to the corner.
    assert float(images.queries[:, 0, 0, side // 2 + 1 :, side // 2 + 1 :].abs().sum()) == 0
    assert torch.allclose(images.images[0], images.queries.mean((0, 1, 2)))


def test_softmax_over_the_neighbours_on_the_map_sums_to_one() -> None:
    _, images = drawing(StandAloneAttention2d(32, 32, kernel_size=3, num_heads=2), 5, 4)
    assert torch.allclose(images.queries.sum((3, 4)), torch.ones(2, 5, 4), atol=1e-5)
    assert footprint.OUTSIDE not in images.notes


def test_reflected_neighbours_are_left_out_with_a_note() -> None:
    captured, images = drawing(SANPatchwise(32, kernel_size=3), 5, 4)
    assert captured.kind == "signed_local"
    assert images.queries is not None
    assert footprint.OUTSIDE in images.notes
    assert float(images.queries.min()) >= 0
