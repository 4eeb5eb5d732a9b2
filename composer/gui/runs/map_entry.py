"""A captured map as the engine describes it, and the views of it; arrays are read from files when first shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from composer.core import units


@dataclass(frozen=True)
class DisplayedMap:
    """One view of a map.

    Args:
        title: what it shows.
        values: numpy array: an image or table (h, w), or bars (n,).
        over_image: whether it is drawn over the image.
        axis: what is counted along the bars.
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
class MapEntry:
    """One map of a reply to `capture_maps`.

    Args:
        entry: the reply's values; see `composer.engine.inspection.inspection.write_maps`.
    """

    entry: Mapping[str, Any]

    @property
    def key(self) -> tuple[Any, ...]:
        """Identifies the same map in another reply."""
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
    def over_image(self) -> bool:
        """Whether its images are drawn over the image."""
        return bool(self.entry["over_image"])

    @property
    def detail(self) -> str:
        """Its size in words; of a single row its length."""
        rows, columns = self.entry["grid"]
        return str(columns) if rows == 1 else f"{rows}{units.TIMES}{columns}"

    @property
    def has_queries(self) -> bool:
        """Whether a position can be selected to show what it attends to."""
        return bool(self.entry.get("queries"))

    @cached_property
    def views(self) -> list[DisplayedMap]:
        """Everything that can be shown without a selected position: bars first, then images or tables."""
        import numpy as np

        images = np.load(self.entry["images"]["file"], allow_pickle=False)
        titles, bars = self.entry["images"]["titles"], self.entry["bars"]
        views = [DisplayedMap(title, image, self.over_image) for title, image in zip(titles, images, strict=True)]
        if not bars:
            return views
        values = np.load(bars["file"], allow_pickle=False)
        single_row = images.shape[1] == 1  # a table of one row holds what the bars show
        return [DisplayedMap(bars["title"], values, axis=bars["axis"]), *([] if single_row else views)]

    @cached_property
    def _queries(self) -> Any:
        import numpy as np

        # The attention of all positions can take 64 MB: only the selected part is read.
        return np.load(self.entry["queries"]["file"], mmap_mode="r", allow_pickle=False)

    def attention_of(self, row: float, column: float) -> list[DisplayedMap]:
        """Return what a position of the image attends to: the mean over heads, then each head.

        Args:
            row: share of the height, from 0 to 1.
            column: share of the width.
        """
        import numpy as np

        heads, rows, columns = self._queries.shape[:3]
        paid = np.array(self._queries[:, min(int(row * rows), rows - 1), min(int(column * columns), columns - 1)])
        mean = DisplayedMap("mean of heads", paid.mean(0), over_image=True)
        if heads == 1:
            return [mean]
        return [mean, *(DisplayedMap(f"head {number + 1}", paid[number], over_image=True) for number in range(heads))]

    def query_cell(self, row: float, column: float) -> tuple[float, float, float, float]:
        """Return top, left, height and width of a query position, in shares of the image."""
        rows, columns = self.entry["queries"]["grid"]
        return (
            int(min(row * rows, rows - 1)) / rows,
            int(min(column * columns, columns - 1)) / columns,
            1 / rows,
            1 / columns,
        )
