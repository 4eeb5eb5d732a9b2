"""The best epoch is chosen on validation and measured once on the test part; the run records its data."""

from pathlib import Path

import numpy as np
import pytest
import torch

from composer.cli.main import main
from composer.core import training_extensions
from composer.core.declarations import read_declarations
from composer.core.extension_text import parse_reference
from composer.core.files.design_file import save
from composer.engine.codegen.build import build
from composer.engine.inference.infer import Inferrer
from composer.engine.training import datasets
from composer.engine.training.data.inputs import NamedInputs
from composer.engine.training.loop import train
from composer.engine.training.storage.run import Run
from tests.engine.designs import tiny

PARTS = '''
"""Random images in three parts, from a folder that must exist."""

from pathlib import Path

import torch

from composer.core.errors import UserError
from composer.engine.training.datasets import Dataset, LoadedDataset, dataset
from composer.engine.training.datasets.image_format import ImageFormat
from composer.engine.training.datasets.splits import MemorySplit


@dataset(title="Parts", fields=("image", "label"))
class Parts(Dataset):
    """Random images.

    Args:
        folder: a folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def load(self, shapes):
        if not Path(self.folder).is_absolute() or not Path(self.folder).is_dir():
            raise UserError(f"{self.folder} is no folder")
        form, draw = ImageFormat(shapes["image"], (0.5,), (0.3,)), torch.Generator().manual_seed(0)
        parts = {}
        for name, count in (("train", 40), ("val", 20), ("test", 30)):
            pixels = torch.randint(0, 256, (count, *shapes["image"]), dtype=torch.uint8, generator=draw)
            parts[name] = MemorySplit({"image": pixels, "label": torch.arange(count) % 10}, form, name)
        return LoadedDataset(name="parts", classes=tuple("abcdefghij"), image=form, **parts)
'''


@pytest.fixture
def parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The dataset beside those of the program, and a folder for it beside the design."""
    folder = tmp_path / "extensions"
    folder.mkdir()
    (folder / "three_parts.py").write_text(PARTS)
    monkeypatch.setattr(datasets, "__path__", [*datasets.__path__, str(folder)])
    known = {
        **training_extensions.datasets(),
        **read_declarations(folder, "dataset", training_extensions.DATASET),
    }
    for module in ("composer.core.dataset_file", "composer.engine.training.datasets"):
        monkeypatch.setattr(f"{module}.datasets", lambda: known)
    monkeypatch.setitem(training_extensions.EXTENSIONS, "data", lambda: known)
    (tmp_path / "designs" / "pictures").mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()


@pytest.mark.usefixtures("parts")
def test_the_best_epoch_is_measured_on_the_test_part(tmp_path, monkeypatch, capsys):
    # 1. Train on data whose path is relative to the design, from another working directory.
    save(tiny(), tmp_path / "designs" / "tiny.yaml")
    monkeypatch.chdir(tmp_path / "elsewhere")
    arguments = ["train", "../designs/tiny.yaml", "--out", "run", "--device", "cpu", "--epochs", "2"]
    assert main([*arguments, "--data", "three_parts:pictures"]) == 0
    run = Run.open("run")
    *_, record = run.metrics()
    best = run.state()["best"]["epoch"]
    assert (record["kind"], record["epoch"]) == ("test", best)
    assert run.state()["test"] == {"epoch": best, "metrics": record["metrics"]["test"]}
    accuracy = record["metrics"]["test"]["accuracy"]
    assert f"(epoch {best}), test accuracy {100 * accuracy:.1f} %" in capsys.readouterr().out

    # 2. The value is that of the best weights, computed here another way.
    settings = run.settings()
    pictures = str(tmp_path / "designs" / "pictures")
    assert settings["training"]["data"] == f"three_parts:{pictures}"
    network = build(run.design(), inferrer=Inferrer()).eval()
    checkpoint = run.load("checkpoints/best.pt")
    assert checkpoint is not None
    network.load_state_dict(checkpoint["model"])
    data = datasets.load(parse_reference("data", f"three_parts:{pictures}"), {"image": (1, 8, 8)})
    assert data.test is not None
    batch = data.test.take(slice(None))
    with torch.no_grad():
        scores = NamedInputs(network, ("image",))(batch)
    assert isinstance(scores, torch.Tensor)
    assert accuracy == pytest.approx(float((scores.argmax(1) == batch["label"]).float().mean()))

    # 3. The predictions of the test part are stored, with the names of its samples.
    with np.load(run.path / "predictions_test.npz", allow_pickle=False) as stored:
        assert stored["predicted"].tolist() == scores.argmax(1).tolist()
        assert stored["names"].tolist()[7] == data.test.name(7)
        assert (str(stored["part"]), int(stored["epoch"])) == ("test", best)

    # 4. The settings of the run describe the data.
    row = settings["data"]
    assert row["counts"] == {"train": 40, "val": 20, "test": 30}
    assert (row["classes"], row["mean"], row["std"], row["fit"]) == (list("abcdefghij"), [0.5], [0.3], "crop")
    assert row["source"] == f"three_parts:{pictures}" and row["digest"] == data.facts.digest

    # 5. A longer run ends with one new record of the test part.
    assert main([*arguments[:-1], "3", "--resume", "--data", "three_parts:../designs/pictures"]) == 0
    assert [row["kind"] for row in run.metrics()].count("test") == 1
    assert run.metrics()[-1]["x"] == 3.0


def test_a_run_without_a_test_part_has_no_such_record(tmp_path):
    run = train(tiny(), tmp_path / "run", device="cpu", epochs=1)
    assert "test" not in {row["kind"] for row in run.metrics()}
    assert "test" not in run.state()
    assert run.settings()["data"]["counts"] == {"train": 1438, "val": 359}
