"""One image of many samples: each row shows a sample as stored, as the network sees it, and augmented versions."""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from composer.core import edits
from composer.core.errors import UserError
from composer.core.files.design_file import load
from composer.core.files.replacing import check_replace, write_output
from composer.engine.training.datasets.image_fit import WHOLE
from composer.engine.training.preview.preview import SamplePreview, SamplePreviewer
from composer.engine.training.settings import override

KIND = "preview"
CELL, GAP, LINE, MARGIN = 112, 6, 16, 12
# A ground that neither black borders nor white ones disappear in.
GROUND, INK, FAINT = (96, 100, 108), (255, 255, 255), (205, 208, 214)
CROP = (255, 196, 0)


def preview_sheet(previews: Sequence[SamplePreview]) -> Image.Image:
    """Return one page with a row for each sample; the first column is left out if nothing else is stored."""
    stored = any(preview.original is not None for preview in previews)
    heads = [*(["stored"] if stored else []), "network sees"]
    columns = len(heads) + max((len(preview.draws) for preview in previews), default=0)
    if columns > len(heads):
        heads.append("augmented, as in training")
    width = 2 * MARGIN + columns * (CELL + GAP) - GAP
    height = 2 * MARGIN + LINE + len(previews) * (CELL + 2 * LINE + GAP)
    page = Image.new("RGB", (width, height), GROUND)
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(11)
    for column, head in enumerate(heads):
        draw.text((_left(column), MARGIN), head, FAINT, font)
    for row, preview in enumerate(previews):
        top = MARGIN + LINE + row * (CELL + 2 * LINE + GAP)
        cells = [(preview.seen, preview.label), *((version.image, version.label) for version in preview.draws)]
        if stored:
            cells.insert(0, (_framed_original(preview), f"{preview.size[0]} x {preview.size[1]}"))
        for column, (image, label) in enumerate(cells):
            fitted = fit_cell(image)
            page.paste(fitted, (_left(column) + (CELL - fitted.width) // 2, top + (CELL - fitted.height) // 2))
            # A mixed sample has a line for each of its classes.
            for line, text in enumerate(label.split(", ", 1)):
                draw.text((_left(column), top + CELL + 2 + line * LINE), shorten(draw, text, font), INK, font)
        draw.text((_left(0), top + CELL + 2 + LINE), shorten(draw, preview.name, font, end=True), FAINT, font)
    return page


def fit_cell(image: Image.Image, side: int = CELL) -> Image.Image:
    """Return an image whose longer side has the size of a cell; small ones keep sharp pixels."""
    factor = side / max(image.size)
    size = (max(1, round(image.width * factor)), max(1, round(image.height * factor)))
    return image.resize(size, Image.Resampling.NEAREST if factor > 1 else Image.Resampling.BICUBIC)


def shorten(
    draw: ImageDraw.ImageDraw, text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, *, end: bool = False
) -> str:
    """Return a text that fits below a cell: its beginning, or its end, as of a path."""
    if draw.textlength(text, font) <= CELL:
        return text
    while len(text) > 1 and draw.textlength("…" + text, font) > CELL:
        text = text[1:] if end else text[:-1]
    return "…" + text if end else text + "…"


def _framed_original(preview: SamplePreview) -> Image.Image:
    """Return the stored image in the size of a cell, with a frame around the part that the network sees."""
    if preview.original is None:
        return Image.new("RGB", (CELL, CELL), GROUND)
    fitted = fit_cell(preview.original.convert("RGB"))
    left, top, width, height = preview.crop
    if preview.crop != WHOLE:
        corner = (round((left + width) * fitted.width) - 1, round((top + height) * fitted.height) - 1)
        ImageDraw.Draw(fitted).rectangle(
            (round(left * fitted.width), round(top * fitted.height), *corner), outline=CROP, width=2
        )
    return fitted


def _left(column: int) -> int:
    return MARGIN + column * (CELL + GAP)


def write_sheet(
    design_path: Path, output: Path, part: str, samples: int, draws: int, overrides: Mapping[str, Any], *, force: bool
) -> str:
    """Write a page of samples of a design's data.

    Args:
        design_path: the design file.
        output: the image to write.
        part: part of the data.
        samples: number of samples, spread evenly over the part.
        draws: augmented versions of each.
        overrides: training settings that replace the design's.
        force: whether to replace a file that holds something else.

    Returns:
        One line for the user.

    Raises:
        UserError: if the data cannot be read, or a file of the user would be replaced.
    """
    if output.suffix.lower() not in (".png", ".jpg", ".jpeg", ".webp"):
        raise UserError(f"{output}: has the suffix {output.suffix or 'nothing'!r}, expected .png, .jpg or .webp")
    check_replace(output, kind=KIND, source=design_path, force=force)
    design = load(design_path)
    folders = (Path.cwd(), design_path.absolute().parent)
    design = edits.set_training(design, override(design.training, overrides, folders))
    previewer = SamplePreviewer.of(design)
    count = len(previewer.split(part))
    indices = sorted({number * count // samples for number in range(samples)})
    buffer = io.BytesIO()
    page = preview_sheet([previewer.preview(part, index, draws) for index in indices])
    page.save(buffer, {".png": "PNG", ".webp": "WEBP"}.get(output.suffix.lower(), "JPEG"))
    write_output(output, buffer.getvalue(), kind=KIND, source=design_path, force=force)
    names = ", ".join(previewer.augmenter.names()) if previewer.augmenter is not None else "no augmentation"
    return f"{len(indices)} of {count:,} {part} samples, {names}"
