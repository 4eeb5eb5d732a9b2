"""The user's image files: every mode and depth is read as grey or RGB, what was decided is noted, the rest refused."""

import os
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from composer.core.errors import UserError
from composer.engine.training.datasets import image_file
from composer.engine.training.datasets.image_file import read_image

RNG = np.random.RandomState(0)
PHOTO = RNG.randint(0, 256, (12, 16, 3)).astype(np.uint8)


@pytest.fixture(autouse=True)
def no_warnings():
    """A warning on stderr is no message: none may be raised."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def saved(path: Path, image: Image.Image, **options: object) -> Path:
    image.save(path, **options)
    return path


def pixels(path: Path) -> np.ndarray:
    return np.asarray(read_image(path).pixels).astype(int)


@pytest.mark.parametrize(
    ("mode", "suffix", "read_as"),
    [
        ("1", "png", "L"),
        ("L", "png", "L"),
        ("P", "gif", "RGB"),
        ("RGB", "webp", "RGB"),
        ("CMYK", "jpg", "RGB"),
        ("YCbCr", "jpg", "RGB"),
        ("LA", "png", "RGB"),
        ("RGBA", "tif", "RGB"),
        ("I;16", "png", "L"),
        ("I", "tif", "L"),
        ("F", "tif", "L"),
    ],
)
def test_every_mode_is_read(mode: str, suffix: str, read_as: str, tmp_path: Path) -> None:
    image = Image.fromarray(PHOTO)
    image = image.convert("L").convert(mode) if mode in ("I;16", "I", "F", "LA") else image.convert(mode)
    result = read_image(saved(tmp_path / f"x.{suffix}", image)).pixels
    assert (result.mode, result.size) == (read_as, (16, 12))


def test_cmyk_keeps_its_colours(tmp_path: Path) -> None:
    red = Image.new("RGB", (16, 16), (220, 30, 40))
    colour = pixels(saved(tmp_path / "x.tif", red.convert("CMYK")))[8, 8]
    assert np.abs(colour - [220, 30, 40]).max() < 12


def test_an_image_is_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    assert read_image(saved(tmp_path / "x.jpg", Image.new("L", (4, 6)), exif=exif)).pixels.size == (6, 4)


@pytest.mark.parametrize(
    ("dtype", "low", "high"),
    [(np.uint16, 0, 60_000), (np.int32, -70_000, 70_000), (np.float32, -2.5, 1e-3), (np.float32, -3e38, 3e38)],
)
def test_deep_greys_are_scaled_by_their_range(dtype: type, low: float, high: float, tmp_path: Path) -> None:
    ramp = np.linspace(low, high, 24).reshape(4, 6).astype(dtype)
    image = read_image(saved(tmp_path / "x.tif", Image.fromarray(ramp)))
    assert np.abs(np.asarray(image.pixels).ravel() - np.linspace(0, 255, 24)).max() <= 1
    assert any(note.startswith("values from") for note in image.notes)


def test_a_flat_deep_grey_is_black(tmp_path: Path) -> None:
    assert pixels(saved(tmp_path / "x.tif", Image.fromarray(np.full((3, 3), 7.5, np.float32)))).max() == 0


@pytest.mark.parametrize(("value", "drawn"), [(np.nan, 0), (np.inf, 255), (-np.inf, 0)])
def test_what_is_no_number_leaves_the_range_alone(value: float, drawn: int, tmp_path: Path) -> None:
    values = RNG.rand(8, 8).astype(np.float32)
    values[0, 0], values[1, 1] = values.min(), values.max()
    whole = pixels(saved(tmp_path / "whole.tif", Image.fromarray(values)))
    values[5, 5] = value
    image = read_image(saved(tmp_path / "holed.tif", Image.fromarray(values)))
    whole[5, 5] = drawn
    assert np.array_equal(np.asarray(image.pixels), whole)
    assert "1 of 64 pixels is not a finite number" in image.notes[0]


def test_no_number_at_all_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path / "x.tif", Image.fromarray(np.full((4, 4), np.nan, np.float32)))
    with pytest.raises(UserError, match="none of its 16 pixels is a finite number"):
        read_image(path)


def ink(colour: tuple[int, int, int], soft: bool = False) -> Image.Image:
    """A cross of one colour on nothing, with a half transparent edge if it is soft."""
    image = Image.new("RGBA", (20, 20), (*colour, 0))
    if soft:
        image.paste((*colour, 128), (7, 2, 13, 18))
    image.paste((*colour, 255), (8, 3, 12, 17))
    return image


@pytest.mark.parametrize(
    ("colour", "ground"),
    [((0, 0, 0), 255), ((255, 255, 255), 0), ((250, 250, 120), 0), ((20, 20, 90), 255), ((255, 245, 250), 0)],
)
@pytest.mark.parametrize("soft", [False, True])
def test_ink_is_laid_on_what_contrasts(colour: tuple[int, int, int], ground: int, soft: bool, tmp_path: Path) -> None:
    grey = np.asarray(read_image(saved(tmp_path / "x.png", ink(colour, soft))).pixels.convert("L")).astype(int)
    assert grey[0, 0] == ground
    assert abs(grey[10, 10] - ground) > 120


def test_ink_of_black_and_white_is_laid_on_grey(tmp_path: Path) -> None:
    image = ink((0, 0, 0))
    image.paste((255, 255, 255, 255), (8, 10, 12, 17))
    grey = pixels(saved(tmp_path / "x.png", image))[..., 0]
    assert grey[0, 0] == 128 and grey[5, 10] == 0 and grey[14, 10] == 255


@pytest.mark.parametrize("mode", ["L", "P", "RGB"])
def test_a_transparent_colour_of_the_file_counts(mode: str, tmp_path: Path) -> None:
    """White ink whose ground is declared transparent (tRNS) instead of by an alpha channel."""
    image = Image.new("L", (20, 20), 0)
    image.paste(255, (8, 3, 12, 17))
    image = image.convert(mode)
    transparent: object = (0, 0, 0) if mode == "RGB" else image.getpixel((0, 0))
    result = read_image(saved(tmp_path / "x.png", image, transparency=transparent))
    assert result.notes == ("transparent parts are laid on black",)
    assert np.asarray(result.pixels.convert("L"))[10, 10] == 255


def test_a_wholly_transparent_image_is_noted(tmp_path: Path) -> None:
    notes = read_image(saved(tmp_path / "x.png", Image.new("RGBA", (4, 4)))).notes
    assert notes == ("the image is wholly transparent", "transparent parts are laid on white")


def test_an_opaque_alpha_channel_changes_nothing(tmp_path: Path) -> None:
    result = read_image(saved(tmp_path / "x.png", Image.fromarray(PHOTO).convert("RGBA")))
    assert np.array_equal(np.asarray(result.pixels), PHOTO) and result.notes == ()


@pytest.mark.parametrize("suffix", ["gif", "webp", "tif"])
def test_the_first_frame_is_used_and_said(suffix: str, tmp_path: Path) -> None:
    first, second = Image.new("L", (8, 8), 10), Image.new("L", (8, 8), 200)
    options = {"lossless": True} if suffix == "webp" else {}
    path = saved(tmp_path / f"x.{suffix}", first, save_all=True, append_images=[second], **options)
    result = read_image(path)
    assert result.notes == ("only the first of 2 frames is used",)
    assert abs(int(np.asarray(result.pixels.convert("L"))[4, 4]) - 10) <= 2


def test_what_is_no_image_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"garbage" * 9)
    (tmp_path / "text.png").write_text("no image")
    (tmp_path / "empty.png").write_bytes(b"")
    for name in ("bad", "text", "empty"):
        with pytest.raises(UserError, match=rf"{name}\.png: cannot be read as an image.*expected a PNG"):
            read_image(tmp_path / f"{name}.png")
    with pytest.raises(UserError, match="file not found"):
        read_image(tmp_path / "none.png")
    with pytest.raises(UserError, match="is not a file"):
        read_image(tmp_path)
    saved(tmp_path / "big.png", Image.new("L", (20, 20)))
    monkeypatch.setattr(image_file, "MAX_PIXELS", 100)
    with pytest.raises(UserError, match="20 x 20 pixels are too many"):
        read_image(tmp_path / "big.png")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(UserError, match="is not a file"):
        read_image(tmp_path / "pipe.png")


def test_a_format_that_runs_a_program_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.eps").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 4 4\n%%EndComments\nshowpage\n")
    with pytest.raises(UserError, match="cannot be read as an image"):
        read_image(tmp_path / "x.eps")


@pytest.mark.parametrize("suffix", ["png", "jpg", "gif", "tif", "webp", "bmp"])
def test_a_damaged_file_is_read_or_refused_in_one_sentence(suffix: str, tmp_path: Path) -> None:
    whole = saved(tmp_path / f"whole.{suffix}", Image.fromarray(PHOTO)).read_bytes()
    path, random = tmp_path / f"x.{suffix}", np.random.RandomState(1)
    for _ in range(60):
        damaged = bytearray(whole[: random.randint(1, len(whole) + 1)])
        for _ in range(random.randint(0, 4)):
            damaged[random.randint(len(damaged))] = random.randint(256)
        path.write_bytes(damaged)
        message = ""
        try:
            read_image(path)
        except UserError as error:
            message = str(error)
        assert "\n" not in message
