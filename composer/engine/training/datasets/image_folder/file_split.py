"""Samples that stay in their files until a batch needs them: threads decode the next batches meanwhile."""

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Self

import torch
from torch import Tensor

from composer.core.training_inputs import IMAGE, LABEL
from composer.engine.device import cpu_cores
from composer.engine.training.datasets.image_file import ImageSource, ignore_pillow_warnings
from composer.engine.training.datasets.image_folder.decode import Decoding
from composer.engine.training.datasets.image_format import ImageFormat
from composer.engine.training.datasets.splits import PartsOf, Split

# Batches that are being decoded while the network computes.
AHEAD = 2
CPU = torch.device("cpu")
MAX_WORKERS = 8


@dataclass(frozen=True)
class FileSplit(Split):
    """Samples in image files.

    What a batch holds depends on the order alone, whatever the number of threads.

    Args:
        root: what the paths are relative to.
        paths: the files.
        class_numbers: class of each file (N,), on the CPU.
        image: how a picture becomes the field ``image``.
        stored: channels of the decoded pixels, 1 or 3.
        workers: number of threads.
        target: where batches are.
        parts: returns which part of each image a batch holds; None for the whole.
    """

    root: Path
    paths: tuple[str, ...]
    class_numbers: Tensor
    image: ImageFormat
    stored: int
    workers: int
    target: torch.device = CPU
    parts: PartsOf | None = None

    def __len__(self) -> int:
        return len(self.paths)

    @property
    def fields(self) -> tuple[str, ...]:
        """Names of the fields of a batch."""
        return (IMAGE, LABEL)

    @property
    def device(self) -> torch.device:
        """Where batches are."""
        return self.target

    @property
    def labels(self) -> Tensor:
        """The class of each sample (N,)."""
        return self.class_numbers

    def name(self, index: int) -> str:
        """Return the path of a sample."""
        return self.paths[index]

    def source(self, index: int) -> ImageSource:
        """Return what a sample is decoded from."""
        return self.root / self.paths[index]

    def to(self, device: torch.device) -> Self:
        """Return the same samples as batches on a device."""
        return replace(self, target=device)

    def sample_bytes(self) -> int:
        """Return the size of one sample in a batch."""
        channels, height, width = self.image.shape
        return channels * height * width * 4 + 8

    def take(self, index: Tensor | slice) -> dict[str, Tensor]:
        """Return some of the samples as a batch."""
        index = torch.arange(len(self))[index] if isinstance(index, slice) else index.cpu()
        return self._finish(index, self._decoding(index))

    def with_parts(self, parts: PartsOf) -> "FileSplit | None":
        """Return the samples with a part of each image in its place, taken from the file at its full resolution."""
        return replace(self, parts=parts) if self.image.fit in ("crop", "stretch") else None

    def batches(self, order: Tensor, bounds: Sequence[tuple[int, int]]) -> Iterator[dict[str, Tensor]]:
        """Yield a batch for each pair of bounds, while threads decode the next ones."""
        order = order.cpu()
        pending: deque[tuple[Tensor, Decoding]] = deque()
        waiting = iter(bounds)
        try:
            while True:
                while len(pending) <= AHEAD and (pair := next(waiting, None)) is not None:
                    index = order[pair[0] : pair[1]]
                    parts = self.parts(pair[0]) if self.parts is not None else None
                    pending.append((index, self._decoding(index, parts)))
                if not pending:
                    return
                yield self._finish(*pending.popleft())
        finally:
            for _, decoding in pending:
                decoding.cancel()

    def pixels(self, index: Tensor) -> Tensor:
        """Return samples as stored pixels (n, c, H, W) of 8 bits, on the CPU."""
        return self._decoding(index, normal=False).result()

    def _decoding(self, index: Tensor, parts: Tensor | None = None, *, normal: bool = True) -> Decoding:
        _, height, width = self.image.shape
        # A quarter of the bytes goes to another device, which normalizes them in no time.
        form = self.image if normal and self.target.type == "cpu" else None
        files = [self.source(number) for number in index.tolist()]
        pool = thread_pool(self.workers) if len(files) > 1 and self.workers > 0 else None
        return Decoding(pool, files, (self.stored, height, width), self.image.fit, parts, form)

    def _finish(self, index: Tensor, decoding: Decoding) -> dict[str, Tensor]:
        pixels = decoding.result()
        if decoding.normal is None:
            images = self.image.to_input(pixels.to(self.target, non_blocking=True))
        else:
            images = pixels.expand(-1, self.image.shape[0], -1, -1).contiguous()
        return {IMAGE: images, LABEL: self.class_numbers[index].to(self.target)}


def default_workers() -> int:
    """Return the number of threads that decode files: one for each core, up to a limit."""
    return min(MAX_WORKERS, cpu_cores())


@cache
def thread_pool(workers: int) -> ThreadPoolExecutor:
    """Return the threads that decode for all splits of this process."""
    ignore_pillow_warnings()
    return ThreadPoolExecutor(workers)
