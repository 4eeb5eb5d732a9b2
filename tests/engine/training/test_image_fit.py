"""How an image of any proportions meets the input of a network."""

import numpy as np
import pytest
import torch
from PIL import Image

from composer.core.graph import ExtensionRef
from composer.engine.training.datasets import load
from composer.engine.training.datasets.image_file import UserImage
from composer.engine.training.datasets.image_fit import fit_image, used_part
from composer.engine.training.datasets.image_format import ImageFormat


def stripes() -> Image.Image:
    """Three thirds of 40 x 40: red, green, blue."""
    pixels = np.zeros((40, 120, 3), np.uint8)
    for third in range(3):
        pixels[:, third * 40 : third * 40 + 40, third] = 255
    return Image.fromarray(pixels)


def test_a_crop_keeps_the_centre_and_its_colours() -> None:
    image, notes = fit_image(stripes(), (20, 20), "crop")
    assert image.size == (20, 20) and set(image.get_flattened_data()) == {(0, 255, 0)}
    assert notes == ("cropped to its centre, 40 x 40 of 120 x 40 pixels",)


def test_padding_keeps_everything() -> None:
    image, notes = fit_image(stripes(), (30, 30), "pad")
    pixels = np.asarray(image)
    assert pixels[:9].max() == pixels[21:].max() == 0
    assert pixels[15, 2].tolist() == [255, 0, 0] and pixels[15, 27].tolist() == [0, 0, 255]
    assert notes == ("padded with black from 30 x 10 to 30 x 30 pixels",)


def test_stretching_keeps_everything_but_the_proportions() -> None:
    image, notes = fit_image(stripes(), (30, 30), "stretch")
    pixels = np.asarray(image)
    assert pixels[0, 2].tolist() == [255, 0, 0] and pixels[29, 27].tolist() == [0, 0, 255]
    assert notes == ("stretched from 120 x 40 to 30 x 30 pixels",)


@pytest.mark.parametrize("fit", ["crop", "pad", "stretch"])
@pytest.mark.parametrize("size", [(1, 1), (7, 3), (3, 50)])
@pytest.mark.parametrize("image", [Image.new("RGB", (1, 9), "red"), Image.new("L", (500, 1), 9), stripes()])
def test_extreme_proportions_fit(fit: str, size: tuple[int, int], image: Image.Image) -> None:
    assert fit_image(image, size, fit)[0].size == size


def test_equal_proportions_need_no_note() -> None:
    assert [fit_image(stripes(), (12, 4), fit)[1] for fit in ("crop", "pad", "stretch")] == [(), (), ()]


@pytest.mark.parametrize("page", [Image.new("L", (50, 30), 255), Image.new("RGB", (9, 9), (7, 7, 7))])
def test_an_empty_page_has_no_ink_and_that_is_said(page: Image.Image) -> None:
    image, notes = fit_image(page, (8, 8), "ink")
    assert not np.asarray(image).any() and "the image is empty" in notes[0]


@pytest.mark.parametrize("channels", [1, 2, 3, 4, 5, 9])
def test_channels_are_those_that_training_makes(channels: int) -> None:
    digits = load(ExtensionRef("digits"), {"image": (channels, 12, 10)})
    drawn = digits.image.to_image(digits.val.take(slice(None))["image"][0], 120)
    prepared = digits.image.prepare(UserImage(drawn))
    assert prepared.tensor.shape == (1, channels, 12, 10)
    assert all(torch.equal(prepared.tensor[:, 0], prepared.tensor[:, channel]) for channel in range(channels))


@pytest.mark.parametrize("channels", [1, 2, 3, 4, 6])
def test_colours_reach_a_network_of_three_channels_only(channels: int) -> None:
    form = ImageFormat((channels, 10, 30), (0.5,), (0.5,))
    prepared = form.prepare(UserImage(stripes()))
    equal = all(torch.equal(prepared.tensor[:, 0], prepared.tensor[:, channel]) for channel in range(channels))
    assert equal == (channels != 3)
    assert any("become grey" in note for note in prepared.notes) == (channels != 3)


def test_statistics_of_each_channel_are_used() -> None:
    form = ImageFormat((3, 4, 4), (0.1, 0.2, 0.3), (1.0, 2.0, 4.0))
    prepared = form.prepare(UserImage(Image.new("RGB", (8, 8), (51, 102, 255)), ("a note of the reader",)))
    assert prepared.notes == ("a note of the reader",)
    assert prepared.tensor[0, :, 0, 0].tolist() == pytest.approx([0.1, 0.1, 0.175])
    assert form.denormalize(prepared.tensor)[0, :, 3, 3].tolist() == pytest.approx([0.2, 0.4, 1.0], abs=1e-6)


@pytest.mark.parametrize(
    ("image", "size", "part"),
    [
        ((300, 200), (64, 64), (50 / 300, 0.0, 200 / 300, 1.0)),
        ((200, 300), (64, 32), (0.0, 100 / 300, 1.0, 100 / 300)),
        ((200, 100), (64, 32), (0.0, 0.0, 1.0, 1.0)),
    ],
)
def test_the_used_part_is_what_is_cropped(image, size, part):
    assert used_part(image, size, "crop") == pytest.approx(part)
    assert used_part(image, size, "pad") == used_part(image, size, "stretch") == (0.0, 0.0, 1.0, 1.0)
    picture = Image.new("L", image)
    left, top = round(part[0] * image[0]), round(part[1] * image[1])
    picture.paste(255, (left, top, left + round(part[2] * image[0]), top + round(part[3] * image[1])))
    assert np.asarray(fit_image(picture, size, "crop")[0]).min() == 255
