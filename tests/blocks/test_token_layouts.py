"""What each block declares about the positions of its tokens, compared with what changes when one position does."""

import math

import pytest
import torch
from torch import Tensor

from composer.core.blocks.block_file import BlockSpec
from composer.core.blocks.map_kinds import map_kinds
from composer.core.blocks.token_rules import TokenInputs, input_layout, output_layouts, position_count
from composer.core.token_layout import TokenLayout, cells, join, unplaced
from composer.engine.library import block_class
from composer.engine.maps.capture import GUESSED, capture
from composer.engine.maps.map_kinds import draw_map
from composer.engine.maps.token_matrix import visible
from tests.blocks.cases import Case, case, outputs_of
from tests.blocks.contract import CATALOG, SPECS, check

CORNERS = ((0, 0), (0, 1), (1, 0), (1, 1))
SEEDS, IMAGES = 12, 6
# Subsampled keys of larger strides do not see the last rows and columns.
FINE = {"reduction": 2, "stride_kv": 2}
# Footprints of 7 x 7 reach from a corner into the other quadrants of a small map.
SMALL_FOOTPRINT = {"kernel_size": 3}
LEARNED = ("class", "distillation", "register", "memory")


def layout_of(shape: tuple[int, ...]) -> TokenLayout | None:
    """Return a layout with positions for an input: a map, or a square of tokens behind as few others as possible."""
    if len(shape) != 3:
        return input_layout(shape, "float32")
    side = math.isqrt(shape[1])
    return join((unplaced(shape[1] - side * side, "class"), cells((side, side))))


def declared(setting: Case, inputs: list[Tensor | None], outputs: tuple[Tensor, ...]) -> list[TokenLayout | None]:
    shapes = [None if x is None else tuple(x.shape) for x in inputs]
    layouts = [None if shape is None else layout_of(shape) for shape in shapes]
    values = {**setting.sizes, **setting.params}
    call = TokenInputs(layouts, shapes, values)
    return output_layouts(setting.spec.token_rules, call, [tuple(output.shape) for output in outputs])


@pytest.mark.parametrize("index", range(3))
@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_the_layout_of_every_output_is_declared(spec: BlockSpec, index: int) -> None:
    setting = case(spec, index)
    inputs = list(setting.inputs())
    with torch.no_grad():
        outputs = outputs_of(setting.module().eval()(*inputs))
    for layout, output in zip(declared(setting, inputs, outputs), outputs, strict=True):
        count = position_count(tuple(output.shape))
        assert (layout and layout.length) == count, f"{tuple(output.shape)}: {layout}"


def position(layout: TokenLayout, corner: tuple[int, int]) -> int | None:
    """Return the token in a corner of the image; None if no token is there."""
    placed = layout.grid_run
    if placed is None or placed[1].grid is None:
        return None
    offset, run = placed
    rows, columns = visible(placed[1].grid, run.cover)
    cell = corner[0] * (rows - 1) * placed[1].grid[1] + corner[1] * (columns - 1)
    return offset + cell - run.start if run.start <= cell < run.start + run.length else None


def by_position(x: Tensor) -> Tensor:
    """Return a tensor as (positions, values)."""
    first = x[0]
    return first if x.ndim == 3 else first.flatten(1).T


@check
def token_positions(spec: BlockSpec) -> None:
    """A change in one corner reaches the output token in that corner, and no learned token.

    Only of local blocks can this be seen: where the change does not reach every token.
    """
    for index in range(3):
        setting = case(spec, index)
        inputs = list(setting.inputs())
        spatial = (
            number
            for number, x in enumerate(inputs)
            if x is not None and x.ndim in (3, 4) and x.dtype.is_floating_point
        )
        source = next(spatial, None)
        if source is not None:
            for corner in CORNERS:
                check_corner(setting, inputs, source, corner)


def check_corner(setting: Case, inputs: list[Tensor | None], source: int, corner: tuple[int, int]) -> None:
    x = inputs[source]
    assert x is not None
    before = layout_of(tuple(x.shape))
    assert before is not None
    token = position(before, corner)
    assert token is not None
    changed = x.clone()
    by_position(changed)[token] += 3 + torch.rand(by_position(changed).shape[1])
    module = setting.stirred().eval()
    with torch.no_grad():
        plain = outputs_of(module(*inputs))
        result = outputs_of(module(*inputs[:source], changed, *inputs[source + 1 :]))
    for layout, a, b in zip(declared(setting, inputs, plain), plain, result, strict=True):
        if layout is None or layout.grid_run is None:
            continue
        reached = (by_position(a) - by_position(b)).abs().amax(1) > 1e-6
        if not reached.any() or reached.all():
            continue
        expected = position(layout, corner)
        assert expected is None or reached[expected], f"{corner}: {layout.describe()}: {reached.nonzero().T}"
        offset = 0
        for run in layout.runs:
            if run.role in LEARNED and run not in before.runs:
                assert not reached[offset : offset + run.length].any(), f"{run.role} depends on the input"
            offset += run.length


