"""Generated scenes on disk: thousands take seconds to draw, and each run of a series needs the same ones."""

import hashlib
import inspect
from contextlib import suppress
from pathlib import Path

import numpy as np

from composer import paths
from composer.core.errors import DesignError
from composer.core.files.atomic import write_atomically
from composer.engine.training.datasets import scene_kinds, scenes
from composer.engine.training.datasets.scenes import Scenes, SceneStyle, Size, draw_scenes

MIN_CACHED_PIXELS = 4_000_000  # of all scenes; fewer are drawn in about a second
MAX_FILE_BYTES = 2**30
MAX_FOLDER_BYTES = 2**31  # older files are removed
SUFFIX = ".npz"


def cached_scenes(style: SceneStyle, part: int, count: int, size: Size) -> Scenes:
    """Return scenes from the user's cache folder, or draw them and store them there; see `draw_scenes`.

    A file that cannot be read or written is as good as none.
    """
    pixels = count * size[0] * size[1]
    if pixels < MIN_CACHED_PIXELS or 3 * pixels > MAX_FILE_BYTES:
        return draw_scenes(style, part, count, size)
    path = folder() / f"{_digest(style, part, count, size)}{SUFFIX}"
    with suppress(Exception):  # whatever is wrong with a cached file, the scenes can be drawn
        # Opened here: np.load leaves a damaged file open.
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            cached = Scenes(file["images"], file["labels"], file["boxes"])
        if cached.images.shape == (count, size[1], size[0], 3) and cached.images.dtype == np.uint8:
            path.touch()  # files that are used are removed last
            return cached
    drawn = draw_scenes(style, part, count, size)
    with suppress(OSError, DesignError):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, lambda out: np.savez(out, images=drawn.images, labels=drawn.labels, boxes=drawn.boxes))
        _remove_old_files(path.parent)
    return drawn


def folder() -> Path:
    """Return the folder of the files."""
    return paths.user_cache() / "scenes"


def _digest(style: SceneStyle, part: int, count: int, size: Size) -> str:
    """Return the name of a file: it depends on everything that the scenes depend on, their code included."""
    digest = hashlib.blake2b(f"{style} {part} {count} {size}".encode(), digest_size=16)
    for module in (scenes, scene_kinds):
        digest.update(inspect.getsource(module).encode())
    return digest.hexdigest()


def _remove_old_files(parent: Path) -> None:
    """Remove the files that were not used for the longest time, until the others have space."""
    total = 0
    for file in sorted(parent.glob(f"*{SUFFIX}"), key=lambda file: -file.stat().st_mtime):
        total += file.stat().st_size
        if total > MAX_FOLDER_BYTES:
            file.unlink()
