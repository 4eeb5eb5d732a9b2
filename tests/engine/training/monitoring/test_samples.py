"""A few fixed images with prediction and attention after each epoch."""

import json
from pathlib import Path

import pytest
import torch
from PIL import Image

from composer.core.errors import DesignError
from composer.core.files.atomic import write_atomically
from composer.core.files.run_samples import read_samples, sample_epochs
from composer.engine.training.data.inputs import NamedInputs
from composer.engine.training.datasets.splits import MemorySplit
from composer.engine.training.loop import train
from composer.engine.training.monitoring import samples
from composer.engine.training.monitoring.samples import sample_numbers
from composer.engine.training.storage.run import Run
from tests.engine.designs import tiny


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Return a run of three epochs with samples of each."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(samples, "TIME_SHARE", 1e9)
        return train(tiny(), tmp_path_factory.mktemp("runs") / "one", device="cpu")


def read(run: Run, epoch: int) -> dict[str, object]:
    """Return the description of the samples of an epoch."""
    content: dict[str, object] = json.loads((run.path / f"samples/epoch_{epoch:04d}.json").read_text())
    return content


def test_each_epoch_has_eight_images_with_prediction_and_attention(run: Run) -> None:
    for epoch in (1, 2, 3):
        content = read(run, epoch)
        assert content["map"] == "attn/attn: attention"
        assert content["note"] == ""
        images = content["images"]
        assert isinstance(images, list)
        assert len(images) == 8
        for row in images:
            assert row.keys() == {"index", "name", "label", "predicted", "score", "image", "file"}
            assert 0.1 <= row["score"] <= 1
            with Image.open(run.path / row["file"]) as map_image, Image.open(run.path / row["image"]) as image:
                assert map_image.size == image.size == (128, 128)
                assert map_image.mode == "RGB"
    assert [row["index"] for row in read(run, 1)["images"]] == [row["index"] for row in read(run, 3)["images"]]
    first, last = ((run.path / f"samples/epoch_000{epoch}/0.png").read_bytes() for epoch in (1, 3))
    assert first != last
    assert not list(run.path.glob("samples/*/content.json"))


def test_predictions_are_those_of_the_validation(run: Run) -> None:
    rows = [row for epoch in (1, 2, 3) for row in read(run, epoch)["images"]]
    right = sum(row["label"] == row["predicted"] for row in rows)
    assert right > len(rows) / 2
    assert len({row["label"] for row in rows}) == 8


def test_samples_are_of_many_classes_and_always_the_same() -> None:
    labels = torch.tensor([0] * 50 + [1] * 3 + [2] * 2)
    split = MemorySplit({"label": labels})
    assert sample_numbers(split, 5) == [0, 50, 53, 1, 51]
    assert sample_numbers(MemorySplit({"tokens": torch.zeros(5, 2)}), 3) == [0, 2, 4]
    assert sample_numbers(MemorySplit({"label": labels[:2]}), 8) == [0, 1]


def test_they_take_little_time_and_few_files(run: Run, tmp_path: Path) -> None:
    split = MemorySplit({"image": torch.zeros(3, 1, 2, 2)})
    inputs = NamedInputs(torch.nn.Identity(), ("image",))
    writer = samples.SampleWriter(tmp_path, tiny(), inputs, None, split, object(), ())
    writer.seconds = 1.0
    assert [epoch for epoch in range(1, 6) if writer.wants(epoch, 5, 50.0)] == [1, 5]
    assert [epoch for epoch in range(1, 6) if writer.wants(epoch, 5, 200.0)] == [1, 2, 3, 4, 5]
    assert sum(writer.wants(epoch, 1000, 1e9) for epoch in range(1, 1001)) <= samples.MOST_EPOCHS + 1


def test_a_network_without_maps_shows_the_images(tmp_path: Path) -> None:
    design = tiny(
        ("  gate: {block: SqueezeExcite, params: {reduction: 4}}\n", ""),
        ("  attn: {block: TransformerEncoderLayer, params: {num_heads: 2, mlp_ratio: 1.0, drop: 0.1}}\n", ""),
        ("  - stem -> gate\n  - gate -> tokens\n", "  - stem -> tokens\n"),
        ("  - tokens -> attn\n  - attn -> head\n", "  - tokens -> head\n"),
    )
    run = train(design, tmp_path / "run", device="cpu", epochs=1)
    assert read(run, 1)["map"] == ""
    assert (run.path / "samples/epoch_0001/0.png").read_bytes() == (run.path / "samples/image_0.png").read_bytes()


def test_maps_that_are_too_large_are_left_out_with_a_note(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(samples, "MAX_MAP", 10)
    run = train(tiny(), tmp_path / "run", device="cpu", epochs=1)
    assert read(run, 1)["map"] == ""
    assert read(run, 1)["note"] == "no map is drawn, because each would take too long; see the Attention panel"


def test_a_disk_that_is_full_for_an_epoch_leaves_complete_samples_and_no_reason_to_stop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writes = 0

    def write_while_there_is_space(path: Path, write: object, **options: object) -> None:
        nonlocal writes
        writes += 1
        if writes == 4:
            raise DesignError(f"{path}: cannot be written: No space left on device")
        write_atomically(path, write, **options)

    monkeypatch.setattr(samples, "write_atomically", write_while_there_is_space)
    monkeypatch.setattr(samples, "TIME_SHARE", 1e9)
    run = train(tiny(), tmp_path / "run", device="cpu", epochs=2)
    assert run.state()["state"] == "done"
    assert sample_epochs(run.path) == [2]
    content = read_samples(run.path, 2)
    assert content is not None
    for sample in content.samples:
        for path in (sample.image, sample.drawing):
            with Image.open(path) as image:
                image.load()
    assert not list(run.path.rglob("*.part"))


def test_what_a_killed_write_left_is_removed_when_the_run_is_resumed(tmp_path: Path) -> None:
    run = train(tiny(), tmp_path / "run", device="cpu", epochs=1)
    (run.path / "samples/.image_0.png.x.part").write_bytes(b"")
    (run.path / "samples/epoch_0001/.0.png.x.part").write_bytes(b"")
    Run.resume(run.path).release()
    assert not list(run.path.rglob("*.part"))


def test_they_can_be_switched_off(tmp_path: Path) -> None:
    run = train(tiny(), tmp_path / "run", device="cpu", epochs=1, samples=False)
    assert not (run.path / "samples").exists()
