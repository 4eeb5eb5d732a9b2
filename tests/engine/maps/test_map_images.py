import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from blocks._shared.windows import grid_partition, pad_to_windows, window_partition
from blocks.attention.linear_attention import LinearAttention
from blocks.attention.nystrom_attention import NystromAttention
from blocks.attention.san_patchwise import SANPatchwise
from blocks.attention.swin_block import SwinBlock
from composer.core.errors import UserError
from composer.core.files.design_json import to_json
from composer.core.token_layout import cells, join, unplaced
from composer.engine.inference.infer import Inferrer
from composer.engine.inspection import inspector
from composer.engine.inspection.inspector import Inspector
from composer.engine.inspection.run_report import inspect_run
from composer.engine.library import catalog
from composer.engine.maps import map_images, overlay
from composer.engine.maps.capture import capture
from composer.engine.maps.captured_map import CapturedMap
from composer.engine.maps.map_kinds import draw_map, segment
from composer.engine.maps.window_layout import window_positions
from composer.engine.training.data.inputs import load_for
from composer.engine.training.datasets.image_file import read_image
from composer.engine.training.loop import train
from composer.engine.training.storage.run import Run
from tests.engine.designs import tiny


def raw(kind, data, **more):
    return CapturedMap("node", "node", "softmax", 0, kind, data, len(data), tuple(data.shape), **more)


# -- from numbers to places --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "window", "shift"),
    [((8, 8), 4, (0, 0)), ((8, 12), 4, (2, 2)), ((9, 14), 4, (2, 1)), ((7, 3), 7, (3, 0)), ((5, 5), 7, (0, 0))],
)
def test_places_undo_padding_rolling_and_cutting(size, window, shift):
    number = torch.arange(1, size[0] * size[1] + 1).view(1, *size, 1)
    rolled = torch.roll(pad_to_windows(number, window), (-shift[0], -shift[1]), (1, 2))
    part, token = window_positions(size, (window, window), shift, strided=False)
    assert torch.equal(window_partition(rolled, window)[part, token, 0], number[0, :, :, 0])


@pytest.mark.parametrize(("size", "cells"), [((8, 8), 4), ((8, 12), 2), ((6, 9), 3)])
def test_places_undo_the_grid(size, cells):
    number = torch.arange(size[0] * size[1]).view(1, *size, 1)
    part, token = window_positions(size, (cells, cells), (0, 0), strided=True)
    assert torch.equal(grid_partition(number, cells)[part, token, 0], number[0, :, :, 0])


@pytest.mark.parametrize("size", [(8, 8), (10, 14), (9, 5)])
def test_each_query_of_shifted_windows_spends_all_its_attention_on_real_places_nearby(size):
    torch.manual_seed(0)
    model = torch.nn.Sequential(SwinBlock(16, num_heads=2, window_size=4, shift_size=2))
    (captured,) = capture(model, torch.randn(2, 16, *size), catalog())[1]
    for index in (0, 1):
        drawing = draw_map(captured, index)
        assert drawing.grid == size
        assert drawing.over_image
        paid = drawing.queries
        assert paid.shape == (2, *size, *size)
        # Padding is masked, so a place that were put wrongly would lose some of the attention.
        assert torch.allclose(paid.sum((-1, -2)), torch.ones(2, *size), atol=1e-5)
        rows, columns = torch.meshgrid(torch.arange(size[0]), torch.arange(size[1]), indexing="ij")
        far = ((rows[:, :, None, None] - rows).abs() >= 4) | ((columns[:, :, None, None] - columns).abs() >= 4)
        assert float(paid[:, far].max()) == 0
        assert len(drawing.titles) == len(drawing.images) == 3


