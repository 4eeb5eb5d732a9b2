"""Samples as a network sees them in training: fitted to its input, and augmented as the batches of an epoch are."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from composer.core import edits
from composer.core.errors import UserError
from composer.core.extension_text import absolute_paths
from composer.core.files.design_json import from_json
from composer.core.graph import Design
from composer.core.training_inputs import IMAGE, LABEL, input_fields
from composer.engine.training.data.augmenter import Augmenter, make_augmenter, random_stream
from composer.engine.training.data.gallery import gallery_of, select_part
from composer.engine.training.data.inputs import load_for
from composer.engine.training.datasets import LoadedDataset
from composer.engine.training.datasets.image_fit import WHOLE, Part, used_part
from composer.engine.training.datasets.image_format import png_base64
from composer.engine.training.datasets.splits import Split

# Parts of a mixed sample below this share are not named.
MIN_SHARE = 0.005
MAX_DRAWS = 64
ORIGINAL_SIDE = 512  # pixels that suffice to show a stored image


@dataclass(frozen=True)
class SampleDraw:
    """An augmented version of a sample.

    Args:
        image: what the network gets.
        label: its class, or the shares of the classes that are mixed.
    """

    image: Image.Image
    label: str


@dataclass(frozen=True)
class SamplePreview:
    """One sample of a dataset as the network sees it.

    Args:
        name: its file, or its number.
        label: its class.
        seen: the image, fitted to the input.
        draws: augmented versions.
        original: the image as it is stored, perhaps smaller; None if there is no other than the one that is seen.
        size: width and height of the stored image.
        crop: left, top, width and height of the part that the network sees, as shares of the stored image.
    """

    name: str
    label: str
    seen: Image.Image
    draws: tuple[SampleDraw, ...]
    original: Image.Image | None = None
    size: tuple[int, int] = (0, 0)
    crop: Part = WHOLE

    def to_json(self) -> dict[str, Any]:
        """Return the preview as plain values, images as PNG in base64."""
        original = {"width": self.size[0], "height": self.size[1], "crop": self.crop}
        return {
            "original": {**original, "png": png_base64(self.original)} if self.original is not None else None,
            "name": self.name,
            "label": self.label,
            "seen": {"png": png_base64(self.seen)},
            "draws": [{"png": png_base64(draw.image), "label": draw.label} for draw in self.draws],
        }


@dataclass(frozen=True)
class SamplePreviewer:
    """Previews samples of a design's data under the design's augmentations.

    Args:
        design: with the training settings to preview; paths in them are absolute.
        data: its dataset.
        augmenter: its augmentations; None for none.
    """

    design: Design
    data: LoadedDataset
    augmenter: Augmenter | None

    @classmethod
    def of(cls, design: Design) -> "SamplePreviewer":
        """Load the data of a design.

        Raises:
            UserError: if the data cannot be read, has no images, or does not fit the augmentations.
        """
        data = load_for(design, streamed=True)
        data.image_format()  # refuses data without images
        return cls(design, data, make_augmenter(design.training, data, input_fields(design)))

    def preview(self, part: str, index: int, draws: int, epoch: int = 1) -> SamplePreview:
        """Return one sample as the network sees it.

        Args:
            part: ``train``, ``val`` or ``test``.
            index: number of the sample in it.
            draws: number of augmented versions, which only the training part has in a run.
            epoch: other numbers draw other versions.

        Raises:
            UserError: if there is no such sample.
        """
        split = self.split(part)
        if not 0 <= index < len(split):
            raise UserError(f"{part} has no sample {index}; its {len(split):,} samples are numbered from 0")
        batch = split.take(slice(index, index + 1))
        seen = self.data.image_format().to_image(batch[IMAGE][0])
        versions = self._draw(split, index, min(draws, MAX_DRAWS), epoch)
        preview = SamplePreview(split.name(index), self._label(batch, 0), seen, versions)
        return self._with_original(preview, part, index)

    def _with_original(self, preview: SamplePreview, part: str, index: int) -> SamplePreview:
        """Add the stored image and the part of it that the network sees."""
        stored = select_part(gallery_of(self.design.training.data), part)
        if stored.image is None:
            return preview
        image, form = stored.image(index, ORIGINAL_SIDE), self.data.image_format()
        shown = image.pixels.copy()
        shown.thumbnail((ORIGINAL_SIDE, ORIGINAL_SIDE))
        crop = used_part(image.size, (form.shape[2], form.shape[1]), form.fit)
        return replace(preview, original=shown, size=image.size, crop=crop)

    def split(self, part: str) -> Split:
        """Return a part of the data.

        Raises:
            UserError: if there is no such part.
        """
        parts = self.data.parts()
        if part not in parts:
            raise UserError(f"the data has no part {part!r:.40}; its parts are: {', '.join(parts)}")
        return parts[part]

    def _draw(self, split: Split, index: int, count: int, epoch: int) -> tuple[SampleDraw, ...]:
        """Return augmented versions of a sample, each in a batch of its own beside another sample."""
        if self.augmenter is None or count < 1:
            return ()
        seed = self.design.training.seed
        generator = random_stream(seed, epoch, index)
        partners = torch.randint(len(split), (count,), generator=generator)
        order = torch.stack([torch.full_like(partners, index), partners], dim=1).flatten()
        bounds = [(2 * number, 2 * number + 2) for number in range(count)]
        augmentation = self.augmenter.start_epoch(seed, epoch, len(order), generator)
        first = index * MAX_DRAWS  # other samples draw other numbers
        _, _, samples = next(augmentation.read(split, order, [bounds], first))
        versions = []
        for number, (begin, end) in enumerate(bounds, first):
            batch = augmentation.apply_to_batch({name: field[begin:end] for name, field in samples.items()}, number)
            image = self.data.image_format().to_image(batch[IMAGE][0])
            versions.append(SampleDraw(image, self._label(batch, 0)))
        return tuple(versions)

    def _label(self, batch: Mapping[str, Tensor], number: int) -> str:
        """Return the class of a sample, or ``62 % cat, 38 % dog``; empty if it has none."""
        if LABEL not in batch or not self.data.classes:
            return ""
        label = batch[LABEL][number]
        if label.ndim == 0:
            return self.data.classes[int(label)]
        shares = sorted(
            ((float(share), name) for share, name in zip(label, self.data.classes, strict=True)), reverse=True
        )
        shown = [(share, name) for share, name in shares if share > MIN_SHARE]
        return shown[0][1] if len(shown) == 1 else ", ".join(f"{100 * share:.0f} % {name}" for share, name in shown)


def data_preview(params: Mapping[str, Any]) -> dict[str, Any]:
    """Answer the window's request for one sample as the network sees it.

    Args:
        params: ``design``, ``folder`` (what paths are relative to; None for a design without a file), ``part``,
            ``index``, ``draws`` and ``epoch``.
    """
    design = from_json(params["design"])
    if params.get("folder"):
        design = edits.set_training(design, absolute_paths(design.training, Path(params["folder"])))
    previewer = SamplePreviewer.of(design)
    part, index = str(params.get("part", "train")), int(params["index"])
    return previewer.preview(part, index, int(params.get("draws", 0)), int(params.get("epoch", 1))).to_json()
