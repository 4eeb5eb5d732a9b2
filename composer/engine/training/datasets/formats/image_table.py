"""Arrow tables of images and labels: the columns that hold them, their rows as image files, and the names of classes.

Tables come from parquet files and from the cache of Hugging Face's ``datasets``, which describes its classes in the
metadata of the schema. pyarrow is imported where a table is made, so nothing here imports it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from composer.core.errors import UserError
from composer.core.json_text import load_json
from composer.engine.training.datasets.image_file import EncodedImage, ImageSource

IMAGE_NAMES = ("image", "img", "picture", "photo")
LABEL_NAMES = ("label", "labels", "fine_label", "class", "target", "category", "y")


@dataclass(frozen=True)
class Columns:
    """The two columns of a table that are used.

    Args:
        image: name of the column of images.
        label: name of the column of labels.
        classes: names of the classes, if the schema states them.
    """

    image: str
    label: str
    classes: tuple[str, ...]


def find_columns(schema: Any, where: str, image: str = "", label: str = "") -> Columns:
    """Return the columns of images and labels.

    Args:
        schema: the Arrow schema.
        where: what the table is, for messages.
        image: name of the column of images; found by its type if empty.
        label: name of the column of labels; found by its name if empty.

    Raises:
        UserError: if there is no such column, or none can be recognized.
    """
    for name in filter(None, (image, label)):
        if name not in schema.names:
            raise UserError(f"{where}: has no column {name!r:.60}; its columns are: {', '.join(schema.names)}")
    if not image:
        candidates = [name for name in schema.names if _holds_files(schema.field(name).type)]
        image = next((name for name in IMAGE_NAMES if name in candidates), candidates[0] if candidates else "")
    if not image:
        raise UserError(
            f"{where}: no column holds image files (bytes, or a struct of bytes and path); "
            f"its columns are: {_described(schema)}"
        )
    if not _holds_files(schema.field(image).type):
        raise UserError(f"{where}: the column {image} is {schema.field(image).type}, expected image files as bytes")
    others = [name for name in schema.names if name != image]
    label = label or next((name for name in LABEL_NAMES if name in others), others[0] if len(others) == 1 else "")
    if not label:
        raise UserError(f"{where}: which column holds the labels is not clear; choose one of: {_described(schema)}")
    return Columns(image, label, _class_names(schema, label))


def read_labels(table: Any, columns: Columns, where: str) -> NDArray[Any]:
    """Return the labels of a table, integers or texts.

    Raises:
        UserError: if one is missing, or they are neither.
    """
    values = table.column(columns.label)
    if values.null_count:
        row = next(number for number, valid in enumerate(values.is_valid().to_pylist()) if not valid)
        raise UserError(f"{where}: row {row} has no {columns.label}; remove the rows without one")
    kind = str(values.type)
    if kind.startswith(("int", "uint", "bool", "float", "double")):
        return np.asarray(values.to_numpy())
    if "string" in kind:  # also dictionaries of strings
        return np.array(values.to_pylist(), dtype=object)
    raise UserError(f"{where}: the column {columns.label} is {kind}, expected integers or texts")


class ImageRows(Sequence[ImageSource]):
    """The images of a table, row by row, without a copy of all of them.

    Args:
        column: the Arrow column.
        folder: what paths in it are relative to.
    """

    def __init__(self, column: Any, folder: Path) -> None:
        self._chunks = column.chunks
        self._starts = np.cumsum([0, *(len(chunk) for chunk in self._chunks)])
        self._folder = folder

    def __len__(self) -> int:
        return int(self._starts[-1])

    @overload
    def __getitem__(self, index: int) -> ImageSource: ...

    @overload
    def __getitem__(self, index: slice) -> list[ImageSource]: ...

    def __getitem__(self, index: int | slice) -> ImageSource | list[ImageSource]:
        """Return one image, or a list of some."""
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(len(self)))]
        chunk = int(np.searchsorted(self._starts, index, "right")) - 1
        value: Any = self._chunks[chunk][index - int(self._starts[chunk])].as_py()
        name = f"row {index}"
        if not isinstance(value, dict):
            return EncodedImage(name, value or b"")
        content, path = value.get("bytes"), value.get("path")
        if content is None and isinstance(path, str) and path:
            return self._folder / path
        return EncodedImage(name, content or b"")


def _holds_files(kind: Any) -> bool:
    """Return whether a column of an Arrow type may hold image files."""
    text = str(kind)
    return text in ("binary", "large_binary") or (text.startswith("struct<") and "bytes: binary" in text)


def _described(schema: Any) -> str:
    return ", ".join(f"{name} ({schema.field(name).type})" for name in schema.names)


def _class_names(schema: Any, label: str) -> tuple[str, ...]:
    """Return the names of the classes that Hugging Face's ``datasets`` writes into the schema."""
    try:
        description = load_json((schema.metadata or {})[b"huggingface"].decode())
        feature = description["info"]["features"][label]
        names = feature["names"] if feature.get("_type") == "ClassLabel" else ()
        return tuple(map(str, names))
    except (KeyError, TypeError, ValueError, AttributeError):
        return ()