class Net(torch.nn.Module):
    """One block as the node `block`."""

    def __init__(self, block: torch.nn.Module) -> None:
        super().__init__()
        self.block = block

    def forward(self, *inputs: Tensor) -> object:
        return self.block(*inputs)


ATTENTION = [spec for spec in SPECS if any(map_kinds()[kind].layout for kind in spec.maps.values())]


@pytest.mark.parametrize("index", range(3))
@pytest.mark.parametrize("spec", ATTENTION, ids=lambda spec: spec.name)
def test_queries_and_keys_are_known_without_a_guess(spec: BlockSpec, index: int) -> None:
    setting = case(spec, index)
    inputs = [x for x in setting.inputs() if x is not None]
    _, maps = capture(Net(setting.module()), inputs, CATALOG, {"block": spec.name})
    for record in maps:
        if map_kinds()[record.kind].layout == "tokens":
            assert GUESSED not in record.notes
            assert record.queries is not None and record.queries.length == record.data.shape[-2]
            assert record.keys is not None and record.keys.length == record.data.shape[-1]
            if inputs[0].ndim == 4:
                assert record.keys.grid_run is not None


ON_MAPS = [spec for spec in ATTENTION if [axes[1:] for axes in spec.shapes.inputs] == [("c", "h", "w")]]


@pytest.mark.parametrize("size", [(8, 8), (6, 13), (10, 7)], ids=str)
@pytest.mark.parametrize("spec", ON_MAPS, ids=lambda spec: spec.name)
def test_a_map_moves_to_the_corner_that_differs(spec: BlockSpec, size: tuple[int, int]) -> None:
    """What is received on a square or rectangular map changes most in the corner that differs, over random weights."""
    height, width = size
    values = {"c": 32, "h": height, "w": width}
    params = {param.name: values[param.axis] for param in spec.params if param.axis is not None}
    params |= {name: value for name, value in FINE.items() if spec.param(name) is not None}
    params |= SMALL_FOOTPRINT if any("local" in kind for kind in spec.maps.values()) else {}
    change = sum(received_changes(spec, params, size, seed) for seed in range(SEEDS))
    assert isinstance(change, Tensor)
    for corner, image in zip(CORNERS, change, strict=True):
        rows, columns = (split_at(side) for side in image.shape)
        quadrants = {place: image[rows[place[0]], columns[place[1]]].amax() for place in CORNERS}
        assert image.numel() == 1 or max(quadrants, key=lambda place: quadrants[place]) == corner


def split_at(side: int) -> tuple[slice, slice]:
    """Return the first and the last half of an axis; one that has a single cell is both."""
    return slice(0, max(1, side // 2)), slice(side // 2 if side > 1 else 0, side)


def received_changes(spec: BlockSpec, params: dict[str, int], size: tuple[int, int], seed: int) -> Tensor:
    """Return for each corner how much what each position receives changes when 2 x 2 positions in the corner do.

    Returns:
        Changes relative to the largest of each image, summed over images, (corners, h, w).
    """
    torch.manual_seed(seed)
    plain = torch.randn(IMAGES, 32, *size)
    batches = [plain]
    for corner in CORNERS:
        row, column = (of * (side - 2) for of, side in zip(corner, size, strict=True))
        batches.append(plain.clone())
        batches[-1][..., row : row + 2, column : column + 2] = 4 * torch.randn(IMAGES, 32, 2, 2)
    _, maps = capture(Net(block_class(spec)(**params)), [torch.cat(batches)], CATALOG, {"block": spec.name})
    images = torch.stack([draw_map(maps[0], index).images[0] for index in range(5 * IMAGES)])
    images = images.unflatten(0, (5, IMAGES))
    changes = (images[1:] - images[0]).abs()
    return (changes / changes.amax((2, 3), keepdim=True).clamp_min(1e-12)).sum(1)
