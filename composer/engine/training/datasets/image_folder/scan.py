"""Which images of a listing can be used: every file is decoded once, and the result is cached until it changes."""

import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from composer.core.errors import UserError
from composer.engine.device import cpu_cores
from composer.engine.training.datasets.image_file import EncodedImage, ImageSource, decode_image, ignore_pillow_warnings
from composer.engine.training.datasets.image_folder.decode import reason_of
from composer.engine.training.datasets.image_folder.json_cache import cache_file, read_cache, write_cache
from composer.engine.training.datasets.image_folder.listing import ListedImage, Listing
from composer.engine.training.datasets.progress import report_progress

CHUNK = 64  # files of one task
FORMAT = 2


@dataclass(frozen=True, slots=True)
class ScannedImage:
    """What one file holds.

    Args:
        width: pixels, upright.
        height: pixels.
        channels: 1 grey, 3 colour.
        reason: why it cannot be used; empty if it can.
        note: that some of its values are not finite; empty if all are.
        digest: of the bytes of the file; empty if it was not read.
    """

    width: int = 0
    height: int = 0
    channels: int = 1
    reason: str = ""
    note: str = ""
    digest: str = ""

    @property
    def usable(self) -> bool:
        """Whether it can be decoded."""
        return not self.reason


def scan(listing: Listing) -> list[ScannedImage]:
    """Return what each file of a listing holds, in the order of the listing; files scanned before are not opened.

    Progress is reported to `progress.progress_to`.
    """
    cache = _cache_file(listing.root)
    rows = _read(cache)
    results = [_cached(rows.get(item.path), item) for item in listing.images]
    todo = [number for number, result in enumerate(results) if result is None]
    if todo:
        scanned = scan_files([listing.file(listing.images[number]) for number in todo])
        for number, result in zip(todo, scanned, strict=True):
            results[number] = result
        _write(cache, listing.images, [result for result in results if result is not None])
    return [result for result in results if result is not None]


def scan_files(files: Sequence[ImageSource]) -> Iterator[ScannedImage]:
    """Yield what each file holds, decoded by threads; progress is reported."""
    ignore_pillow_warnings()
    chunks = [files[low : low + CHUNK] for low in range(0, len(files), CHUNK)]
    with ThreadPoolExecutor(cpu_cores()) as pool:
        try:
            for number, results in enumerate(pool.map(_scan_chunk, chunks)):
                yield from results
                done = min(len(files), (number + 1) * CHUNK)
                report_progress(done / len(files), f"checking images: {done:,} of {len(files):,}")
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _scan_chunk(files: Sequence[ImageSource]) -> list[ScannedImage]:
    return [scan_file(path) for path in files]


def scan_file(path: ImageSource) -> ScannedImage:
    """Decode one file, a JPEG at an eighth of its size, and return what it holds."""
    digest = ""
    try:
        if isinstance(path, Path) and path.is_file():  # read once, for the digest and for the pixels
            path = EncodedImage(path.name, path.read_bytes())
        if isinstance(path, EncodedImage):
            digest = hashlib.blake2b(path.content, digest_size=8).hexdigest()
        image = decode_image(path, at_least=1)
    except OSError as error:
        return ScannedImage(reason=f"cannot be read: {error.strerror or error}")
    except UserError as error:
        return ScannedImage(reason=reason_of(error, path))
    note = next((note for note in image.notes if "finite" in note), "")
    return ScannedImage(*image.size, 1 if image.pixels.mode == "L" else 3, "", note, digest)


def _cache_file(root: Path) -> Path:
    name = hashlib.blake2b(str(root).encode(errors="replace"), digest_size=8).hexdigest()
    return cache_file("images", name)


def _cached(row: object, item: ListedImage) -> ScannedImage | None:
    match row:
        case [int(size), int(changed), int(width), int(height), int(channels), str(reason), str(note), str(digest)]:
            if (size, changed) == (item.size, item.changed):
                return ScannedImage(width, height, channels, reason, note, digest)
    return None


def _read(cache: Path) -> dict[str, object]:
    data = read_cache(cache)
    rows = data.get("files") if isinstance(data, dict) and data.get("format") == FORMAT else None
    return rows if isinstance(rows, dict) else {}


def _write(cache: Path, images: Sequence[ListedImage], results: Sequence[ScannedImage]) -> None:
    rows = {
        item.path: [item.size, item.changed, row.width, row.height, row.channels, row.reason, row.note, row.digest]
        for item, row in zip(images, results, strict=True)
    }
    write_cache(cache, {"format": FORMAT, "files": rows})
