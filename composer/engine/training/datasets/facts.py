"""The facts of a dataset that has been loaded, as far as its splits tell them."""

import hashlib
from collections.abc import Mapping

from composer.core.data_facts import DataFacts, FieldFacts, PartFacts, Size
from composer.core.training_inputs import IMAGE, LABEL
from composer.engine.training.datasets.image_format import ImageFormat
from composer.engine.training.datasets.splits import MemorySplit, Split


def facts_of(
    parts: Mapping[str, Split],
    classes: tuple[str, ...],
    image: ImageFormat | None,
    *,
    channels: int = 0,
    sizes: tuple[Size, ...] = (),
    notes: tuple[str, ...] = (),
) -> DataFacts:
    """Return the facts of some splits.

    Args:
        parts: the splits by name, ``train`` first.
        classes: names of the classes.
        image: how a picture becomes the field ``image``; None if there is no such field.
        channels: channels of the stored images; those of the splits by default.
        sizes: see `DataFacts`; the size of the images of the splits by default.
        notes: for the user.
    """
    train = parts["train"]
    batch = train.take(slice(1))
    stored = train.tensors.get(IMAGE) if isinstance(train, MemorySplit) else None
    if stored is not None and stored.ndim == 4:
        channels = channels or stored.shape[1]
        sizes = sizes or ((stored.shape[3], stored.shape[2]),) * 3
    fields = {
        name: FieldFacts(
            IMAGE if name == IMAGE else LABEL if name == LABEL else "vector" if value.is_floating_point() else "tokens",
            None if name == IMAGE and image is not None else tuple(value.shape[1:]),
            str(value.dtype).removeprefix("torch."),
        )
        for name, value in batch.items()
    }
    return DataFacts(
        source="",
        fields=fields,
        classes=classes,
        parts={name: PartFacts(len(split), split.class_counts(len(classes))) for name, split in parts.items()},
        channels=channels,
        sizes=sizes,
        notes=notes,
        digest=joint_digest(parts),
        mean=image.mean if image is not None else (),
        std=image.std if image is not None else (),
        fit=image.fit if image is not None else "",
    )


def joint_digest(parts: Mapping[str, Split]) -> str:
    """Return one digest of the samples of all parts; empty if they are not in memory."""
    digest = hashlib.blake2b(digest_size=8)
    for name, split in parts.items():
        if not isinstance(split, MemorySplit):
            return ""
        digest.update(f"{name} {split.digest()}\n".encode())
    return digest.hexdigest()