def test_windows_by_hand():
    # A 2 x 4 map in two 2 x 2 windows; every query of window 0 looks at its token 1, of window 1 at its token 2.
    weights = torch.zeros(2, 1, 4, 4)
    weights[0, :, :, 1] = 1
    weights[1, :, :, 2] = 1
    captured = CapturedMap("n", "n", "softmax", 0, "windows", weights, 1, (2, 1, 4, 4), size=(2, 4), window=(2, 2))
    drawing = draw_map(captured)
    assert drawing.images.tolist() == [[[0, 1, 0, 0], [0, 0, 1, 0]]]
    assert drawing.queries[0, 0, 0].tolist() == [[0, 1, 0, 0], [0, 0, 0, 0]]
    assert drawing.queries[0, 1, 3].tolist() == [[0, 0, 0, 0], [0, 0, 1, 0]]


# -- token pairs -------------------------------------------------------------------------------------------------------


def test_received_attention_and_queries_of_token_pairs():
    weights = torch.rand(2, 3, 6, 6).softmax(-1)
    drawing = draw_map(raw("token_pairs", weights, queries=cells((2, 3)), keys=cells((2, 3))), 1)
    assert drawing.titles == ("received, mean of heads", "received, head 1", "received, head 2", "received, head 3")
    assert torch.allclose(drawing.images[0], weights[1].mean((0, 1)).view(2, 3))
    assert torch.allclose(drawing.images[2], weights[1, 1].mean(0).view(2, 3))
    assert torch.allclose(drawing.queries[2, 1, 0], weights[1, 2, 3].view(2, 3))
    assert float(drawing.images[0].sum()) == pytest.approx(1)


def test_the_class_token_comes_first():
    weights = torch.rand(1, 2, 5, 5).softmax(-1)
    layout = join((unplaced(1, "class"), cells((2, 2))))
    drawing = draw_map(raw("token_pairs", weights, queries=layout, keys=layout))
    assert drawing.titles[0] == "class token"
    assert torch.allclose(drawing.images[0], weights[0, :, 0, 1:].mean(0).view(2, 2))
    assert torch.allclose(drawing.queries[1, 0, 1], weights[0, 1, 2, 1:].view(2, 2))


def test_keys_may_lie_on_a_coarser_grid_than_queries():
    weights = torch.rand(1, 1, 8, 2).softmax(-1)
    drawing = draw_map(raw("token_pairs", weights, queries=cells((2, 4)), keys=cells((1, 2))))
    assert drawing.grid == (1, 2)
    assert torch.allclose(drawing.queries[0, 1, 2], weights[0, 0, 6].view(1, 2))


def test_tokens_without_places_are_a_table():
    weights = torch.rand(1, 2, 4, 7)
    drawing = draw_map(raw("token_pairs", weights))
    assert (drawing.grid, drawing.over_image, drawing.queries) == ((4, 7), False, None)
    assert torch.allclose(drawing.images[0], weights[0].mean(0))


def test_many_queries_are_thinned(monkeypatch):
    weights = torch.rand(1, 2, 64, 64)
    monkeypatch.setattr(map_images, "QUERY_BYTES", 16 * 64 * 4)
    drawing = draw_map(raw("token_pairs", weights, queries=cells((8, 8)), keys=cells((8, 8))))
    assert drawing.queries.shape == (1, 4, 4, 8, 8)
    assert torch.allclose(
        drawing.queries[0, 0, 1], weights[0, :, 1 * 8 + 3].mean(0).view(8, 8)
    )  # the middle of its cell


# -- maps that a method of the block computes --------------------------------------------------------------------------


def linear():
    torch.manual_seed(0)
    return torch.nn.Sequential(LinearAttention(16, num_heads=2)), torch.randn(3, 36, 16)


def test_a_map_that_forward_goes_without_is_computed_once_and_only_when_asked_for(monkeypatch):
    model, x = linear()
    calls = []
    compute = LinearAttention.attention
    monkeypatch.setattr(
        LinearAttention,
        "attention",
        lambda self, x, mask=None, every=1: (calls.append(every), compute(self, x, mask, every))[1],
    )
    output, (captured,) = capture(model, x, catalog())
    assert calls == [1]
    assert (captured.name, captured.kind, captured.shape) == ("attention", "token_pairs", (3, 2, 36, 36))
    assert torch.equal(captured.data, compute(model[0], x))
    assert torch.equal(output, model(x))
    assert calls == [1]
    assert capture(model, x, catalog(), nodes=["other"])[1] == []
    assert calls == [1]


