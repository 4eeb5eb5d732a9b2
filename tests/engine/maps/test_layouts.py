"""Maps are drawn where their tokens are: all attention is made to go to one token, whose position is known."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from composer.core.files.design_file import loads
from composer.core.graph import Design
from composer.core.token_layout import cells, join, unplaced
from composer.engine import library
from composer.engine.codegen.build import build
from composer.engine.inference.infer import infer
from composer.engine.maps.capture import GUESSED, capture
from composer.engine.maps.captured_map import CapturedMap
from composer.engine.maps.map_kinds import draw_map

# Nodes and wires between the image and the attention; what attends may be wired to a context of its own.
DESIGN = """
format: 1
name: layouts
inputs:
  image: {{shape: [1, {height}, {width}]}}
nodes:
  patches: {{block: PatchEmbed, params: {{dim: 32, patch_size: {patch}}}}}
{nodes}
  head: {{block: TokenClassifierHead, params: {{num_classes: 10, pooling: avg}}}}
outputs:
  logits: {{}}
wires: [image -> patches, {wires}, attn -> head, head -> logits]
"""
SELF = "  attn: {block: MultiHeadSelfAttention, params: {num_heads: 2}}"
CROSS = "  attn: {block: MultiHeadCrossAttention, params: {num_heads: 2}}"


def design(nodes: str, wires: str, height: int = 16, width: int = 16, patch: int = 4) -> Design:
    return loads(DESIGN.format(nodes=nodes, wires=wires, height=height, width=width, patch=patch), "layouts")


def maps_of(drawn: Design, inputs: list[Tensor] | None = None) -> list[CapturedMap]:
    """Capture the maps of a design with random weights."""
    model = build(drawn, seed=0).eval()
    inputs = inputs or [torch.randn(1, *item.shape) for item in drawn.main.inputs.values()]  # type: ignore[arg-type]
    blocks = {id: node.block for id, node in drawn.main.nodes.items()}
    return capture(model, inputs, library.catalog(), blocks)[1]


def attend_to(drawn: Design, spot: tuple[int, int], token: int) -> CapturedMap:
    """Capture the map of `attn` whose every query attends to the token that sees a bright spot of the image."""
    model = build(drawn, seed=0).eval()
    attn: Any = model.attn
    image = torch.zeros(1, *drawn.main.inputs["image"].shape)  # type: ignore[arg-type]
    image[:, :, spot[0] : spot[0] + 2, spot[1] : spot[1] + 2] = 5
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith("proj.bias") and not name.startswith("attn"):
                parameter.zero_()
        width = attn.proj.weight.shape[0]
        queries, keys = (attn.q, attn.kv) if hasattr(attn, "kv") else (attn.qkv, attn.qkv)
        first = 0 if hasattr(attn, "kv") else width
        queries.weight[:width] = 0
        keys.weight[first : first + width] = torch.eye(width)
        keys.bias[first : first + width] = 0
        seen: list[Tensor] = []
        hook = attn.register_forward_pre_hook(
            lambda _, args, kwargs: seen.extend([*args, *kwargs.values()]), with_kwargs=True
        )
        model(image)
        hook.remove()
        target = seen[-1][0][token]
        queries.bias[:width] = 200 * target / target.norm()
    blocks = {id: node.block for id, node in drawn.main.nodes.items()}
    (record,) = capture(model, image, library.catalog(), blocks, ["attn"])[1]
    assert int(record.data[0].mean((0, 1)).argmax()) == token
    return record


def glow(record: CapturedMap) -> tuple[tuple[int, int], tuple[int, ...], float]:
    """Return where the image of received attention is brightest, its size, and how bright."""
    drawing = draw_map(record)
    assert drawing.over_image
    image = drawing.images[next(i for i, title in enumerate(drawing.titles) if title.startswith("received"))]
    return divmod(int(image.argmax()), image.shape[1]), tuple(image.shape), float(image.max())


CHAINS = {
    "memory behind": ("  memory: {block: MemoryTokens, params: {num_tokens: 4}}", ["memory"], 0),
    "memory behind, as many as a larger square": (
        "  memory: {block: MemoryTokens, params: {num_tokens: 9}}",
        ["memory"],
        0,
    ),
    "class token": ("  cls: {block: ClassToken}", ["cls"], 1),
    "class token and memory": (
        "  cls: {block: ClassToken}\n  memory: {block: MemoryTokens, params: {num_tokens: 8}}",
        ["cls", "memory"],
        1,
    ),
    "class token and registers": (
        "  cls: {block: ClassToken}\n  registers: {block: RegisterTokens, params: {num_tokens: 8}}",
        ["cls", "registers"],
        9,
    ),
    "class and distillation token": (
        "  cls: {block: ClassToken}\n  distill: {block: DistillToken}",
        ["cls", "distill"],
        2,
    ),
    "registers alone": ("  registers: {block: RegisterTokens, params: {num_tokens: 4, after: 0}}", ["registers"], 4),
    "coarse tokens behind fine ones": (
        """
  grid: {block: TokensToMap}
  coarse: {block: AvgPool2d}
  tokens: {block: MapToTokens}
  both: {block: Concat}""",
        [],
        0,
    ),
}


@pytest.mark.parametrize("corner", [(0, 0), (0, 1), (1, 0), (1, 1)], ids=str)
@pytest.mark.parametrize("chain", CHAINS)
def test_other_tokens_never_shift_the_map(chain: str, corner: tuple[int, int]) -> None:
    nodes, ids, front = CHAINS[chain]
    path = " -> ".join(["patches", *ids, "attn"])
    wires = ", ".join(f"{a} -> {b}" for a, b in zip(path.split(" -> "), path.split(" -> ")[1:], strict=False))
    if not ids:
        wires = "patches -> grid, grid -> coarse, coarse -> tokens, patches -> both, tokens -> both, both -> attn"
    row, column = corner[0] * 3, corner[1] * 3
    record = attend_to(design(f"{nodes}\n{SELF}", wires), (row * 4, column * 4), front + row * 4 + column)
    assert glow(record) == ((row, column), (4, 4), pytest.approx(1, abs=1e-3))
    assert GUESSED not in record.notes


def test_memory_behind_the_context_of_a_cross_attention() -> None:
    nodes = f"  memory: {{block: MemoryTokens, params: {{num_tokens: 4}}}}\n{CROSS}"
    drawn = design(nodes, "patches -> attn.x, patches -> memory, memory -> attn.context")
    assert glow(attend_to(drawn, (0, 0), 0)) == ((0, 0), (4, 4), pytest.approx(1, abs=1e-3))


def test_selected_tokens_glow_where_they_were() -> None:
    nodes = f"  keep: {{block: SelectTokens, params: {{start: 48}}}}\n{SELF}"
    record = attend_to(design(nodes, "patches -> keep, keep -> attn", patch=2), (12, 2), 1)
    assert glow(record) == ((6, 1), (8, 8), pytest.approx(1, abs=1e-3))
    assert draw_map(record).queries is None
    assert "16 of 8 x 8 positions" in draw_map(record).notes[0]


@pytest.mark.parametrize(("height", "width"), [(8, 24), (24, 8), (12, 20)])
def test_rectangles_keep_their_sides(height: int, width: int) -> None:
    drawn = design(SELF, "patches -> attn", height, width)
    rows, columns = height // 4, width // 4
    for row, column in ((0, columns - 1), (rows - 1, 0)):
        record = attend_to(drawn, (row * 4, column * 4), row * columns + column)
        assert glow(record)[:2] == ((row, column), (rows, columns))


def test_cells_in_the_padding_are_left_out() -> None:
    text = DESIGN.format(
        nodes=f"  pad: {{block: Pad2d, params: {{multiple: 16}}}}\n{SELF}",
        wires="patches -> attn",
        height=10,
        width=6,
        patch=4,
    )
    drawn = loads(text.replace("image -> patches", "image -> pad, pad -> patches"), "padded")
    record = attend_to(drawn, (8, 4), 9)  # row 2, column 1 of 4 x 4, of which 2.5 x 1.5 are on the image
    drawing = draw_map(record)
    assert drawing.grid == (2, 2)
    assert any("padding" in note for note in drawing.notes)
    assert drawing.queries is not None and drawing.queries.shape[1:3] == (2, 2)


def test_a_stride_keeps_corners_apart() -> None:
    text = DESIGN.format(
        nodes=f"  stem: {{block: ConvStem, params: {{out_channels: 32}}}}\n{SELF}",
        wires="patches -> attn",
        height=14,
        width=10,
        patch=4,
    )
    drawn = loads(
        text.replace("image -> patches", "image -> stem, stem -> patches").replace(
            "PatchEmbed, params: {dim: 32, patch_size: 4}", "MapToTokens"
        ),
        "strided",
    )
    (record,) = maps_of(drawn)
    assert record.keys == record.queries == cells((7, 5))


@pytest.mark.parametrize(
    ("nodes", "wires", "role"),
    [
        ("  merge: {block: PatchMerger, params: {num_tokens: 9}}", "patches -> merge, merge -> attn", "merged"),
        ("  shuffle: {block: Reshape, params: {shape: [16, 32]}}", "patches -> shuffle, shuffle -> attn", ""),
    ],
)
def test_merged_tokens_and_the_layer_after_them_are_tables(nodes: str, wires: str, role: str) -> None:
    records = maps_of(design(f"{nodes}\n{SELF}", wires))
    after = records[-1]
    assert after.queries == after.keys == unplaced(after.data.shape[-1], role)
    drawing = draw_map(after)
    assert (drawing.over_image, drawing.queries) == (False, None)
    assert GUESSED not in after.notes


def test_what_a_merged_token_is_made_of_is_an_image_each() -> None:
    merge, _ = maps_of(
        design(f"  merge: {{block: PatchMerger, params: {{num_tokens: 4}}}}\n{SELF}", "patches -> merge, merge -> attn")
    )
    drawing = draw_map(merge)
    assert drawing.titles == ("received", *(f"{number} of 4 merged tokens" for number in range(1, 5)))
    assert torch.allclose(drawing.images[2], merge.data[0, 0, 1].view(4, 4))
    assert drawing.queries is None


def test_sampled_tokens_attend_from_nowhere_to_the_image_and_then_among_themselves() -> None:
    nodes = "  cls: {block: ClassToken}\n  ats: {block: AdaptiveTokenSampling, params: {num_samples: 16}}\n" + SELF
    by_class, sampled, after = maps_of(design(nodes, "patches -> cls, cls -> ats, ats -> attn"))
    tokens = join((unplaced(1, "class"), cells((4, 4))))
    assert (by_class.queries, by_class.keys) == (unplaced(1, "class"), tokens)
    assert draw_map(by_class).titles[0] == "class token"
    kept = join((unplaced(1, "class"), unplaced(16, "sampled")))
    assert (sampled.queries, sampled.keys) == (kept, tokens)
    assert after.queries == after.keys == kept
    assert not draw_map(after).over_image


def test_cross_attention_to_words_is_a_table() -> None:
    text = DESIGN.format(nodes=CROSS, wires="patches -> attn.x, words -> attn.context", height=20, width=20, patch=4)
    drawn = loads(text.replace("nodes:\n", "  words: {shape: [25, 32]}\nnodes:\n", 1), "words")
    (record,) = maps_of(drawn)
    assert (record.queries, record.keys) == (cells((5, 5)), unplaced(25, "input"))
    drawing = draw_map(record)
    assert (drawing.over_image, drawing.grid) == (False, (25, 25))


def test_words_look_at_the_image_one_by_one() -> None:
    nodes = "  embed: {block: TokenEmbedding, params: {vocab_size: 10, dim: 32}}\n" + CROSS
    text = DESIGN.format(
        nodes=nodes, wires="tokens -> embed, embed -> attn.x, patches -> attn.context", height=16, width=16, patch=4
    )
    drawn = loads(text.replace("nodes:\n", "  tokens: {shape: [3], dtype: int64}\nnodes:\n", 1), "caption")
    (record,) = maps_of(drawn, [torch.randn(1, 1, 16, 16), torch.randint(0, 10, (1, 3))])
    drawing = draw_map(record)
    assert drawing.over_image and drawing.grid == (4, 4)
    assert drawing.titles[-3:] == ("1 of 3 words", "2 of 3 words", "3 of 3 words")
    assert torch.allclose(drawing.images[-1], record.data[0, :, 2].mean(0).view(4, 4))


@pytest.mark.parametrize(
    ("nodes", "ids", "title"),
    [
        ("  registers: {block: RegisterTokens, params: {num_tokens: 1, after: 0}}", ["registers"], "register"),
        (
            "  registers: {block: RegisterTokens, params: {num_tokens: 4, after: 0}}",
            ["registers"],
            "mean of 4 registers",
        ),
        ("  memory: {block: MemoryTokens, params: {num_tokens: 4}}", ["memory"], "mean of 4 memory tokens"),
        ("  cls: {block: ClassToken}", ["cls"], "class token"),
    ],
)
def test_extra_tokens_have_their_own_names(nodes: str, ids: list[str], title: str) -> None:
    (record,) = maps_of(design(f"{nodes}\n{SELF}", f"patches -> {ids[0]}, {ids[0]} -> attn"))
    titles = draw_map(record).titles
    assert title in titles
    assert ("class token" in titles) == (title == "class token")
    assert (titles[0] == title) == (title == "class token")


@pytest.mark.parametrize("size", [(16, 16), (10, 7), (6, 13)])
@pytest.mark.parametrize(
    ("block", "params"), [("T2TStage", "{stride: 2}"), ("MobileViTBlock", "{dim: 16, depth: 1, num_heads: 2}")]
)
def test_a_grid_that_a_block_makes_inside_is_known_for_odd_sizes(
    block: str, params: str, size: tuple[int, int]
) -> None:
    text = f"""
