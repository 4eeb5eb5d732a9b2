"""Looking into a network: an image goes in, its maps come back as files. Behind `inspect` and the window's attention panel."""

import atexit
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from torch import Tensor, nn

from composer.core.errors import UserError
from composer.core.files.atomic import write_atomically
from composer.core.files.design_file import design_hash
from composer.core.files.design_json import from_json
from composer.core.graph import Design
from composer.engine import library
from composer.engine.codegen.build import build
from composer.engine.inspection import overlay
from composer.engine.inspection.capture import CapturedMap, capture
from composer.engine.inspection.map_images import Pictures, pictures
from composer.engine.training import data as datasets
from composer.engine.training.data import DataSet
from composer.engine.training.run import BEST, LAST, Run

SHOWN_SIZE = 256
KEPT_CAPTURES = 4  # folders of earlier answers that the window may still have open
TOP = 5
SHEET_TILES = 11  # with the input three rows of four
KIND_WORDS = {
    "token_pairs": "attention",
    "signed_pairs": "attention with signs",
    "windows": "window attention",
    "grid": "grid attention",
    "channel": "channel gate",
    "channel_pairs": "attention between channels",
    "spatial": "spatial gate",
    "branch": "branch weights",
    "local": "local attention",
    "signed_local": "local weights with signs",
    "segment": "dendritic segments",
}


@dataclass(frozen=True)
class Subject:
    """A network to look into and the data it was made for."""

    design: Design
    model: nn.Module
    data: DataSet
    trained: bool


@dataclass(frozen=True)
class View:
    """What one image does in a network."""

    image: Tensor
    shown: Image.Image
    label: str | None
    prediction: tuple[tuple[str, float], ...]
    maps: tuple[tuple[CapturedMap, Pictures], ...]


def open_run(run: Run) -> Subject:
    """The network of a run with its best weights; of the code in the run's folder nothing is executed.

    Raises:
        UserError: if there are no weights yet, or they do not fit the network.
    """
    checkpoint = run.load(BEST) or run.load(LAST)
    if checkpoint is None:
        raise UserError(f"{run.path} has no weights yet: its first epoch is not finished")
    design = run.design()
    model = build(design)
    try:
        model.load_state_dict(checkpoint["model"])
    except RuntimeError as error:
        reason = str(error).strip().split("\n")[-1].strip()
        raise UserError(
            f"{run.path}: the saved weights do not fit the network: {reason:.200}; were its blocks changed?"
        ) from None
    name = run.settings().get("training", {}).get("data", design.training.data)
    return Subject(design, model.eval(), datasets.load(name, datasets.input_shape(design)), trained=True)


def open_design(design: Design) -> Subject:
    """The network of a design with the weights it would start training from."""
    data = datasets.load(design.training.data, datasets.input_shape(design))
    return Subject(design, build(design, seed=design.training.seed).eval(), data, trained=False)


def view(
    subject: Subject, *, image: Path | None = None, sample: int | None = None, nodes: list[str] | None = None
) -> View:
    """Send one image through a network and bring back its maps.

    Args:
        subject: the network.
        image: a file of the user's.
        sample: number of a validation image; the first when there is no file either.
        nodes: only maps of these nodes of the main graph.

    Raises:
        UserError: if the image cannot be read, or there is no such sample.
    """
    label = None
    if image is not None:
        tensor = subject.data.prepare(datasets.read_picture(image))
    else:
        split = subject.data.val
        number = sample or 0
        if not 0 <= number < len(split):
            raise UserError(
                f"sample {number} does not exist; the validation images of {subject.data.name} are 0 to {len(split) - 1}"
            )
        tensor, label = split.take(slice(number, number + 1)), subject.data.classes[int(split.labels[number])]
    output, found = capture(subject.model, tensor, library.catalog(), blocks_by_path(subject.design), nodes)
    shown = subject.data.picture(tensor[0], SHOWN_SIZE)
    return View(
        tensor[0], shown, label, predict(output, subject.data.classes), tuple((item, pictures(item)) for item in found)
    )


def blocks_by_path(design: Design) -> dict[str, str]:
    """Block name of each node of the main graph."""
    return {id: node.block for id, node in design.main.nodes.items() if node.subgraph is None}


