"""A run on a folder of images: resumed bit by bit, looked into after the folder has changed or gone."""

import shutil

import pytest
import torch

from composer.core.errors import UserError
from composer.engine.inference.infer import Inferrer
from composer.engine.inspection.inspection import inspect_image
from composer.engine.inspection.subject import open_run
from composer.engine.training.control import Control
from composer.engine.training.data.inputs import load_for
from composer.engine.training.datasets.image_folder import scan
from composer.engine.training.datasets.image_folder.file_split import FileSplit
from composer.engine.training.datasets.splits import MemorySplit
from composer.engine.training.loop import train
from composer.engine.training.report import Report
from tests.engine.designs import tiny
from tests.engine.training.image_folder.pictures import pets, picture, write
from tests.engine.training.test_resume import Interrupter, comparable

TWO = ("num_classes: 10", "num_classes: 2")
COLOUR = ("image: {shape: [1, 8, 8]}", "image: {shape: [3, 8, 8]}")


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)  # sums in another order differ in the last digits
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("cache", ["files", "memory"])
def test_a_stopped_run_continues_bit_by_bit(tmp_path, cache):
    """With threads that decode, and augmentation; small batches, so that a stop is in the middle of an epoch."""
    pets(tmp_path / "photos", 12)
    settings = f"batch_size: 4, lr: 0.01, augment: [affine, erasing], data: {{name: images, folder: {tmp_path}/photos, "
    settings += f"cache: {cache}, workers: 2, test_share: 0.1}}"
    design = tiny(TWO, COLOUR, ("batch_size: 64, lr: 0.01, augment: false", settings))
    whole = train(design, tmp_path / "whole", device="cpu")
    control = Control()
    run = train(design, tmp_path / "run", device="cpu", resume=True, control=control, report=Interrupter(control, at=6))
    assert (run.state()["state"], run.state()["step"]) == ("stopped", 6)
    run = train(design, tmp_path / "run", device="cpu", resume=True)
    assert comparable(run) == comparable(whole)
    assert comparable(run)[-1]["kind"] == "test"
    weights = [one.load("checkpoints/last.pt")["model"] for one in (run, whole)]
    assert all(torch.equal(value, weights[1][name]) for name, value in weights[0].items())


@pytest.mark.parametrize("cache", ["files", "memory"])
def test_a_run_keeps_its_statistics_and_classes(tmp_path, cache):
    """Images that came later change the mean of the folder, not the input of the trained network."""
    folder = pets(tmp_path / "photos", 5)
    data = {"name": "images", "folder": str(folder), "cache": cache}
    run = train(tiny(TWO, COLOUR), tmp_path / "run", device="cpu", epochs=1, batch_size=4, data=data)
    mean = tuple(run.settings()["data"]["mean"])
    picture(7).save(tmp_path / "own.png")
    inferrer = Inferrer()
    before = inspect_image(open_run(run, inferrer), inferrer.catalog, image=tmp_path / "own.png")

    write(folder, (f"cat/black{number}.png" for number in range(3)))
    subject = open_run(run, inferrer)
    assert subject.data.facts.mean != mean
    assert subject.image_format.mean == mean
    values = subject.image_format.denormalize(subject.data.val.take(slice(1))["image"]) * 255
    assert torch.allclose(values, values.round(), atol=1e-3)  # the samples are normalized alike

    shutil.rmtree(folder)
    subject = open_run(run, inferrer)
    after = inspect_image(subject, inferrer.catalog, image=tmp_path / "own.png")
    assert torch.equal(after.image, before.image)
    assert after.prediction == before.prediction and {name for name, _ in after.prediction} == {"cat", "dog"}
    with pytest.raises(UserError, match=r"there is no such folder; .*; choose an image file instead of a sample"):
        inspect_image(subject, inferrer.catalog, sample=0)


def test_files_are_decoded_when_taken_where_few_are_needed(tmp_path):
    folder = pets(tmp_path / "photos", 3)
    design = tiny(TWO, COLOUR, ("augment: false", f"data: 'images:{folder}'"))
    training, looking = load_for(design), load_for(design, streamed=True)
    assert isinstance(training.train, MemorySplit) and isinstance(looking.train, FileSplit)
    assert looking.facts == training.facts
    assert torch.equal(looking.val.take(slice(2))["image"], training.val.take(slice(2))["image"])
    assert load_for(tiny(), streamed=True).train is load_for(tiny()).train  # digits have no choice


def test_a_run_is_resumed_on_its_data_in_another_place(tmp_path):
    design, first = tiny(TWO, COLOUR), pets(tmp_path / "first", 4)
    run = train(design, tmp_path / "run", device="cpu", epochs=1, batch_size=4, data=f"images:{first}")
    other = pets(tmp_path / "other", 4)
    write(other, ("cat/00.png",))  # the same pixels: the same file
    (other / "dog" / "03.png").write_bytes((other / "dog" / "02.png").read_bytes())
    with pytest.raises(UserError, match=r"images:.*other is not the data that .*run was trained on"):
        train(design, run.path, device="cpu", resume=True, epochs=2, data=f"images:{other}")
    assert run.settings()["training"]["data"] == f"images:{first}"
    shutil.move(first, tmp_path / "second")
    with pytest.raises(UserError, match=r"first: there is no such folder"):
        train(design, run.path, device="cpu", resume=True, epochs=2)
    train(design, run.path, device="cpu", resume=True, epochs=2, data=f"images:{tmp_path}/second")
    assert run.settings()["training"]["data"] == f"images:{tmp_path}/second"
    train(design, run.path, device="cpu", resume=True, epochs=3)
    assert run.state()["epoch"] == 3
    with pytest.raises(UserError, match=r"was started with data images:.*resuming with digits would be another run"):
        train(design, run.path, device="cpu", resume=True, data="digits")


def test_reading_a_folder_is_reported_and_can_be_interrupted(tmp_path, monkeypatch):
    monkeypatch.setattr(scan, "CHUNK", 4)
    folder = pets(tmp_path / "photos", 8)
    control, messages = Control(), []

    class Interrupting(Report):
        def progress(self, fraction, message):
            messages.append((fraction, message))
            control.interrupted = True  # as a signal does

    with pytest.raises(KeyboardInterrupt):
        train(tiny(TWO, COLOUR), tmp_path / "run", control=control, report=Interrupting(), data=f"images:{folder}")
    assert messages == [(0.25, "checking images: 4 of 16")]
    assert not (tmp_path / "run").exists()


def test_a_start_names_files_that_are_left_out(tmp_path, capsys):
    folder = pets(tmp_path / "photos", 4)
    (folder / "cat" / "broken.png").write_bytes(b"")
    (folder / "cat" / "readme.txt").write_text("x")
    train(
        tiny(TWO, COLOUR),
        tmp_path / "run",
        device="cpu",
        epochs=1,
        batch_size=4,
        data=f"images:{folder}",
        report=Report("text"),
    )
    printed = capsys.readouterr()
    assert "cannot be used and is left out; cat/broken.png: cannot be read as an image" in printed.err
    assert "note: 1 file is no image: cat/readme.txt\n" in printed.out
