"""Permuted tasks: each is the source with its pixels in a fixed other order, and a context that states the task."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from composer.core.errors import UserError
from composer.core.extension_text import parse_reference
from composer.core.graph import ExtensionRef
from composer.engine.training.datasets import LoadedDataset, load, load_facts

SHAPES: dict[str, tuple[int, ...]] = {"image": (1, 8, 8), "context": (3,)}


def load_permuted(shapes: dict[str, tuple[int, ...]] = SHAPES, **options: Any) -> LoadedDataset:
    return load(ExtensionRef("permuted", {"tasks": 3, **options}), shapes)


def test_each_task_has_its_own_fixed_order_of_the_pixels() -> None:
    data, digits = load_permuted(), load(ExtensionRef("digits"), {"image": (1, 8, 8)})
    count = len(digits.train)
    assert len(data.train) == 3 * count and len(data.val) == 3 * len(digits.val)
    plain = digits.train.take(slice(20))["image"].flatten(1)
    orders = []
    random = np.random.RandomState(0)
    for task in range(3):
        batch = data.train.take(torch.arange(20) + task * count)
        order = torch.from_numpy(random.permutation(64))
        assert torch.equal(batch["image"].flatten(1), plain[:, order])
        assert batch["image"].shape == (20, 1, 8, 8) and batch["task"].tolist() == [task] * 20
        assert torch.equal(batch["context"], torch.eye(3)[task].expand(20, 3))
        assert torch.equal(batch["label"], digits.train.take(slice(20))["label"])
        orders.append(order)
    assert not torch.equal(orders[0], orders[1])
    assert data.train.labels is not None and len(data.train.labels) == 3 * count
    assert torch.equal(data.train.labels[count + 5], digits.train.labels[5])  # type: ignore[index]
    assert data.train.name(count + 5) == f"{digits.train.name(5)}, task 2"
    mixed = data.train.take(torch.tensor([5, count + 5]))
    assert torch.equal(mixed["image"][1], data.train.take(slice(count + 5, count + 6))["image"][0])


def test_the_context_may_be_the_mean_image_of_the_task() -> None:
    data = load_permuted({"image": (1, 8, 8), "context": (64,)})
    count = len(data.train) // 3
    for task in range(3):
        images = data.train.take(slice(task * count, (task + 1) * count))["image"].flatten(1)
        context = data.train.take(slice(task * count, task * count + 1))["context"][0]
        assert torch.allclose(context, images.mean(0), atol=1e-5)
    with pytest.raises(UserError, match=r"'context' is \[10\], expected \[3\] \(one value for each task\) or \[64\]"):
        load_permuted({"image": (1, 8, 8), "context": (10,)})
    with pytest.raises(UserError, match="takes the field 'image', but context"):
        load_permuted({"context": (3,)})


def test_tasks_may_follow_each_other_within_an_epoch() -> None:
    data = load_permuted(in_turn=True)
    order = torch.randperm(len(data.train), generator=torch.Generator().manual_seed(0))
    bounds = [(low, low + 100) for low in range(0, len(order) - 100, 100)]
    tasks = torch.cat([batch["task"] for batch in data.train.batches(order, bounds)])
    assert tasks.tolist() == sorted(tasks.tolist()) and len(set(tasks.tolist())) == 3
    first = next(iter(data.train.batches(order, bounds)))
    assert torch.equal(first["label"], data.train.take(order[order < len(order) // 3][:100])["label"])
    mixed = next(iter(load_permuted().train.batches(order, bounds)))
    assert len(set(mixed["task"].tolist())) == 3


def test_the_facts_are_those_of_all_tasks() -> None:
    facts, digits = load_facts(ExtensionRef("permuted", {"tasks": 3})), load_facts(ExtensionRef("digits"))
    assert facts.parts["train"].count == 3 * digits.parts["train"].count and facts.classes == digits.classes
    assert facts.fields["context"].shape is None and set(facts.fields) == {"image", "label", "context", "task"}
    assert facts.digest not in ("", digits.digest) and "augmentations see permuted pixels" in facts.notes[-1]
    assert load_facts(ExtensionRef("permuted", {"tasks": 3, "seed": 1})).digest != facts.digest


def test_any_source_of_images_can_be_permuted(tmp_path: Path) -> None:
    x = np.random.RandomState(0).randint(0, 256, (40, 6, 6, 3)).astype(np.uint8)
    np.savez(tmp_path / "data.npz", x=x, y=np.arange(40) % 2)
    data = load(parse_reference("data", f"permuted:npz:{tmp_path / 'data.npz'}"), {"image": (3, 6, 6)})
    assert data.classes == ("0", "1") and len(data.test or ()) == 40
    assert data.train.take(slice(2))["context"].shape == (2, 10)
    with pytest.raises(UserError, match="sequences has no images"):
        load(parse_reference("data", "permuted:sequences"), {"image": (1, 8, 8)})
    with pytest.raises(UserError, match="data 'nonsense' is unknown"):
        load(parse_reference("data", "permuted:nonsense"), {"image": (1, 8, 8)})
