"""Parquet files as datasets."""

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from composer.core.errors import UserError
from composer.core.graph import ExtensionRef
from composer.engine.training.datasets import LoadedDataset, load, load_facts
from composer.engine.training.datasets.parquet import ParquetFile
from tests.engine.training.datasets.tables import PIXELS, png, shown, table

pa = pytest.importorskip("pyarrow", reason="needs the extra data: pyarrow")
pq = pytest.importorskip("pyarrow.parquet", reason="needs the extra data: pyarrow")


def load_parquet(path: Path, shape: tuple[int, int, int] = (3, 12, 10), **options: Any) -> LoadedDataset:
    return load(ExtensionRef("parquet", {"file": str(path), **options}), {"image": shape})


def test_a_file_of_one_part_is_divided(tmp_path: Path) -> None:
    pq.write_table(table(), tmp_path / "data.parquet", row_group_size=7)
    data = load_parquet(tmp_path / "data.parquet")
    assert data.classes == ("cat", "dog", "eel")
    assert {name: len(split) for name, split in data.parts().items()} == {"train": 48, "val": 6, "test": 6}
    by_image = {image.tobytes(): number % 3 for number, image in enumerate(PIXELS)}
    for name, split in data.parts().items():
        assert split.labels is not None
        assert [by_image[image.tobytes()] for image in shown(data, name)] == split.labels.tolist()
    assert data.val.name(0).startswith("val row ")
    facts = load_facts(ExtensionRef("parquet", {"file": str(tmp_path / "data.parquet")}))
    assert facts.sizes == ((10, 12),) * 3 and facts.channels == 3 and facts.digest == data.facts.digest
    assert facts.parts["train"].class_counts == (16, 16, 16)


def test_files_of_parts_and_other_columns(tmp_path: Path) -> None:
    rows = {"photo": [png(image) for image in PIXELS], "kind": ["b", "a"] * 30, "note": ["x"] * 60}
    (tmp_path / "data").mkdir()
    for name, part in (("train-0", slice(0, 20)), ("train-1", slice(20, 40)), ("validation-0", slice(40, 60))):
        pq.write_table(
            pa.table({key: values[part] for key, values in rows.items()}), tmp_path / "data" / f"{name}.parquet"
        )
    with pytest.raises(UserError, match=r"which column holds the labels is not clear; choose one of: photo \(binary\)"):
        load_parquet(tmp_path)
    data = load_parquet(tmp_path, label_column="kind", test_share=0.0)
    assert data.classes == ("a", "b") and data.test is None
    assert (shown(data, "train") == PIXELS[:40]).all() and (shown(data, "val") == PIXELS[40:]).all()
    assert data.val.take(slice(4))["label"].tolist() == [1, 0, 1, 0]


def test_large_tables_are_decoded_batch_by_batch_to_the_same_images(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pq.write_table(table(), tmp_path / "data.parquet")
    in_memory = load_parquet(tmp_path / "data.parquet", (1, 6, 6))
    monkeypatch.setenv("NETCOMPOSER_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("composer.engine.training.datasets.image_folder.loading.MEMORY_BYTES", 0)
    decoded = load_parquet(tmp_path / "data.parquet", (1, 6, 6), val_share=0.10001)
    order = torch.randperm(48, generator=torch.Generator().manual_seed(0))
    batches = list(decoded.train.batches(order, [(0, 30), (30, 48)]))
    assert type(decoded.train).__name__ == "EncodedSplit"
    for low, batch in zip((0, 30), batches, strict=True):
        expected = in_memory.train.take(order[low : low + len(batch["label"])])
        assert torch.equal(batch["label"], expected["label"])
        assert torch.allclose(batch["image"], expected["image"], atol=1e-5)


def test_broken_images_are_named_and_left_out(tmp_path: Path) -> None:
    rows = table().to_pylist()
    rows[7]["image"]["bytes"] = b"no image"
    rows[30]["image"] = None
    pq.write_table(pa.Table.from_pylist(rows, schema=table().schema), tmp_path / "data.parquet")
    data = load_parquet(tmp_path / "data.parquet")
    assert [name for name, _ in data.facts.broken] == ["train row 7", "train row 30"]
    assert "cannot be read as an image" in data.facts.broken[0][1]
    assert sum(map(len, data.parts().values())) == 58
    shares = Counter(image.tobytes() for name in data.parts() for image in shown(data, name))
    assert PIXELS[7].tobytes() not in shares and max(shares.values()) == 1


def test_unlabelled_test_rows_are_left_out(tmp_path: Path) -> None:
    pq.write_table(table(slice(0, 40)), tmp_path / "train-0.parquet")
    hidden = table(slice(40, 60))
    hidden = hidden.set_column(1, "label", pa.array(np.full(20, -1)))
    pq.write_table(hidden, tmp_path / "test-0.parquet")
    data = load_parquet(tmp_path, test_share=0.0)
    assert data.test is None and data.facts.notes == ("the samples of test have no labels and are left out",)


@pytest.mark.parametrize(
    ("rows", "options", "message"),
    [
        ({"image": [[1, 2]] * 4, "label": [0, 1] * 2}, {}, r"no column holds image files .* image \(list<"),
        ({"image": [b"x"] * 4, "label": [0, None] * 2}, {}, r"row 1 has no label; remove the rows without one"),
        (
            {"image": [b"x"] * 4, "label": [0, 1] * 2},
            {"image_column": "picture"},
            "has no column 'picture'; its columns",
        ),
        ({"image": [b"x"] * 4, "label": [0, 1] * 2}, {"image_column": "label"}, "the column label is int64, expected"),
        ({"image": [b"x"] * 4, "label": [0, 1] * 2}, {}, "no image of train can be used"),
        ({"image": [b"x"] * 4, "label": [[0]] * 4}, {}, "the column label is list<.*expected integers or texts"),
    ],
)
def test_other_tables_are_refused(tmp_path: Path, rows: Any, options: Any, message: str) -> None:
    pq.write_table(pa.table(rows), tmp_path / "data.parquet")
    with pytest.raises(UserError, match=message):
        load_parquet(tmp_path / "data.parquet", **options)


def test_files_that_are_damaged_missing_or_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "data.parquet"
    with pytest.raises(UserError, match="there is no such file or folder; expected a parquet file"):
        load_parquet(path)
    path.write_bytes(b"PAR1 no parquet")
    with pytest.raises(UserError, match=r"data\.parquet: cannot be read"):
        load_parquet(path)
    with pytest.raises(UserError, match="holds no file train-"):
        load_parquet(tmp_path)
    pq.write_table(table(), path)
    content = path.read_bytes()
    path.write_bytes(b"PAR1" + b"\xff" * (len(content) // 2) + content[len(content) // 2 + 4 :])
    with pytest.raises(UserError, match=r"data.*: cannot be read") as error:
        load_parquet(path)
    assert "\n" not in str(error.value)
    monkeypatch.setattr("composer.engine.training.datasets.parquet.MEMORY_SHARE", 0.0)
    pq.write_table(table(slice(0, 50)), path)
    with pytest.raises(UserError, match=r"more than half of the free memory .* use images:FOLDER"):
        load_parquet(path)


def test_a_changed_file_in_the_folder_data_is_noticed(tmp_path: Path) -> None:
    file = tmp_path / "data" / "train-0.parquet"
    file.parent.mkdir()
    file.write_bytes(b"1")
    source = ParquetFile(tmp_path)
    before = source.stamp()
    file.write_bytes(b"22")
    assert source.stamp() != before
