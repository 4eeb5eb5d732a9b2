"""What is known of a dataset without its samples: fields, classes, parts, sizes, broken files; plain values only.

The engine computes the facts; the window, `check` and the records of a run read them.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from composer.core.graph import frozen

PARTS = ("train", "val", "test")
Size = tuple[int, int]  # width, height in pixels


@dataclass(frozen=True, slots=True)
class FieldFacts:
    """A field of a batch.

    Args:
        kind: ``image``, ``label``, ``vector`` or ``tokens``.
        shape: of one sample; None if it follows the input of the design.
        dtype: such as ``float32``.
    """

    kind: str
    shape: tuple[int, ...] | None = None
    dtype: str = "float32"


@dataclass(frozen=True, slots=True)
class PartFacts:
    """A part of a dataset.

    Args:
        count: number of samples.
        class_counts: samples of each class; empty if the samples have no classes.
    """

    count: int
    class_counts: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class DataFacts:
    """What is known of a dataset.

    Args:
        source: how users write it, such as ``images:/data/photos``.
        fields: the fields of a batch by name.
        classes: names of the classes by number; empty if unknown, or if the samples have none.
        parts: those of ``train``, ``val`` and ``test`` that exist.
        channels: channels of the stored images: 1 grey, 3 colour; 0 if there are no images.
        sizes: smallest, median and largest image by area; empty if images of any size are drawn.
        broken: name of each file that cannot be used, and why.
        notes: what a user should know of how the data is read.
        digest: equal digests are equal samples in equal parts.
        mean: of each channel of the training part, of pixels in [0, 1].
        std: of each channel of the training part.
        fit: how an image of other proportions meets the input: ``crop``, ``pad``, ``stretch`` or ``ink``.
    """

    source: str
    fields: Mapping[str, FieldFacts] = field(default_factory=dict)
    classes: tuple[str, ...] = ()
    parts: Mapping[str, PartFacts] = field(default_factory=dict)
    channels: int = 0
    sizes: tuple[Size, ...] = ()
    broken: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    digest: str = ""
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    fit: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "fields", frozen(self.fields))
        object.__setattr__(self, "parts", frozen(self.parts))

    @property
    def count(self) -> int:
        """Samples of all parts."""
        return sum(part.count for part in self.parts.values())

    def broken_summary(self) -> str:
        """Return how many files cannot be used, with the first one and why, in a sentence; empty if all can."""
        if not self.broken:
            return ""
        count, (name, reason) = len(self.broken), self.broken[0]
        files, are = ("file", "is") if count == 1 else ("files", "are")
        return f"{count:,} {files} of {self.source} cannot be used and {are} left out; {name}: {reason}"

    def run_record(self) -> dict[str, Any]:
        """Return what the settings of a run keep of its data."""
        return {
            "source": self.source,
            "digest": self.digest,
            "classes": list(self.classes),
            "mean": list(self.mean),
            "std": list(self.std),
            "fit": self.fit,
            "counts": {name: part.count for name, part in self.parts.items()},
        }

    def to_json(self) -> dict[str, Any]:
        """Return the facts as plain JSON values."""
        return {
            "source": self.source,
            "fields": {
                name: {
                    "kind": item.kind,
                    "shape": None if item.shape is None else list(item.shape),
                    "dtype": item.dtype,
                }
                for name, item in self.fields.items()
            },
            "classes": list(self.classes),
            "parts": {
                name: {"count": part.count, "class_counts": list(part.class_counts)}
                for name, part in self.parts.items()
            },
            "channels": self.channels,
            "sizes": [list(size) for size in self.sizes],
            "broken": [list(row) for row in self.broken],
            "notes": list(self.notes),
            "digest": self.digest,
            "mean": list(self.mean),
            "std": list(self.std),
            "fit": self.fit,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "DataFacts":
        """Read what `to_json` wrote."""
        return cls(
            source=data["source"],
            fields={
                name: FieldFacts(row["kind"], None if row["shape"] is None else tuple(row["shape"]), row["dtype"])
                for name, row in data["fields"].items()
            },
            classes=tuple(data["classes"]),
            parts={name: PartFacts(row["count"], tuple(row["class_counts"])) for name, row in data["parts"].items()},
            channels=data["channels"],
            sizes=tuple((width, height) for width, height in data["sizes"]),
            broken=tuple((name, reason) for name, reason in data["broken"]),
            notes=tuple(data["notes"]),
            digest=data["digest"],
            mean=tuple(data["mean"]),
            std=tuple(data["std"]),
            fit=data["fit"],
        )


def representative_sizes(sizes: Mapping[Size, int]) -> tuple[Size, ...]:
    """Return the smallest, the median and the largest of some image sizes, by area.

    Args:
        sizes: how often each size occurs.
    """
    if not sizes:
        return ()
    rows = sorted(sizes, key=lambda size: (math.prod(size), size))
    half, passed = sum(sizes.values()) / 2, 0
    median = rows[-1]
    for size in rows:
        passed += sizes[size]
        if passed >= half:
            median = size
            break
    return rows[0], median, rows[-1]
