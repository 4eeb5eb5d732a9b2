"""CIFAR files as datasets."""

from pathlib import Path

import numpy as np

from composer.core.graph import ExtensionRef
from composer.engine.training.datasets import load, load_facts

IMAGES = np.random.RandomState(0).randint(0, 256, (120, 3, 32, 32)).astype(np.uint8)


def test_the_official_test_file_is_the_test_part(tmp_path: Path) -> None:
    labels = np.arange(120) % 10
    for number in range(6):
        part = slice(20 * number, 20 * number + 20)
        rows = np.concatenate([labels[part, None].astype(np.uint8), IMAGES[part].reshape(20, -1)], 1)
        name = "test_batch.bin" if number == 5 else f"data_batch_{number + 1}.bin"
        (tmp_path / name).write_bytes(rows.tobytes())
    reference = ExtensionRef("cifar", {"folder": str(tmp_path)})
    data = load(reference, {"image": (3, 32, 32)})
    assert {name: len(split) for name, split in data.parts().items()} == {"train": 90, "val": 10, "test": 20}
    batch = data.test.take(slice(None))  # type: ignore[union-attr]
    shown = np.rint(data.image_format().denormalize(batch["image"]).numpy() * 255)
    assert (shown == IMAGES[100:]).all() and batch["label"].tolist() == labels[100:].tolist()
    facts = load_facts(reference)
    assert facts.channels == 3 and facts.sizes == ((32, 32),) * 3 and facts.digest == data.facts.digest
    limited = load(ExtensionRef("cifar", {**reference.options, "limit": 60}), {"image": (1, 16, 16)})
    assert len(limited.train) + len(limited.val) == 60 and limited.train.take(slice(1))["image"].shape == (1, 1, 16, 16)
    rows = np.concatenate([labels[:20, None].astype(np.uint8), 255 - IMAGES[:20].reshape(20, -1)], 1)
    (tmp_path / "data_batch_1.bin").write_bytes(rows.tobytes())
    assert load_facts(reference).digest != facts.digest, "a changed file is read again"