def predict(output: object, classes: tuple[str, ...]) -> tuple[tuple[str, float], ...]:
    """The likeliest classes, best first; nothing if the output is not one score a class."""
    if not isinstance(output, Tensor) or output.ndim != 2 or output.shape[1] != len(classes):
        return ()
    shares, order = output[0].float().softmax(0).sort(descending=True)
    return tuple((classes[int(number)], float(share)) for share, number in zip(shares[:TOP], order[:TOP], strict=True))


def title(found: CapturedMap) -> str:
    """A map's name for people: ``attn: attention``, with the inner layer and the count where there are several."""
    inner = found.layer.removeprefix(found.node).strip(".")
    place = f"{found.node} ({inner})" if inner else found.node
    return f"{place}: {KIND_WORDS[found.kind]}" + (f" {found.call + 1}" if found.call else "")


def write_view(seen: View, folder: Path) -> list[dict[str, Any]]:
    """Write a view's image and arrays; returns one entry a map, for the pipe."""
    folder.mkdir(parents=True, exist_ok=True)
    seen.shown.save(folder / "image.png")
    entries = []
    for number, (found, shown) in enumerate(seen.maps):
        stem = f"{number:03d}_{found.layer.replace('.', '_')}_{found.kind}"
        main, stack = folder / f"{stem}.npy", folder / f"{stem}_pictures.npy"
        np.save(main, shown.pictures[0].numpy())
        np.save(stack, shown.pictures.numpy())
        queries = None
        if shown.queries is not None:
            np.save(folder / f"{stem}_queries.npy", shown.queries.numpy())
            queries = {"file": str(folder / f"{stem}_queries.npy"), "grid": list(shown.queries.shape[1:3])}
        entries.append(
            {
                "node": found.node,
                "layer": found.layer,
                "call": found.call,
                "kind": found.kind,
                "title": title(found),
                "shape": list(found.shape),
                "grid": list(shown.grid),
                "over_image": shown.over_image,
                "file": str(main),
                "pictures": {"file": str(stack), "titles": list(shown.titles)},
                "queries": queries,
                "notes": list(shown.notes),
            }
        )
    return entries


def attention_sheet(seen: View) -> Image.Image:
    """The image and the main picture of each map on one page, those over the image first."""
    best = f"{seen.prediction[0][0]} ({seen.prediction[0][1]:.0%})" if seen.prediction else "no class scores"
    tiles = [(overlay.fitted(seen.shown), f"input: {seen.label}" if seen.label else "input", f"predicted: {best}")]
    # The main picture of every map, then, as far as there is room, the single heads.
    places = sorted(range(len(seen.maps)), key=lambda place: not seen.maps[place][1].over_image)
    chosen = [(place, 0) for place in places]
    heads = [(place, number) for place in places for number in range(1, len(seen.maps[place][1].titles))]
    chosen += heads[: max(0, SHEET_TILES - len(chosen))]
    for place, number in sorted(chosen, key=lambda row: (places.index(row[0]), row[1])):
        found, shown = seen.maps[place]
        line = f"{shown.titles[number]}, {shown.grid[0]} x {shown.grid[1]}"
        tiles.append((overlay.tile(seen.shown, shown, number), title(found), line))
    return overlay.sheet(tiles)


def inspect_run(run_dir: Path, image: Path | None, sample: int | None, out: Path) -> list[str]:
    """Write the maps of one image of a run: arrays, pictures, and `attention.png`, which shows them all.

    Args:
        run_dir: folder of the run.
        image: a file of the user's, or
        sample: number of a validation image.
        out: folder for the files.

    Returns:
        Lines for the user: what was predicted, then the files.

    Raises:
        UserError: if the run or the image cannot be read.
    """
    if image is not None and sample is not None:
        raise UserError("give either an image or a sample, not both")
    seen = view(open_run(Run.open(run_dir)), image=image, sample=sample)
    try:
        entries = write_view(seen, out / "maps")
        attention_sheet(seen).save(out / "attention.png")
        for entry, (_, shown) in zip(entries, seen.maps, strict=True):
            overlay.tile(seen.shown, shown).save(Path(entry["file"]).with_suffix(".png"))
    except OSError as error:
        raise UserError(f"{out}: cannot be written: {error.strerror or error}") from None
    best = [{"label": label, "probability": round(share, 6)} for label, share in seen.prediction]
    summary = {"label": seen.label, "prediction": best, "maps": [_beside(entry, out) for entry in entries]}
    write_atomically(out / "maps.json", lambda file: file.write(json.dumps(summary, indent=2).encode()))
    said = ", ".join(f"{label} {share:.1%}" for label, share in seen.prediction[:3]) or "no class scores"
    truth = f" (true: {seen.label})" if seen.label else ""
    return [f"predicted: {said}{truth}", f"{len(entries)} maps", str(out / "attention.png"), str(out / "maps.json")]


