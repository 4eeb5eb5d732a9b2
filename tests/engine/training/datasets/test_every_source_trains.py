"""Every source trains a small design through the command line."""

import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from composer.cli.main import main
from composer.core.files import trusted_files
from composer.core.files.run_folder import RunFolder
from composer.core.training_extensions import datasets
from tests.engine.designs import DENDRITES, TINY
from tests.engine.training.datasets.tables import table, write_hub_cache

RNG = np.random.RandomState(0)
SEQUENCES = """
format: 1
name: reverse
inputs:
  tokens: {shape: [8], dtype: int64}
nodes:
  embed: {block: TokenEmbedding, params: {vocab_size: 13, dim: 16}}
  position: {block: SinusoidalPosition}
  attn: {block: TransformerEncoderLayer, params: {num_heads: 2, mlp_ratio: 1.0}}
  generate: {block: GeneratorHead, params: {vocab_size: 13}}
outputs:
  scores: {}
wires:
  - tokens -> embed
  - embed -> position
  - position -> attn
  - attn -> generate
  - generate -> scores
"""
USER_FILE = '''"""Noise."""

import torch

from composer.engine.training.datasets import Dataset, LoadedDataset, dataset
from composer.engine.training.datasets.image_format import ImageFormat
from composer.engine.training.datasets.splits import MemorySplit


@dataset(title="Noise", fields=("image", "label"))
class Noise(Dataset):
    """Noise."""

    def load(self, shapes):
        split = MemorySplit({"image": torch.rand(40, *shapes["image"]), "label": torch.arange(40) % 10})
        image = ImageFormat(tuple(shapes["image"]), (0.0,), (1.0,))
        return LoadedDataset(name="noise", train=split, val=split, classes=tuple("0123456789"), image=image)
'''


def images(count: int, *sizes: int) -> np.ndarray:
    return RNG.randint(0, 256, (count, *sizes)).astype(np.uint8)


def idx(folder: Path) -> str:
    for name, count in (("train", 100), ("t10k", 20)):
        for content, array in (("images-idx3", images(count, 8, 8)), ("labels-idx1", np.arange(count) % 10)):
            header = bytes([0, 0, 8, array.ndim]) + b"".join(size.to_bytes(4, "big") for size in array.shape)
            (folder / f"{name}-{content}-ubyte").write_bytes(header + array.astype(np.uint8).tobytes())
    return f"idx:{folder}"


def cifar(folder: Path) -> str:
    for name in (*(f"data_batch_{n}" for n in range(1, 6)), "test_batch"):
        values = {"data": images(40, 3072), "labels": [n % 10 for n in range(40)]}
        (folder / name).write_bytes(pickle.dumps(values, 2))
    return f"cifar:{folder}"


def npz(folder: Path) -> str:
    np.savez(folder / "data.npz", x=images(200, 8, 8), y=np.arange(200) % 10)
    return f"npz:{folder / 'data.npz'}"


def image_folder(folder: Path) -> str:
    for number in range(40):
        path = folder / "photos" / f"class {number % 10}" / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(images(1, 12, 10, 3)[0]).save(path)
    return f"images:{folder / 'photos'}"


def parquet(folder: Path) -> str:
    pytest.importorskip("pyarrow.parquet", reason="needs the extra data: pyarrow").write_table(
        table(names=NAMES), folder / "data.parquet"
    )
    return f"parquet:{folder / 'data.parquet'}"


def hub(folder: Path) -> str:
    write_hub_cache(folder, "someone/animals", {"train": table(names=NAMES)})
    return "hub:someone/animals"


def user_file(folder: Path) -> str:
    (folder / "noise.py").write_text(USER_FILE)
    trusted_files.save_trusted(folder / "noise.py", trusted=True)
    return f"file:{folder / 'noise.py'}"


NAMES = tuple(f"kind {n}" for n in range(10))
LARGE = TINY.replace("[1, 8, 8]", "[1, 24, 24]").replace("num_classes: 10", "num_classes: 8")
SOURCES: dict[str, tuple[Callable[[Path], str], str, list[str]]] = {
    "digits": (lambda _: "digits", TINY, []),
    "idx": (idx, TINY, []),
    "cifar": (cifar, TINY, []),
    "npz": (npz, TINY, []),
    "images": (image_folder, TINY, []),
    "parquet": (parquet, TINY, []),
    "hub": (hub, TINY, []),
    "file": (user_file, TINY, []),
    "shapes": (lambda _: "{name: shapes, count: 20}", LARGE, []),
    "permuted": (lambda _: "{name: permuted, tasks: 3}", DENDRITES, []),
    "sequences": (lambda _: "{name: sequences, count: 60}", SEQUENCES, ["--objective", "sequence"]),
}


@pytest.mark.parametrize("name", datasets())
def test_it_trains_an_epoch(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NETCOMPOSER_HOME", str(tmp_path / "home"))
    if name not in SOURCES:
        pytest.skip(f"this test has no files for {name}")
    if name == "hub":
        library = pytest.importorskip("datasets", reason="needs the extra data: datasets")
        monkeypatch.setattr(library.config, "HF_DATASETS_CACHE", tmp_path / "data" / "datasets")
    make, design, options = SOURCES[name]
    folder = tmp_path / "data"
    folder.mkdir()
    (tmp_path / "design.yaml").write_text(design)
    out = tmp_path / "run"
    words = ["train", str(tmp_path / "design.yaml"), "--data", make(folder), "--out", str(out), *options]
    words += ["--epochs", "1", "--batch-size", "32", "--device", "cpu"]
    assert main(words) == 0, capsys.readouterr().err
    run = RunFolder(out)
    assert run.state()["state"] == "done"
    data = run.settings()["data"]
    assert data["digest"] and data["counts"]["train"] > 10 and data["source"].startswith(name)
