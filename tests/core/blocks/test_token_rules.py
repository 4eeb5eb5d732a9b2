"""Rules about the positions of tokens: what they mean, and which are refused."""

import pytest

from composer.core.blocks.catalog import read_catalog
from composer.core.blocks.shapes import parse_shapes
from composer.core.blocks.token_meaning import layout_warning
from composer.core.blocks.token_rules import TokenInputs, input_layout, output_layouts, parse_rules
from composer.core.errors import UserError
from composer.core.token_layout import TokenLayout, TokenRun, cells, join, unplaced

CATALOG = read_catalog()
GRID = cells((4, 4))


def after(
    block: str, *inputs: TokenLayout, out: tuple[int, ...], shape: tuple[int, ...] = (), **params: object
) -> object:
    """Return the layout of the first output of a block."""
    spec = CATALOG[block]
    shapes = [shape or (1, layout.length, 8) for layout in inputs]
    axes = spec.shapes.bind(shapes)
    values = {**{param.name: param.default for param in spec.params}, **axes, **params}
    return output_layouts(spec.token_rules, TokenInputs(list(inputs), shapes, values), [out])[0]


def test_patches_and_learned_tokens() -> None:
    image = cells((8, 12))
    assert after("PatchEmbed", image, shape=(1, 3, 8, 12), out=(1, 6, 8), patch_size=4) == cells((2, 3))
    assert after("ClassToken", GRID, out=(1, 17, 8)) == join((unplaced(1, "class"), GRID))
    with_class = join((unplaced(1, "class"), GRID))
    registers = join((unplaced(1, "class"), unplaced(4, "register"), GRID))
    assert after("RegisterTokens", with_class, out=(1, 21, 8)) == registers
    assert after("MemoryTokens", GRID, out=(1, 26, 8)) == join((GRID, unplaced(10, "memory")))


def test_registers_without_a_class_token_split_the_grid_where_they_are_inserted() -> None:
    split = after("RegisterTokens", GRID, out=(1, 20, 8))
    assert isinstance(split, TokenLayout)
    assert [(run.length, run.role, run.start) for run in split.runs] == [(1, "", 0), (4, "register", 0), (15, "", 1)]


def test_tokens_that_lose_their_positions() -> None:
    assert after("PatchMerger", GRID, out=(1, 8, 8)) == unplaced(8, "merged")
    with_class = join((unplaced(1, "class"), GRID))
    sampled = join((unplaced(1, "class"), unplaced(16, "sampled")))
    assert after("AdaptiveTokenSampling", with_class, out=(1, 17, 8)) == sampled
    assert after("Reshape", GRID, out=(1, 16, 8)) == unplaced(16)


def test_selected_tokens_are_the_cells_that_they_were() -> None:
    assert after("SelectTokens", GRID, out=(1, 4, 8), start=12, stop=None) == TokenLayout(
        (TokenRun(4, "", (4, 4), 12),)
    )


def test_fine_and_coarse_tokens_one_after_the_other() -> None:
    assert after("Concat", GRID, cells((2, 2)), out=(1, 20, 8), dim=1) == join((GRID, cells((2, 2))))


def test_a_map_of_tokens_is_a_map_only_in_the_form_of_their_grid() -> None:
    assert after("TokensToMap", GRID, out=(1, 8, 4, 4)) == GRID
    assert after("TokensToMap", GRID, out=(1, 8, 2, 8), height=2, width=8) == unplaced(16)
    assert after("TokensToMap", unplaced(16, "merged"), out=(1, 8, 4, 4)) == unplaced(16)


def test_padding_is_remembered_through_later_layers() -> None:
    padded = after("Pad2d", cells((10, 10)), shape=(1, 3, 10, 10), out=(1, 3, 16, 16))
    assert padded == cells((16, 16), (1.6, 1.6))
    patches = after("PatchEmbed", cells((16, 16), (1.6, 1.6)), shape=(1, 3, 16, 16), out=(1, 16, 8), patch_size=4)
    assert patches == cells((4, 4), (1.6, 1.6))


def test_a_merge_prefers_the_input_with_positions() -> None:
    assert after("Add", unplaced(16, "input"), GRID, out=(1, 16, 8)) == GRID


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ("keeps", "is not a rule"),
        ("keep y", "names no input"),
        ("front hat", "role 'hat' is unknown"),
        ("grid 4", "is not a rule"),
        ("select 0 (", "is not arithmetic"),
        ({"outputs": "keep"}, "tokens names 'outputs'"),
        ({"expects": "order 3"}, "is unknown"),
    ],
)
def test_a_rule_that_cannot_be_read_is_refused(rule: str | dict[str, str], reason: str) -> None:
    with pytest.raises(UserError, match=reason.replace("(", r"\(")):
        parse_rules(rule, parse_shapes("b n dim -> b n dim"), ["x"], ["out"])


def test_inputs_of_the_network() -> None:
    assert input_layout((1, 3, 8, 12), "float32") == cells((8, 12))
    assert input_layout((1, 25, 64), "float32") == unplaced(25, "input")
    assert input_layout((1, 64), "float32") is None
    assert input_layout((1, 4, 25, 25), "bool") is None


def warning(
    block: str, layout: TokenLayout | None, shape: tuple[int, ...] = (1, 16, 64), **params: object
) -> str | None:
    spec = CATALOG[block]
    values = {**{param.name: param.default for param in spec.params}, **params}
    return layout_warning(spec, [(shape, layout)], values)


@pytest.mark.parametrize("block", ["ClassifierHead", "GroupNorm", "Conv1d"])
def test_tokens_where_channels_are_expected(block: str) -> None:
    assert f"{block} reads 16 tokens (4 x 4 positions) as 16 channels" in str(warning(block, GRID))
    # An input of the network may be a sequence with channels first, and a map is what these blocks are for.
    assert warning(block, unplaced(16, "input")) is None
    assert warning(block, None) is None


def test_channels_where_tokens_are_expected() -> None:
    channels = unplaced(16, "channel")
    assert "reads 16 channels as 16 tokens" in str(warning("TransformerEncoderLayer", channels))
    assert warning("ClassifierHead", channels) is None


def test_a_position_read_as_the_summary_of_all() -> None:
    assert "row 1, column 1 of 4 x 4" in str(warning("TokenClassifierHead", GRID))
    assert warning("TokenClassifierHead", GRID, pooling="avg") is None
    assert warning("TokenClassifierHead", join((unplaced(1, "class"), GRID)), (1, 17, 64)) is None
    assert "a register" in str(warning("ClassAttention", join((unplaced(1, "register"), GRID)), (1, 17, 64)))


def test_a_number_of_leading_tokens_that_is_not_theirs() -> None:
    with_class = join((unplaced(1, "class"), GRID))
    assert "prefix_tokens of SinCos2dPosition is 0, but 1 class token comes before" in str(
        warning("SinCos2dPosition", with_class, (1, 17, 64), prefix_tokens=0)
    )
    assert warning("SinCos2dPosition", with_class, (1, 17, 64), prefix_tokens=1) is None
    assert "after of RegisterTokens is 1, but no other token comes before" in str(warning("RegisterTokens", GRID))
