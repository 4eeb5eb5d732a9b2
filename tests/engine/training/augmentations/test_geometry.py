import numpy as np
import pytest
import torch

from composer.engine.training.augmentations.affine import Affine
from composer.engine.training.augmentations.crop import Crop
from composer.engine.training.augmentations.flip import Flip
from composer.engine.training.augmentations.pad_crop import PadCrop
from tests.engine.training.augmentations.tools import noise, ready, stream


def test_a_flip_mirrors_and_flipping_twice_changes_nothing():
    images = noise(5)
    flip = ready(Flip(horizontal=1.0))
    draws = flip.draw(5, stream())
    once = flip.apply(images, draws)
    assert np.array_equal(once.numpy(), images.numpy()[:, :, :, ::-1])
    assert torch.equal(flip.apply(once, draws), images)
    vertical = ready(Flip(horizontal=0.0, vertical=1.0))
    assert np.array_equal(vertical.apply(images, draws).numpy(), images.numpy()[:, :, ::-1])


def test_the_share_of_flipped_images_is_the_option():
    images = noise(1).expand(4000, -1, -1, -1)
    flip = ready(Flip(horizontal=0.25))
    flipped = flip.apply(images, flip.draw(4000, stream()))
    share = float((flipped != images).flatten(1).any(1).float().mean())
    assert share == pytest.approx(0.25, abs=0.03)


def test_a_crop_of_everything_is_the_image():
    crop = ready(Crop(min_scale=1.0, max_ratio=1.0), (3, 16, 16))
    images = noise(6, (3, 16, 16))
    assert torch.allclose(crop.apply(images, crop.draw(6, stream())), images, atol=1e-5)


def test_a_crop_shows_its_part_of_a_ramp():
    # The value of a pixel is its position, so the crop is a formula.
    height, width = 12, 20
    across = ((torch.arange(width) + 0.5) / width).expand(height, -1)
    down = ((torch.arange(height) + 0.5) / height)[:, None].expand(-1, width)
    crop = ready(Crop(0.2, 0.7), (2, height, width))
    draws = crop.draw(50, stream())
    result = crop.apply(torch.stack([across, down])[None].expand(50, -1, -1, -1), draws)
    inside = slice(2, -2)  # the outermost pixels blend with the repeated border
    for image, (left, top, part_width, part_height) in zip(result, draws.tolist(), strict=True):
        expected_across = left + part_width * (np.arange(width) + 0.5) / width
        expected_down = top + part_height * (np.arange(height) + 0.5) / height
        assert np.allclose(image[0, 5].numpy()[inside], expected_across[inside], atol=1e-5)
        assert np.allclose(image[1, :, 5].numpy()[inside], expected_down[inside], atol=1e-5)


@pytest.mark.parametrize("size", [(32, 32), (20, 40), (40, 8)])
def test_crops_have_the_declared_area_and_proportion(size):
    crop = ready(Crop(0.08, 0.6, 4 / 3), (3, *size))
    left, top, width, height = crop.draw(3000, stream()).unbind(1)
    area = width * height
    ratio = width * size[1] / (height * size[0])
    fallback = size == (40, 8)  # parts of such a narrow image are often too wide for it
    if not fallback:
        assert 0.08 - 1e-5 <= float(area.min()) < 0.09
        assert 0.55 < float(area.max()) <= 0.6 + 1e-5
        assert float(area.mean()) == pytest.approx(0.34, abs=0.05)
    assert float(ratio.min()) >= 0.75 - 1e-4
    assert float(ratio.max()) <= 4 / 3 + 1e-4
    assert float(left.min()) >= 0 and float((left + width).max()) <= 1 + 1e-5
    assert float(top.min()) >= 0 and float((top + height).max()) <= 1 + 1e-5
    assert float(left.max()) > 0.2


def test_a_crop_keeps_the_range():
    images = noise(64)
    crop = ready(Crop(0.08))
    result = crop.apply(images, crop.draw(64, stream()))
    assert float(result.min()) >= 0 and float(result.max()) <= 1


@pytest.mark.parametrize("fill", ["reflect", "black"])
def test_a_padded_crop_is_a_slice_of_the_padded_image(fill):
    images = noise(40)
    crop = ready(PadCrop(0.25, fill))
    draws = crop.draw(40, stream())
    result = crop.apply(images, draws).numpy()
    assert draws.abs().amax(0).tolist() == [3, 4]
    for image, shifted, (down, right) in zip(images.numpy(), result, draws.tolist(), strict=True):
        black = -0.5 / 0.25  # of the normalized image
        edges = ((0, 0), (3, 3), (4, 4))
        padded = np.pad(image, edges, "reflect") if fill == "reflect" else np.pad(image, edges, constant_values=black)
        assert np.array_equal(shifted, padded[:, 3 - down : 15 - down, 4 - right : 20 - right])


@pytest.mark.parametrize(
    "augmentation", [Flip(0.5, 0.5), Crop(0.3), PadCrop(0.3, "black")], ids=lambda a: type(a).__name__
)
def test_boxes_follow_their_objects(augmentation):
    height, width = 40, 60
    ready(augmentation, (1, height, width))
    sides = torch.tensor([width, height, width, height])
    boxes = (torch.tensor([[10.0, 12.0, 26.0, 30.0]]) / sides).expand(200, -1)
    images = torch.full((200, 1, height, width), -2.0)
    images[:, :, 12:30, 10:26] = 1.0
    draws = augmentation.draw(200, stream())
    moved = augmentation.move_boxes(boxes, draws)
    visible = augmentation.apply(images, draws)[:, 0] > -0.5
    assert not torch.equal(moved, boxes)
    for pixels, (left, top, right, bottom) in zip(visible.numpy(), (moved * sides).tolist(), strict=True):
        rows, columns = np.flatnonzero(pixels.any(1)), np.flatnonzero(pixels.any(0))
        if len(rows) == 0:
            assert min(right - left, bottom - top) < 1.01  # it moved out of the image, up to a rounded pixel
            continue
        assert (left, top) == pytest.approx((columns[0], rows[0]), abs=1.01)
        assert (right, bottom) == pytest.approx((columns[-1] + 1, rows[-1] + 1), abs=1.01)


def test_the_affine_map_turns_around_the_centre():
    images = noise(1, (1, 9, 9))
    affine = ready(Affine(rotation=90.0, shift=0.0, zoom=0.0), (1, 9, 9))
    quarter = torch.tensor([[[0.0, -1.0, 0.0], [1.0, 0.0, 0.0]]])
    assert np.allclose(affine.apply(images, quarter)[0, 0].numpy(), np.rot90(images[0, 0].numpy()), atol=1e-5)
    angles = torch.atan2(affine.draw(2000, stream())[:, 1, 0], affine.draw(2000, stream())[:, 0, 0])
    assert float(torch.rad2deg(angles).abs().max()) == pytest.approx(90, abs=0.5)
