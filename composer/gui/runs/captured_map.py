"""A map that the engine captured, as the pictures and bars that can be made from it; arrays are read from files, small ones whole."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from composer.core import units


@dataclass(frozen=True)
class Shown:
    """One thing to look at.

    Args:
        title: what it is.
        values: numpy array: a picture (h, w), or bars (n,).
        over_image: whether a picture lies over the image.
        axis: what the bars count.
    """

    title: str
    values: Any
    over_image: bool = False
    axis: str = ""

    @property
    def bars(self) -> bool:
        """Whether it is drawn as bars."""
        return bool(self.values.ndim == 1)


@dataclass(frozen=True)
class CapturedMap:
    """One entry of an answer to `capture`."""

    entry: Mapping[str, Any]

    @property
    def key(self) -> tuple[Any, ...]:
        """What names the same map in another answer."""
        return self.entry["layer"], self.entry["kind"], self.entry["call"], self.entry["title"]

    @property
    def node(self) -> str:
        """The node of the main graph that it belongs to."""
        return str(self.entry["node"])

    @property
    def path(self) -> tuple[str, ...]:
        """Node ids from the main graph inwards."""
        return tuple(part for part in str(self.entry["layer"]).split(".") if not part.isdigit())

    @property
    def title(self) -> str:
        """Its name for people."""
        return str(self.entry["title"])

    @property
    def notes(self) -> Sequence[str]:
        """What the viewer should know."""
        return tuple(self.entry.get("notes", ()))

    @property
    def detail(self) -> str:
        """Its size in words."""
        if self.entry["kind"] == "channel":
            return str(max(self.entry["grid"]))
        return units.TIMES.join(str(size) for size in self.entry["grid"])

    @property
    def has_queries(self) -> bool:
        """Whether a place can be asked what it looks at."""
        return bool(self.entry.get("queries"))

    @cached_property
    def pictures(self) -> list[Shown]:
        """Everything that can be shown without asking a place."""
        import numpy as np

        stack = np.load(self.entry["pictures"]["file"], allow_pickle=False)
        titles, over, kind = self.entry["pictures"]["titles"], bool(self.entry["over_image"]), self.entry["kind"]
        if kind == "channel":
            return [Shown(titles[0], stack[0].ravel(), axis="channel")]
        if kind == "branch":
            table = stack[0]
            whole = [Shown("weight of each branch", table.mean(1) if len(table) > 1 else table[0], axis="branch")]
            return [*whole, Shown("branches (rows) by channel", table)] if len(table) > 1 else whole
        if kind == "segment":
            table = stack[0]
            chosen = np.bincount(table.argmax(1), minlength=table.shape[1])
            return [
                Shown("units that choose each segment", chosen.astype(np.float32), axis="segment"),
                Shown(titles[0], table),
            ]
        return [Shown(title, picture, over) for title, picture in zip(titles, stack, strict=True)]

    @cached_property
    def _queries(self) -> Any:
        import numpy as np

        # The attention of all places may have 64 MB: only the asked part is read.
        return np.load(self.entry["queries"]["file"], mmap_mode="r", allow_pickle=False)

    def paid_by(self, row: float, column: float) -> list[Shown]:
        """What a place of the image looks at: the mean over heads, then each head.

        Args:
            row: share of the height, from 0 to 1.
            column: share of the width.
        """
        import numpy as np

        heads, rows, columns = self._queries.shape[:3]
        at = np.array(self._queries[:, min(int(row * rows), rows - 1), min(int(column * columns), columns - 1)])
        if heads == 1:
            return [Shown("mean of heads", at[0], True)]
        return [
            Shown("mean of heads", at.mean(0), True),
            *(Shown(f"head {number + 1}", at[number], True) for number in range(heads)),
        ]

    def query_cell(self, row: float, column: float) -> tuple[float, float, float, float]:
        """Top, left, height and width of the place that was asked, in shares of the image."""
        rows, columns = self.entry["queries"]["grid"]
        return (
            int(min(row * rows, rows - 1)) / rows,
            int(min(column * columns, columns - 1)) / columns,
            1 / rows,
            1 / columns,
        )