def test_the_softmax_inside_a_computed_map_is_no_map_of_its_own():
    torch.manual_seed(0)
    for tokens in (8, 40):  # fewer and more than there are landmarks
        (captured,) = capture(
            torch.nn.Sequential(NystromAttention(16, 2, num_landmarks=12)), torch.randn(2, tokens, 16), catalog()
        )[1]
        assert (captured.kind, captured.shape) == ("signed_pairs", (2, 2, tokens, tokens))


def test_of_a_map_too_large_to_compute_queries_are_left_out(monkeypatch):
    model, x = linear()
    monkeypatch.setattr("composer.engine.maps.capture.COMPUTED_BYTES", 4 * 3 * 2 * 36 * 12)
    (captured,) = capture(model, x, catalog())[1]
    assert (captured.stride, captured.queries, captured.shape) == (3, None, (3, 2, 12, 36))
    assert captured.notes == ("only one query in 3 is stored",)
    assert torch.equal(captured.data, model[0].attention(x)[:, :, ::3])


def test_the_method_of_a_part_is_given_what_the_part_was_given():
    torch.manual_seed(0)
    model, x = torch.nn.Sequential(SANPatchwise(32, kernel_size=3)).eval(), torch.randn(2, 32, 6, 5)
    (captured,) = capture(model, x, catalog())[1]
    assert (captured.layer, captured.name, captured.kind) == ("0", "attn.weights", "signed_local")
    assert torch.equal(captured.data, model[0].attn.weights(model[0].act(model[0].norm1(x))))


def test_of_weights_with_signs_the_size_is_shown_and_that_is_said():
    weights = torch.randn(2, 3, 6, 6)
    drawing = draw_map(raw("signed_pairs", weights, queries=cells((2, 3)), keys=cells((2, 3))), 1)
    assert torch.allclose(drawing.images[0], weights[1].abs().mean((0, 1)).view(2, 3))
    assert torch.allclose(drawing.queries[2, 1, 0], weights[1, 2, 3].abs().view(2, 3))
    assert drawing.notes == (map_images.SIGNED,)
    footprint = torch.randn(2, 4, 6, 9)
    drawing = draw_map(raw("signed_local", footprint), 1)
    assert torch.allclose(drawing.images[0], footprint[1].abs().mean((0, 1)).view(3, 3))
    assert drawing.notes == (map_images.SIGNED,)


# -- gates and tables --------------------------------------------------------------------------------------------------


def test_gates_and_tables():
    gate = torch.rand(2, 5, 1, 1)
    assert torch.equal(draw_map(raw("channel", gate), 1).images, gate[1].view(1, 1, 5))
    gate = torch.rand(2, 1, 3, 4)
    drawing = draw_map(raw("spatial", gate), 1)
    assert drawing.over_image
    assert torch.equal(drawing.images, gate[1])
    weights = torch.rand(2, 3, 4, 1, 1)
    assert torch.equal(draw_map(raw("branch", weights), 1).images, weights[1].view(1, 3, 4))
    assert draw_map(raw("branch", torch.rand(2, 3))).grid == (1, 3)
    footprint = torch.rand(2, 4, 6, 9)
    assert torch.allclose(draw_map(raw("local", footprint), 1).images[0], footprint[1].mean((0, 1)).view(3, 3))
    responses = torch.tensor([[[0.0, 2.0, 1.0], [0.0, 3.0, 1.0], [5.0, 0.0, 0.0]]])
    drawing = draw_map(raw("segment", responses))
    assert torch.equal(drawing.images, responses)
    assert drawing.notes == ("segment 2 is the strongest for 2 of 3 units", segment.MAGNITUDE)  # none is negative
    assert segment.MAGNITUDE not in draw_map(raw("segment", responses - 1)).notes


def test_an_unknown_kind_is_named():
    with pytest.raises(UserError, match="map kind 'colour' is unknown; choose one of: branch, channel"):
        draw_map(raw("colour", torch.rand(1, 2)))


# -- pictures ----------------------------------------------------------------------------------------------------------


