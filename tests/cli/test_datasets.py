"""`netcomposer datasets`: the list of sources, what is known of one, and its images as files."""

import json
import shlex
from pathlib import Path

import numpy as np
import pytest

from composer.cli.main import main
from composer.core.training_extensions import datasets
from tests.engine.designs import TINY
from tests.engine.training.image_folder.pictures import pets

MINE = """
from composer.engine.training.datasets import Dataset, dataset

open({ran!r}, "w").close()


@dataset(title="Mine", fields=("image", "label"))
class Mine(Dataset):
    def load(self, shapes):
        raise NotImplementedError
"""


def test_every_source_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["datasets"]) == 0
    text = capsys.readouterr().out
    for form in ("digits\n", "idx:FOLDER", "cifar:FOLDER", "npz:FILE", "shapes\n", "permuted:SOURCE", "file:PATH"):
        assert form in text
    assert main(["datasets", "--json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows.keys() == datasets().keys()
    assert rows["shapes"]["fields"] == ["image", "label", "box"] and rows["shapes"]["summary"].startswith("Scenes with")
    (folder,) = (option for option in rows["idx"]["options"] if option["name"] == "folder")
    assert folder["required"] and folder["type"] == "path" and folder["help"]
    assert all(option["help"] for row in rows.values() for option in row["options"])


def test_one_source_is_described(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    np.savez("data.npz", x=np.zeros((40, 8, 6), np.uint8), y=np.arange(40) % 2)
    assert main(["datasets", "npz:data.npz"]) == 0
    text = capsys.readouterr().out
    assert "32 samples" in text and "2: 0, 1" in text and "6 x 8" in text and "grey" in text
    assert main(["datasets", "{name: npz, file: data.npz, val_share: 0.5}", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["parts"]["val"]["count"] == 18
    assert main(["datasets", "npz:none.npz"]) == 2
    assert "none.npz: there is no such file" in capsys.readouterr().err


def test_a_folder_of_images_is_described(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    pets(tmp_path / "photos")
    (tmp_path / "photos" / "cat" / "broken.png").write_bytes(b"")
    assert main(["datasets", "images:photos"]) == 0
    text = capsys.readouterr().out
    assert "1 of the files cannot be used:\n         cat/broken.png: cannot be read as an image\n" in text
    assert text.endswith("class  train  val\ncat        8    2\ndog        8    2\n")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("nothing", "data 'nothing' is unknown, expected one of: "),
        ("images:nowhere", "nowhere: there is no such folder; expected a folder with a sub-folder of images"),
        ("images", "data images needs the option folder"),
        ("images:", "data.folder is '', expected the path of a file or folder"),
    ],
)
def test_a_source_that_cannot_be_read_is_one_sentence(
    source: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["datasets", source]) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1


def test_shapes_are_written_as_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "shapes"
    assert main(["datasets", "{name: shapes, count: 16}", "--write", str(out), "--size", "32x24"]) == 0
    assert capsys.readouterr().out == f"{out}: 16 train, 3 val, 3 test images\n"
    assert len(list((out / "train").rglob("*.png"))) == 16 and (out / "boxes.csv").is_file()
    assert main(["datasets", "shapes", "--write", str(out)]) == 2
    assert "is not empty" in capsys.readouterr().err


def test_a_source_that_fits_a_design_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = Path("tiny.yaml")
    path.write_text(TINY.replace("[1, 8, 8]", "[3, 32, 32]").replace("num_classes: 10", "num_classes: 30"))
    assert main(["datasets", "--for", str(path)]) == 0
    words = shlex.split(capsys.readouterr().out)
    assert words[:5] == ["netcomposer", "train", "tiny.yaml", "--data", "{name: shapes, classes: 30}"]
    assert main(["datasets", "--for", str(path), "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == {"data": {"name": "shapes", "classes": 30}, "objective": "classification"}
    # What is printed is a command that works.
    monkeypatch.setenv("NETCOMPOSER_HOME", str(tmp_path / "home"))
    words[words.index("RUN")] = str(tmp_path / "run")
    words[words.index("{name: shapes, classes: 30}")] = "{name: shapes, classes: 30, count: 20}"
    assert main([*words[1:], "--epochs", "1", "--batch-size", "10", "--device", "cpu"]) == 0
    assert "test accuracy" in capsys.readouterr().out


def test_a_python_file_runs_only_with_the_flag(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NETCOMPOSER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("NETCOMPOSER_TRUSTED_FILES", "")
    file = tmp_path / "mine.py"
    file.write_text(MINE.format(ran=str(tmp_path / "ran")))
    assert main(["datasets", f"file:{file}"]) == 2
    assert "does not run until you trust it: in the window, or with --trust mine.py" in capsys.readouterr().err
    assert not (tmp_path / "ran").exists()
    assert main(["datasets", f"file:{file}", "--trust", str(file)]) == 0
    assert "image, label" in capsys.readouterr().out and (tmp_path / "ran").exists()
    assert main(["datasets", "--trust", str(tmp_path / "none.py")]) == 2
    assert "there is no such file" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--write", "x"], "--write and --size need a source"),
        (["shapes", "--size", "8"], "--size needs --write FOLDER"),
        (["shapes", "--write", "x", "--size", "0"], "'0' is no size, expected such as 64 or 96x64"),
        (["shapes", "--for", "x.yaml"], "--for DESIGN names a source itself"),
        (["nonsense"], "data 'nonsense' is unknown"),
        (["{name: shapes"], "cannot be read as a mapping"),
    ],
)
def test_wrong_usage_is_one_sentence(
    arguments: list[str],
    message: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["datasets", *arguments]) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1
    assert list(tmp_path.iterdir()) == []