def _beside(entry: dict[str, Any], out: Path) -> dict[str, Any]:
    """An entry whose files are named from the folder it lies in, so that the folder can be moved."""

    def short(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: short(item) for key, item in value.items()}
        return os.path.relpath(value, out) if isinstance(value, str) and value.endswith(".npy") else value

    found: dict[str, Any] = short(entry)
    return found


# -- requests of the window --------------------------------------------------------------------------------------------

_folders: list[Path] = []
_last: tuple[object, Subject] | None = None


def handlers_images(params: Mapping[str, Any], progress: Callable[[float, str], None]) -> dict[str, Any]:
    """Validation images of the data set that a design trains on, as pictures.

    Args:
        params: ``design``, and optionally ``data`` and ``count``.
        progress: told how far it is.
    """
    design = from_json(params["design"])
    progress(0.1, "loading the data")
    data = datasets.load(params.get("data") or design.training.data, datasets.input_shape(design))
    rows = []
    for index in range(min(int(params.get("count") or 24), len(data.val))):
        picture = datasets.png_base64(data.picture(data.val.take(slice(index, index + 1))[0], 64))
        rows.append({"index": index, "label": data.classes[int(data.val.labels[index])], "png_base64": picture})
    return {"images": rows}


def handlers_capture(params: Mapping[str, Any], progress: Callable[[float, str], None]) -> dict[str, Any]:
    """Maps of one image, as files.

    Args:
        params: ``design``, ``run`` (a folder, or None for untrained weights), ``image`` (``{"sample"}`` or ``{"path"}``), ``nodes``.
        progress: told how far it is.
    """
    design = from_json(params["design"])
    notes: list[str] = []
    progress(0.1, "loading the network")
    subject = _subject(design, params.get("run"))
    if subject.trained and design_hash(subject.design) != design_hash(design):
        notes.append("the design has changed since this run; the maps are of the network that was trained")
    if not subject.trained:
        notes.append("the network is not trained yet: its weights are random")
    progress(0.5, "looking")
    asked = params.get("image") or {}
    path = asked.get("path")
    seen = view(subject, image=Path(path) if path else None, sample=asked.get("sample"), nodes=params.get("nodes"))
    progress(0.8, "writing the maps")
    folder = _fresh_folder()
    entries = write_view(seen, folder)
    return {
        "image_png": str(folder / "image.png"),
        "image_size": list(seen.image.shape[1:]),
        "prediction": [{"label": label, "probability": share} for label, share in seen.prediction],
        "label": seen.label,
        "trained": subject.trained,
        "notes": notes,
        "folder": str(folder),
        "maps": entries,
    }


def _subject(design: Design, run_path: str | None) -> Subject:
    """The network, kept from the last request as long as nothing about it changed."""
    global _last  # noqa: PLW0603 - a cache of one, for a person who clicks from image to image
    run = Run.open(run_path) if run_path else None
    key: object = (design_hash(design), design.training)
    if run is not None:
        weights = next((path for path in (run.path / BEST, run.path / LAST) if path.exists()), run.path)
        key = (run.path, weights, weights.stat().st_mtime_ns)
    if _last is None or _last[0] != key:
        _last = (key, open_run(run) if run is not None else open_design(design))
    return _last[1]


def _fresh_folder() -> Path:
    """A new folder for an answer; old ones go."""
    if not _folders:
        atexit.register(_remove_folders)
    _folders.append(Path(tempfile.mkdtemp(prefix="netcomposer_maps_")))
    while len(_folders) > KEPT_CAPTURES:
        shutil.rmtree(_folders.pop(0), ignore_errors=True)
    return _folders[-1]


def _remove_folders() -> None:
    for folder in _folders:
        shutil.rmtree(folder, ignore_errors=True)
