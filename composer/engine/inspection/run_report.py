"""The report of `netcomposer inspect`: the maps of one image of a run as arrays, images, one sheet and `maps.json`."""

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image

from composer.core.errors import UserError
from composer.core.files.atomic import write_atomically
from composer.core.files.replacing import check_folder_files, record_folder_files
from composer.engine.inference.infer import Inferrer
from composer.engine.inspection.inspection import Inspection, inspect_image, map_title, write_maps
from composer.engine.inspection.subject import open_run
from composer.engine.maps import overlay
from composer.engine.training.storage.run import Run

KIND = "inspection"
SHEET, MAPS = "attention.png", "maps.json"
SHEET_TILES = 11  # three rows of four, the input included


def inspect_run(run_dir: Path, image: Path | None, sample: int | None, out: Path, *, force: bool = False) -> list[str]:
    """Write the maps of one image of a run: arrays, images, and `attention.png`, which shows them all.

    Args:
        run_dir: folder of the run.
        image: an image file, or
        sample: number of a validation image.
        out: folder for the files.
        force: whether to replace files that an earlier inspection did not write, and to take weights although the
            design or the blocks have changed since the training.

    Returns:
        Lines for the user: the prediction, then the files.

    Raises:
        UserError: if the run or the image cannot be read, or files of the user would be replaced.
    """
    if image is not None and sample is not None:
        raise UserError("--image and --sample exclude each other; leave one of them out")
    check_folder_files(out, (SHEET, MAPS), kind=KIND, force=force)
    inferrer = Inferrer()
    subject = open_run(Run.open(run_dir), inferrer, force=force)
    notes = list(subject.weights.remarks) if subject.weights is not None else []
    inspection = inspect_image(subject, inferrer.catalog, image=image, sample=sample)
    notes += inspection.notes
    with tempfile.TemporaryDirectory(prefix="netcomposer_maps_") as scratch:
        # Complete in a scratch folder first: only then is it known which files there are and which they would replace.
        count = _write_report(inspection, notes, Path(scratch))
        files = {path.relative_to(scratch).as_posix(): path for path in Path(scratch).rglob("*") if path.is_file()}
        check_folder_files(out, files, kind=KIND, force=force)
        try:
            (out / "maps").mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"{out}: cannot be written: {error.strerror or error}") from None
        for name, path in files.items():
            content = path.read_bytes()
            write_atomically(out / name, lambda file, content=content: file.write(content))  # type: ignore[misc]
        record_folder_files(out, files, kind=KIND)
    classes = ", ".join(f"{label} {share:.1%}" for label, share in inspection.prediction[:3]) or "no class scores"
    truth = f" (true: {inspection.label})" if inspection.label else ""
    lines = [f"predicted: {classes}{truth}", *(f"note: {note}" for note in notes), f"{count} maps"]
    return [*lines, str(out / SHEET), str(out / MAPS)]


def _write_report(inspection: Inspection, notes: list[str], folder: Path) -> int:
    """Write all files of a report into an empty folder and return the number of maps."""
    entries = write_maps(inspection, folder / "maps")
    attention_sheet(inspection).save(folder / SHEET)
    for entry, (_, drawing) in zip(entries, inspection.maps, strict=True):
        overlay.tile(inspection.display, drawing).save(Path(entry["file"]).with_suffix(".png"))
    best = [{"label": label, "probability": round(share, 6)} for label, share in inspection.prediction]
    maps = [_with_relative_files(entry, folder) for entry in entries]
    summary = {"label": inspection.label, "prediction": best, "notes": notes, "maps": maps}
    (folder / MAPS).write_text(json.dumps(summary, indent=2), encoding="utf-8")
    return len(entries)


def attention_sheet(inspection: Inspection) -> Image.Image:
    """Draw the image and the first image of each map on one page, those over the image first."""
    best = "no class scores"
    if inspection.prediction:
        best = f"{inspection.prediction[0][0]} ({inspection.prediction[0][1]:.0%})"
    display = inspection.display
    tiles = [
        (
            overlay.fit_square(display),
            f"input: {inspection.label}" if inspection.label else "input",
            f"predicted: {best}",
        )
    ]
    # The first image of every map, then single heads as far as there is space.
    order = sorted(range(len(inspection.maps)), key=lambda index: not inspection.maps[index][1].over_image)
    selected = [(index, 0) for index in order]
    heads = [(index, number) for index in order for number in range(1, len(inspection.maps[index][1].titles))]
    selected += heads[: max(0, SHEET_TILES - len(selected))]
    for index, number in sorted(selected, key=lambda tile: (order.index(tile[0]), tile[1])):
        captured, drawing = inspection.maps[index]
        line = f"{drawing.titles[number]}, {drawing.grid[0]} x {drawing.grid[1]}"
        tiles.append((overlay.tile(display, drawing, number), map_title(captured), line))
    return overlay.sheet(tiles)


def _with_relative_files(entry: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Return an entry whose file names are relative to a folder, so that the folder can be moved."""

    def relative(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: relative(item) for key, item in value.items()}
        return os.path.relpath(value, folder) if isinstance(value, str) and value.endswith(".npy") else value

    return {key: relative(value) for key, value in entry.items()}