format: 1
name: inner
inputs: {{image: {{shape: [4, {size[0]}, {size[1]}]}}}}
nodes:
  block: {{block: {block}, params: {params}}}
  head: {{block: ClassifierHead}}
outputs: {{logits: {{}}}}
wires: [image -> block, block -> head, head -> logits]
"""
    record = maps_of(loads(text, "inner"))[0]
    assert record.keys is not None and record.keys == cells(((size[0] + 1) // 2, (size[1] + 1) // 2))
    assert GUESSED not in record.notes and draw_map(record).over_image


class Unknown(nn.Module):
    """A module that declares nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(1, 8, 4, 4)
        self.extra = nn.Parameter(torch.zeros(1, 1, 8))

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.patches(x).flatten(2).transpose(1, 2)
        tokens = torch.cat((self.extra.expand(len(tokens), -1, -1), tokens), 1)
        return (tokens @ tokens.transpose(1, 2)).softmax(-1) @ tokens


def test_a_guess_is_noted() -> None:
    (record,) = capture(Unknown(), torch.randn(1, 1, 16, 16), library.catalog())[1]
    assert record.keys == join((unplaced(1), cells((4, 4))))
    assert GUESSED in record.notes
    assert draw_map(record).titles[0] == "token without a position"


def test_inference_and_capture_agree() -> None:
    nodes = "  cls: {block: ClassToken}\n  memory: {block: MemoryTokens}\n" + SELF
    drawn = design(nodes, "patches -> cls, cls -> memory, memory -> attn", 12, 20)
    (record,) = maps_of(drawn)
    assert infer(drawn).facts.nodes["memory"].outputs[0].layout == record.keys
