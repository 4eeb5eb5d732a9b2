"""The window's requests for what is known of data and for thumbnails of its samples."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from composer.core.errors import UserError
from composer.core.extension_text import absolute_reference, read_reference
from composer.core.graph import ExtensionRef
from composer.core.training_inputs import IMAGE
from composer.engine.training.datasets import LoadedDataset, load, load_facts, make_dataset
from composer.engine.training.datasets.gallery import DataGallery, GalleryPart
from composer.engine.training.datasets.image_file import UserImage
from composer.engine.training.datasets.image_format import png_base64
from composer.engine.training.datasets.progress import progress_to
from composer.engine.training.datasets.splits import MemorySplit, Split

Report = Callable[[float, str], None]
MAX_SAMPLES = 256  # of one reply
MAX_SIDE = 1024
# Width and height where a dataset draws images of any size.
DRAWN = (64, 64)
MAX_GALLERIES = 4
_galleries: dict[Any, DataGallery] = {}


def data_facts(params: Mapping[str, Any], progress: Report) -> dict[str, Any]:
    """Return what is known of a dataset.

    Args:
        params: ``data`` (as YAML holds it) and ``folder``, what paths are relative to; None for a design without a
            file.
        progress: receives a fraction and a message; it may raise to cancel.
    """
    with progress_to(progress):
        _galleries.clear()  # the files may have changed
        return load_facts(_reference(params)).to_json()


def data_samples(params: Mapping[str, Any], progress: Report) -> dict[str, Any]:
    """Return thumbnails of samples.

    Args:
        params: ``data`` and ``folder``, see `data_facts`; ``part``; ``offset`` and ``count`` among the samples of the
            class ``label``, or of all classes if that is None; ``size``, the longest side in pixels.
        progress: receives a fraction and a message; it may raise to cancel.

    Returns:
        ``total``, the number of such samples, and ``samples``, each with ``index`` (in the part), ``name``, ``label``
        and ``png`` (base64; empty without images).
    """
    with progress_to(progress):
        gallery = gallery_of(_reference(params))
        part = select_part(gallery, str(params.get("part", "train")))
        label = params.get("label")
        numbers = torch.arange(part.count)
        if label is not None and part.labels is not None:
            numbers = numbers[part.labels == int(label)]
        offset, count = max(0, int(params.get("offset", 0))), min(MAX_SAMPLES, int(params.get("count", 24)))
        size = max(1, min(MAX_SIDE, int(params.get("size", 72))))
        rows = []
        selected = numbers[offset : offset + count].tolist()
        for position, index in enumerate(selected):
            progress(position / len(selected), "reading images")
            rows.append(
                {
                    "index": index,
                    "name": part.name(index),
                    "label": gallery.label(str(params.get("part", "train")), index),
                    "png": _thumbnail(part, index, size),
                }
            )
        return {"total": len(numbers), "samples": rows}


def gallery_of(reference: ExtensionRef) -> DataGallery:
    """Return the samples of a dataset; the last galleries are cached until `data_facts` reads the data again."""
    key = (reference.name, tuple(reference.options.items()))
    if key not in _galleries:
        _galleries[key] = make_dataset(reference).gallery() or _loaded_gallery(reference)
        while len(_galleries) > MAX_GALLERIES:
            del _galleries[next(iter(_galleries))]
    return _galleries[key]


def select_part(gallery: DataGallery, name: str) -> GalleryPart:
    """Return a part of a gallery.

    Raises:
        UserError: if there is no such part.
    """
    if name not in gallery.parts:
        raise UserError(f"the data has no part {name!r:.40}; its parts are: {', '.join(gallery.parts)}")
    return gallery.parts[name]


def _reference(params: Mapping[str, Any]) -> ExtensionRef:
    folder = Path(params["folder"]) if params.get("folder") else Path.cwd()
    return absolute_reference("data", read_reference("data", params["data"]), folder)


def _loaded_gallery(reference: ExtensionRef) -> DataGallery:
    """Return the samples of a dataset that is loaded at the size of its own images."""
    facts = load_facts(reference)
    shapes: dict[str, tuple[int, ...]] = {}
    for name, item in facts.fields.items():
        if item.shape is not None:
            shapes[name] = item.shape
        elif item.kind == IMAGE:
            width, height = facts.sizes[len(facts.sizes) // 2] if facts.sizes else DRAWN
            shapes[name] = (facts.channels or 3, height, width)
    data = load(reference, shapes)
    parts = {
        name: GalleryPart(len(split), split.labels, split.name, _image_reader(data, split))
        for name, split in data.parts().items()
    }
    return DataGallery(data.classes, parts)


def _image_reader(data: LoadedDataset, split: Split) -> Callable[[int, int], UserImage] | None:
    """Return what reads the image of a sample of a loaded dataset."""
    if IMAGE not in split.fields or data.image is None:
        return None
    form = data.image

    def read(index: int, _at_least: int) -> UserImage:
        stored = split.tensors.get(IMAGE) if isinstance(split, MemorySplit) else None
        if stored is not None and stored.dtype == torch.uint8 and stored.ndim == 4 and stored.shape[1] in (1, 3):
            pixels = stored[index].permute(1, 2, 0).cpu().numpy()
            return UserImage(Image.fromarray(np.ascontiguousarray(pixels if pixels.shape[2] == 3 else pixels[:, :, 0])))
        return UserImage(form.to_image(split.take(slice(index, index + 1))[IMAGE][0]))

    return read


def _thumbnail(part: GalleryPart, index: int, size: int) -> str:
    """Return the PNG of a sample in base64; empty if there is none, or its file cannot be read any more."""
    if part.image is None:
        return ""
    try:
        pixels = part.image(index, size).pixels.copy()
    except UserError:
        return ""
    pixels.thumbnail((size, size))
    return png_base64(pixels)
