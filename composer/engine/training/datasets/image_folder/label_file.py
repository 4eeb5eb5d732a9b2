"""A list of images with their labels in CSV, TSV or JSON lines; the columns are recognized by their names."""

import csv
import io
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from composer.core.errors import UserError
from composer.core.json_text import load_json
from composer.core.name_list import list_names
from composer.engine.training.datasets.image_folder.listing import PART_OF, ListedImage, Listing

SUFFIXES = frozenset({".csv", ".tsv", ".jsonl", ".ndjson"})
# A list inside a folder that speaks for the folder, as the Hugging Face hub has it.
NAMES = ("metadata.csv", "metadata.jsonl", "labels.csv", "labels.jsonl")
MAX_BYTES = 2**30
COLUMNS = {
    "path": (
        "path",
        "file_name",
        "filename",
        "file",
        "filepath",
        "file_path",
        "image",
        "image_path",
        "img",
        "image_name",
        "image_id",
        "image_file",
    ),
    "label": ("label", "class", "category", "class_name", "target", "labels", "y"),
    "split": ("split", "part", "subset"),
}
Row = tuple[int, Mapping[str, Any]]  # line, values by column


def find_list(folder: Path) -> Path | None:
    """Return the list that a folder holds for its images, if any."""
    return next((folder / name for name in NAMES if (folder / name).is_file()), None)


def list_file(path: Path) -> Listing:
    """Return the samples that a list names; paths are relative to its folder.

    Raises:
        UserError: if it cannot be read, lacks a column, or has an unknown part.
    """
    rows = _read(path)
    if not rows:
        raise UserError(f"{path}: has no rows; expected one for each image, with the columns path and label")
    columns = _columns(path, rows)
    images: list[ListedImage] = []
    broken: list[tuple[str, str]] = []
    seen: dict[str, int] = {}
    for line, row in rows:
        name, label = _text(row.get(columns["path"])), _text(row.get(columns["label"]))
        if not name or not label:
            broken.append((f"{path.name}, line {line}", f"has no {'path' if not name else 'label'}"))
            continue
        part = _part(path, line, row.get(columns["split"])) if "split" in columns else ""
        if name in seen:
            broken.append((f"{path.name}, line {line}", f"{name} is listed in line {seen[name]} already"))
            continue
        seen[name] = line
        try:
            status = os.stat(path.parent / name)  # noqa: PTH116 - a path object for each of a million rows takes seconds
        except (OSError, ValueError):
            broken.append((name, "file does not exist"))
            continue
        images.append(ListedImage(name, label, part, status.st_size, status.st_mtime_ns))
    if not images:
        raise UserError(f"{path}: none of its {len(rows):,} rows names a file; {broken[0][0]}: {broken[0][1]}")
    _check_parts(path, images)
    images.sort(key=lambda item: item.path)
    return Listing(path.parent, tuple(images), broken=tuple(broken))


def _read(path: Path) -> list[Row]:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UserError(f"{path}: is larger than {MAX_BYTES // 2**30} GB, too large for a list of images")
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if path.suffix.lower() in (".jsonl", ".ndjson"):
        return list(_json_rows(path, text))
    try:
        return list(_csv_rows(path, text))
    except csv.Error as error:
        raise UserError(f"{path}: cannot be read as a table: {error}") from None


def _json_rows(path: Path, text: str) -> Iterator[Row]:
    for line, row in enumerate(text.splitlines(), 1):
        if not row.strip():
            continue
        try:
            value = load_json(row)
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict):
            raise UserError(f"{path}, line {line}: {row.strip()[:40]!r} is no JSON object; expected path and label")
        yield line, {str(key).strip().lower(): item for key, item in value.items()}


def _csv_rows(path: Path, text: str) -> Iterator[Row]:
    head = text.split("\n", 1)[0]
    delimiter = "\t" if path.suffix.lower() == ".tsv" else max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    names: list[str] | None = None
    for cells in reader:
        if not any(cell.strip() for cell in cells):
            continue
        if names is None:
            names = [cell.strip().lower() for cell in cells]
            if not any(name in COLUMNS["path"] for name in names) and (path.parent / cells[0].strip()).is_file():
                names = ["path", "label", "split"][: len(cells)]  # no header: the first row names a file already
            else:
                continue
        yield reader.line_num, dict(zip(names, cells, strict=False))


def _columns(path: Path, rows: list[Row]) -> dict[str, str]:
    """Return the column of each meaning.

    Raises:
        UserError: if path or label is missing.
    """
    names = list(rows[0][1])
    columns = {
        meaning: next(name for name in candidates if name in names)
        for meaning, candidates in COLUMNS.items()
        if any(name in names for name in candidates)
    }
    for meaning in ("path", "label"):
        if meaning not in columns:
            raise UserError(
                f"{path}: has the columns {list_names(names)}, but none for the {meaning}; "
                f"name it one of: {', '.join(COLUMNS[meaning][:4])}"
            )
    return columns


def _text(value: Any) -> str:
    """Return a cell as a text; empty if there is none."""
    if value is None or isinstance(value, dict | list):
        return ""
    return (value if isinstance(value, str) else json.dumps(value)).strip()


def _part(path: Path, line: int, value: Any) -> str:
    text = _text(value)
    part = PART_OF.get(text.lower())
    if part is None:
        raise UserError(f"{path}, line {line}: the part is {text!r:.40}, expected train, val or test")
    return part


def _check_parts(path: Path, images: list[ListedImage]) -> None:
    parts = {item.part for item in images}
    if parts == {""}:
        return
    train = {item.label for item in images if item.part == "train"}
    if not train:
        raise UserError(f"{path}: has rows of {' and '.join(sorted(parts))}, but none of train")
    for part in ("val", "test"):
        if extra := sorted({item.label for item in images if item.part == part} - train):
            raise UserError(
                f"{path}: {part} has the class {list_names(extra)}, which train lacks; add rows of it to train"
            )
