"""Arrays as people save them: the order of their axes, their range of values and their labels."""

import numpy as np
import pytest

from composer.core.errors import UserError
from composer.engine.training.datasets.formats.arrays import (
    number_labels,
    pixel_range,
    require_finite,
    to_channels_last,
)


@pytest.mark.parametrize("shape", [(5, 4, 6), (5, 4, 6, 1), (5, 1, 4, 6)])
def test_grey_images_in_any_order(shape: tuple[int, ...]) -> None:
    assert (to_channels_last(np.arange(120).reshape(shape), "x")[..., 0] == np.arange(120).reshape(5, 4, 6)).all()


def test_colours_in_any_order() -> None:
    images = np.arange(2 * 4 * 5 * 3).reshape(2, 4, 5, 3)
    assert (to_channels_last(images, "x") == images).all()
    assert (to_channels_last(images.transpose(0, 3, 1, 2), "x") == images).all()
    narrow = np.zeros((2, 3, 5, 3))
    with pytest.raises(UserError, match=r"x is 2 x 3 x 5 x 3, where the channels may be the second or the last axis"):
        to_channels_last(narrow, "x")
    assert to_channels_last(narrow, "x", "channels_first").shape == (2, 5, 3, 3)
    assert to_channels_last(narrow, "x", "channels_last").shape == (2, 3, 5, 3)


@pytest.mark.parametrize(
    ("shape", "layout", "message"),
    [
        ((5, 64), "auto", "x is 5 x 64, expected images .* reshape the rows"),
        ((5, 4, 4, 7), "auto", "x is 5 x 4 x 4 x 7, expected images"),
        ((5, 4, 4, 3), "channels_first", "expected images"),
        ((0, 4, 4), "auto", "expected at least one image"),
        ((2, 3, 4, 5, 6), "auto", "expected images"),
    ],
)
def test_other_shapes_are_refused(shape: tuple[int, ...], layout: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        to_channels_last(np.zeros(shape), "x", layout)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("values", "pixels", "noted"),
    [
        (np.array([0, 7, 255], np.uint8), [0, 7, 255], False),
        (np.array([0, 7, 255], np.int64), [0, 7, 255], False),
        (np.array([0, 7, 200], np.float32), [0, 7, 200], False),
        (np.array([0, 0.5, 1]), [0, 128, 255], False),
        (np.array([False, True]), [0, 255], False),
        (np.array([-1, 0, 1]), [0, 128, 255], True),
        (np.array([100, 1100, 2100], np.uint16), [0, 128, 255], True),
        (np.array([-1e308, 0, 1e308]), [0, 128, 255], True),
        (np.array([1000, 1000]), [0, 0], True),
    ],
)
def test_numbers_become_pixels(values: np.ndarray, pixels: list[int], noted: bool) -> None:
    scale = pixel_range(values, "x")
    assert scale.apply(values).tolist() == pixels
    assert bool(scale.note) == noted


def test_numbers_that_are_not_finite_are_named() -> None:
    values = np.zeros((4, 2, 2))
    values[2, 0, 1] = np.nan
    with pytest.raises(UserError, match=r"x: 1 of 16 values is no finite number, the first is NaN in sample 2"):
        pixel_range(values, "x")
    values[1, 1] = np.inf
    with pytest.raises(UserError, match=r"x: 3 of 16 values are no finite numbers, the first is infinity in sample 1"):
        require_finite(values, "x")


def test_labels_are_numbered_over_all_parts() -> None:
    numbers, classes = number_labels([np.array([1, 3, 3]), np.array([[7]], np.uint8)], "y")
    assert [part.tolist() for part in numbers] == [[0, 1, 1], [2]] and classes == ("1", "3", "7")
    numbers, classes = number_labels([np.array([b"dog", b"cat"]), np.array(["eel"], object)], "y")
    assert [part.tolist() for part in numbers] == [[1, 0], [2]] and classes == ("cat", "dog", "eel")
    numbers, classes = number_labels([np.array([0.0, 2.0])], "y", names=("a", "b", "c"))
    assert numbers[0].tolist() == [0, 2] and classes == ("a", "b", "c")


@pytest.mark.parametrize(
    ("parts", "names", "message"),
    [
        ([np.zeros((3, 10))], (), "labels are 3 x 10, expected one number or text"),
        ([np.array([0.5])], (), "labels have fractions"),
        ([np.array([np.nan])], (), "the first is NaN in sample 0"),
        ([np.array([0]), np.array(["a"])], (), "texts in one part and numbers in another"),
        ([np.array([0, 2])], ("a", "b"), "the label 2 has no name: 2 classes are named"),
        ([np.array([1 + 2j])], (), "labels are complex128"),
    ],
)
def test_what_is_no_label_is_refused(parts: list[np.ndarray], names: tuple[str, ...], message: str) -> None:
    with pytest.raises(UserError, match=message):
        number_labels(parts, "y", names)
