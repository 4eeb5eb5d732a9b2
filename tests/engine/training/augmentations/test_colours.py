import colorsys

import numpy as np
import pytest
import torch
from PIL import Image, ImageEnhance, ImageOps

from composer.engine.training.augmentations import colour_operations as colours
from composer.engine.training.augmentations.blur import Blur
from composer.engine.training.augmentations.color import Color
from composer.engine.training.augmentations.grayscale import Grayscale
from composer.engine.training.augmentations.solarize import Solarize
from composer.engine.training.augmentations.three_augment import ThreeAugment
from tests.engine.training.augmentations.tools import from_pillow, noise, photo, ready, stream, to_pillow

# Pillow rounds to one of 256 levels, also what it blends with.
LEVEL = 2.01 / 255
PILLOW = {
    "brightness": (colours.brightness, lambda image, amount: ImageEnhance.Brightness(image).enhance(amount)),
    "contrast": (colours.contrast, lambda image, amount: ImageEnhance.Contrast(image).enhance(amount)),
    "saturation": (colours.saturation, lambda image, amount: ImageEnhance.Color(image).enhance(amount)),
    "sharpness": (colours.sharpness, lambda image, amount: ImageEnhance.Sharpness(image).enhance(amount)),
    "posterize": (colours.posterize, lambda image, amount: ImageOps.posterize(image, round(amount * 4))),
    "solarize": (colours.solarize, lambda image, amount: ImageOps.solarize(image, round(amount * 128))),
    "autocontrast": (colours.autocontrast, lambda image, _: ImageOps.autocontrast(image)),
    "equalize": (colours.equalize, lambda image, _: ImageOps.equalize(image)),
    "invert": (colours.invert, lambda image, _: ImageOps.invert(image)),
}


@pytest.mark.parametrize("name", PILLOW)
@pytest.mark.parametrize("amount", [0.25, 1.0, 1.75])
@pytest.mark.parametrize("channels", [1, 3])
def test_operations_are_those_of_pillow(name, amount, channels):
    operation, pillow = PILLOW[name]
    image = photo()[:, :channels]
    # Bits are whole, and a threshold is on the scale of levels.
    value = {"posterize": round(amount * 4), "solarize": round(amount * 128) / 255}.get(name, amount)
    result = operation(torch.cat([image, image.flip(3)]), torch.tensor([float(value)] * 2))
    expected = from_pillow(pillow(to_pillow(image[0]), amount))
    assert np.abs(result[0].numpy() - expected).max() <= LEVEL
    assert np.abs(result[1].numpy() - expected[:, :, ::-1]).max() <= LEVEL


def test_each_image_has_its_own_amount():
    images = photo().expand(3, -1, -1, -1)
    amounts = torch.tensor([0.0, 1.0, 1.5])
    for operation in (colours.brightness, colours.contrast, colours.saturation, colours.sharpness):
        together = operation(images, amounts)
        for number in range(3):
            assert torch.allclose(together[number], operation(images[:1], amounts[number : number + 1])[0], atol=1e-6)
        assert torch.allclose(together[1], images[1], atol=1e-6)


def test_solarize_add_brightens_what_is_dark():
    images = torch.tensor([0.0, 0.4, 0.49, 0.5, 0.9]).view(1, 1, 1, 5)
    assert colours.solarize_add(images, torch.tensor([0.3])).flatten().tolist() == pytest.approx(
        [0.3, 0.7, 0.79, 0.5, 0.9]
    )


@pytest.mark.parametrize("turn", [-0.5, -0.1, 0.0, 0.3])
def test_hue_turns_the_circle_of_colours(turn):
    image = photo()
    result = colours.hue(image, torch.tensor([turn]))[0]
    for row, column in ((0, 0), (5, 20), (23, 31)):
        hue, saturation, value = colorsys.rgb_to_hsv(*image[0, :, row, column].tolist())
        expected = colorsys.hsv_to_rgb((hue + turn) % 1, saturation, value)
        assert result[:, row, column].tolist() == pytest.approx(expected, abs=1e-5)


def test_a_blur_is_a_weighted_mean():
    image = noise(1, (1, 21, 21))
    sigma = 1.3
    offsets = np.arange(-6, 7)
    weights = np.exp(-(offsets**2) / (2 * sigma**2))
    weights /= weights.sum()
    expected = weights @ image[0, 0, 4:17, 4:17].numpy() @ weights
    result = colours.gaussian_blur(image, torch.tensor([sigma]), largest=2.0)
    assert float(result[0, 0, 10, 10]) == pytest.approx(expected, abs=1e-5)


def test_a_blur_of_tiny_images_is_possible():
    for side in (1, 2, 3):
        images = noise(2, (3, side, side))
        assert colours.gaussian_blur(images, torch.tensor([0.5, 2.0]), largest=2.0).shape == images.shape


def test_colour_jitter_of_nothing_changes_nothing():
    images = noise(4)
    color = ready(Color(0.0, 0.0, 0.0, 0.0))
    assert torch.equal(color.apply(images, color.draw(4, stream())), images)


def test_colour_jitter_stays_within_its_limits():
    grey = torch.full((500, 3, 2, 2), 0.4)
    color = ready(Color(brightness=0.5, contrast=0.0, saturation=0.0))
    factors = color.apply(grey, color.draw(500, stream()))[:, 0, 0, 0] / 0.4
    assert 0.5 <= float(factors.min()) < 0.52 and 1.48 < float(factors.max()) <= 1.5


def test_the_probability_is_the_share_of_changed_images():
    images = photo().expand(2000, -1, -1, -1)
    for augmentation in (Color(probability=0.3), Grayscale(0.3), Solarize(0.3), Blur(0.3, 0.5, 1.0), ThreeAugment(0.3)):
        ready(augmentation)
        result = augmentation.apply(images, augmentation.draw(2000, stream()))
        changed = (result != images).flatten(1).any(1).float().mean()
        assert float(changed) == pytest.approx(0.3, abs=0.04), type(augmentation).__name__


def test_grey_images_have_equal_channels_of_their_luma():
    grey = ready(Grayscale(1.0)).apply(photo(), torch.zeros(1, 1))[0]
    assert torch.equal(grey[0], grey[1])
    expected = np.asarray(to_pillow(photo()[0]).convert("L"), dtype=np.float32) / 255
    assert np.abs(grey[0].numpy() - expected).max() <= LEVEL


def test_three_augment_uses_each_of_the_three():
    image = photo()
    three = ready(ThreeAugment())
    draws = torch.tensor([[0.0, 0.1, 0.5], [0.0, 0.5, 0.5], [0.0, 0.9, 1.0]])
    grey, solarized, blurred = three.apply(image.expand(3, -1, -1, -1), draws)
    assert torch.allclose(grey, colours.to_grey(image)[0].expand(3, -1, -1), atol=1e-6)
    assert np.abs(solarized.numpy() - from_pillow(ImageOps.solarize(to_pillow(image[0]), 128))).max() <= LEVEL
    assert torch.allclose(blurred, colours.gaussian_blur(image, torch.tensor([2.0]), 2.0)[0], atol=1e-6)


def test_pillow_sees_the_images_that_the_tests_use():
    assert np.array_equal(from_pillow(Image.fromarray(np.asarray(to_pillow(photo()[0])))), photo()[0].numpy())