def test_colours_grow_brighter():
    rgb = overlay.colorize(np.linspace(0, 1, 50)).astype(float)
    light = rgb @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(light) > 0).all()
    assert rgb[0].tolist() == [0, 0, 4]
    assert rgb[-1].tolist() == [252, 253, 191]


def test_an_overlay_glows_where_the_map_is_high():
    image = Image.new("RGB", (40, 40), (90, 90, 90))
    values = np.zeros((4, 4), np.float32)
    values[3, 0] = 1
    drawn = np.asarray(overlay.overlay(image, values)).astype(float)
    assert drawn.shape == (40, 40, 3)
    assert drawn[36, 3].mean() > drawn[3, 36].mean() + 60
    flat = np.asarray(overlay.overlay(image, np.ones((4, 4), np.float32)))
    assert len(np.unique(flat.reshape(-1, 3), axis=0)) == 1


@pytest.mark.parametrize(("height", "width"), [(16, 48), (48, 16)])
@pytest.mark.parametrize("cell", [(0, 0), (-1, -1)])
def test_a_map_of_a_rectangle_glows_on_the_image_and_not_in_the_border(height, width, cell):
    """Two cells along the short side and six along the long one; the border around the image stays black."""
    values = torch.zeros(1, height // 8, width // 8)
    values[0, cell[0], cell[1]] = 1
    drawing = map_images.MapImages(("received",), values, over_image=True)
    tile = np.asarray(overlay.tile(Image.new("RGB", (width, height), "gray"), drawing), dtype=int)
    side = overlay.TILE
    drawn = [round(side * length / max(height, width)) for length in (height, width)]
    top, left = ((side - length) // 2 for length in drawn)
    inside = tile[top : top + drawn[0], left : left + drawn[1]]
    assert tile.sum() == inside.sum()
    row, column = divmod(int(inside.sum(2).argmax()), inside.shape[1])
    far = inside.shape[0] / (height // 8), inside.shape[1] / (width // 8)
    for place, of, length, size in zip((row, column), cell, inside.shape, far, strict=False):
        assert place < size if of == 0 else place >= length - size


def test_a_strip_of_channels_is_folded():
    drawing = draw_map(raw("channel", torch.rand(1, 100)))
    assert overlay.tile(Image.new("RGB", (8, 8)), drawing).size == (overlay.TILE, overlay.TILE)


# -- the whole way -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return train(tiny(), tmp_path_factory.mktemp("runs") / "run", device="cpu", epochs=2)


def test_inspect_writes_images_and_arrays(run, tmp_path):
    lines = inspect_run(run.path, None, 7, tmp_path / "out")
    summary = json.loads((tmp_path / "out" / "maps.json").read_text())
    assert [row["node"] for row in summary["maps"]] == ["gate", "attn"]
    attention = summary["maps"][1]
    received = np.load(tmp_path / "out" / attention["file"])
    assert received.shape == (4, 4)
    assert received.dtype == np.float32
    assert received.sum() == pytest.approx(1, abs=1e-5)
    queries = np.load(tmp_path / "out" / attention["queries"]["file"])
    assert queries.shape == (2, 4, 4, 4, 4)
    assert np.allclose(queries.mean((0, 1, 2)), received, atol=1e-6)
    assert read_image(tmp_path / "out" / "attention.png").pixels.width > 3 * overlay.TILE
    assert lines[0].startswith("predicted: ")
    assert f"(true: {summary['label']})" in lines[0]
    assert sum(row["probability"] for row in summary["prediction"]) <= 1 + 1e-5


def test_inspect_takes_an_image_of_the_users(run, tmp_path):
    Image.fromarray((np.random.RandomState(0).rand(40, 30, 3) * 255).astype(np.uint8)).save(tmp_path / "mine.png")
    lines = inspect_run(run.path, tmp_path / "mine.png", None, tmp_path / "out")
    assert "true" not in lines[0]
    with pytest.raises(UserError, match="--image and --sample exclude each other"):
        inspect_run(run.path, tmp_path / "mine.png", 1, tmp_path / "out")


def test_what_cannot_be_inspected_is_said(run, tmp_path):
    with pytest.raises(UserError, match="not a run folder"):
        inspect_run(tmp_path, None, 0, tmp_path / "out")
    with pytest.raises(UserError, match=r"sample 99999 does not exist; .* 0 to \d+"):
        inspect_run(run.path, None, 99999, tmp_path / "out")
    fresh = Run.create(tmp_path / "fresh", tiny(), "", {"training": {}})
    fresh.release()
    with pytest.raises(UserError, match="no weights yet"):
        inspect_run(fresh.path, None, 0, tmp_path / "out")


def test_the_code_of_a_run_is_not_executed(run, tmp_path):
    before = (run.path / "model.py").read_text()
    (run.path / "model.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    try:
        inspect_run(run.path, None, 0, tmp_path / "out")
        train(tiny(), run.path, device="cpu", resume=True, epochs=3)
    finally:
        (run.path / "model.py").write_text(before)
    assert not (tmp_path / "ran").exists()


@pytest.fixture
def window():
    """The window's side: sends a request to an inspector and gets its reply as the pipe carries it."""
    engine = Inspector(Inferrer())

    def request(params):
        shares = []
        reply = json.loads(json.dumps(engine.capture_maps(params, lambda share, text: shares.append(share))))
        assert shares == sorted(shares)
        return reply

    yield request
    engine.remove_folders()


def test_the_window_gets_maps_as_files(run, window):
    reply = window({"design": to_json(tiny()), "run": str(run.path), "image": {"sample": 3}, "nodes": None})
    assert reply["trained"]
    assert reply["notes"] == []
    assert reply["image_size"] == [8, 8]
    assert read_image(reply["image_png"]).pixels.size == (256, 256)
    assert [row["node"] for row in reply["maps"]] == ["gate", "attn"]
    for row in reply["maps"]:
        assert list(np.load(row["file"]).shape) == row["grid"]
        stack = np.load(row["images"]["file"])
        assert len(stack) == len(row["images"]["titles"])
        assert np.array_equal(stack[0], np.load(row["file"]))
    assert reply["maps"][1]["queries"]["grid"] == [4, 4]
    assert reply["maps"][1]["title"] == "attn (attn): attention"
    only = window({"design": to_json(tiny()), "run": str(run.path), "image": {"sample": 3}, "nodes": ["attn"]})
    assert [row["node"] for row in only["maps"]] == ["attn"]


def test_the_window_gets_notes_on_what_the_maps_are_of(run, window):
    fresh = window({"design": to_json(tiny()), "run": None, "image": {"sample": 0}, "nodes": None})
    assert not fresh["trained"]
    assert "not trained yet" in fresh["notes"][0]
    edited = to_json(tiny(("num_heads: 2", "num_heads: 4")))
    stale = window({"design": edited, "run": str(run.path), "image": {"sample": 0}, "nodes": None})
    assert "changed since this run" in stale["notes"][0]
    assert stale["maps"][1]["shape"] == [1, 2, 16, 16]


def test_folders_of_old_replies_are_removed(window):
    params = {"design": to_json(tiny()), "run": None, "image": {"sample": 0}, "nodes": None}
    folders = [window(params)["folder"] for _ in range(inspector.MAX_FOLDERS + 1)]
    exist = [Path(folder).exists() for folder in folders]
    assert exist == [False] + [True] * inspector.MAX_FOLDERS


def test_the_network_is_loaded_once_until_the_design_changes():
    engine = Inspector(Inferrer())
    first = engine._load_subject(tiny(), None)
    assert engine._load_subject(tiny(), None) is first
    assert engine._load_subject(tiny(("num_heads: 2", "num_heads: 4")), None) is not first


def test_the_window_gets_sample_images():
    reply = Inspector(Inferrer()).sample_images({"design": to_json(tiny()), "count": 5}, lambda *_: None)
    assert [row["label"] for row in reply["images"]] == list("01234")  # a folder of images is sorted by class
    labels = load_for(tiny()).val.labels
    assert labels is not None
    assert [str(int(labels[row["index"]])) for row in reply["images"]] == list("01234")
    json.dumps(reply)
