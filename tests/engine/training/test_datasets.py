import base64
import io
from collections import Counter

import numpy as np
import pytest
import torch
from PIL import Image

from composer.core.errors import UserError
from composer.core.files.design_file import loads
from composer.core.graph import ExtensionRef
from composer.core.training_inputs import field_shapes, input_fields
from composer.engine.training.data.inputs import NamedInputs, check_fields, load_for
from composer.engine.training.datasets import LoadedDataset, image_format, load
from composer.engine.training.datasets import digits as digits_module
from composer.engine.training.datasets.image_file import read_image
from composer.engine.training.datasets.image_format import channel_statistics, png_base64
from composer.engine.training.datasets.splits import stratified_split


def load_digits(*shape: int, **options: int) -> LoadedDataset:
    return load(ExtensionRef("digits", options), {"image": shape})


@pytest.fixture(scope="module")
def digits() -> LoadedDataset:
    return load_digits(1, 16, 16)


def test_split_is_stratified_disjoint_and_the_same_everywhere(digits):
    labels = torch.cat([digits.train.take(slice(None))["label"], digits.val.take(slice(None))["label"]])
    assert len(digits.train) + len(digits.val) == 1797
    held_out, whole = Counter(digits.val.take(slice(None))["label"].tolist()), Counter(labels.tolist())
    for number in range(10):
        assert held_out[number] == round(whole[number] * 0.2)
    train, val = stratified_split(np.arange(100) % 10)
    assert not set(train) & set(val)
    assert sorted([*train, *val]) == list(range(100))
    # The very indices: a split that moves between versions would leak training images into validation.
    assert val.tolist() == [7, 13, 15, 19, 20, 22, 24, 26, 29, 31, 32, 36, 51, 54, 63, 78, 80, 85, 88, 97]


def test_images_keep_their_labels_and_scale(digits):
    from sklearn.datasets import load_digits as bundled_digits

    bunch = bundled_digits()
    train, _ = stratified_split(bunch.target)
    small = digits.image.denormalize(
        torch.nn.functional.adaptive_avg_pool2d(digits.train.take(slice(None))["image"], 8)
    )[:, 0]
    original = torch.from_numpy(bunch.images[train] / 16).float()
    assert (small - original).abs().mean() < 0.05
    assert (digits.train.take(slice(None))["label"].numpy() == bunch.target[train]).all()
    assert abs(float(load_digits(1, 8, 8).train.take(slice(None))["image"].mean())) < 0.01
    assert abs(float(load_digits(1, 8, 8).train.take(slice(None))["image"].std()) - 1) < 0.01


def test_channels_are_repeated():
    rgb = load_digits(3, 12, 10).train.take(slice(None))["image"]
    assert rgb.shape[1:] == (3, 12, 10)
    assert torch.equal(rgb[:, 0], rgb[:, 2])


def test_statistics_are_per_channel_and_undone_exactly():
    pixels = torch.rand(20, 3, 5, 4) * torch.tensor([0.2, 0.5, 1.0]).view(3, 1, 1)
    mean, std = channel_statistics(pixels)
    assert mean == pytest.approx(pixels.double().mean((0, 2, 3)).tolist())
    assert std == pytest.approx(pixels.double().std((0, 2, 3), correction=0).tolist())
    form = image_format.ImageFormat((3, 5, 4), mean, std)
    normal = form.normalize(pixels)
    assert normal.mean((0, 2, 3)).abs().max() < 1e-5
    assert torch.allclose(normal.std((0, 2, 3), correction=0), torch.ones(3), atol=1e-4)
    assert torch.allclose(form.denormalize(normal), pixels, atol=1e-6)


def test_another_split_seed_holds_out_other_digits(digits):
    other = load_digits(1, 16, 16, split_seed=1)
    assert len(other.val) == len(digits.val)
    assert not torch.equal(other.val.take(slice(None))["image"], digits.val.take(slice(None))["image"])


def test_a_large_dataset_is_resized_batch_by_batch_to_the_same_images(digits, monkeypatch):
    monkeypatch.setattr(digits_module, "MAX_RESIZED_BYTES", 0)
    lazy = digits_module.Digits().load({"image": (1, 16, 16)})
    assert lazy.train.tensors["image"].shape[2:] == (8, 8)
    assert lazy.train.sample_bytes() == digits.train.sample_bytes() == 16 * 16 * 4 + 8
    assert torch.allclose(lazy.train.take(slice(20))["image"], digits.train.take(slice(20))["image"], atol=0.02)


def test_unknown_data_names_the_known():
    with pytest.raises(UserError, match=r"data 'nonsense' is unknown, expected one of: .*digits"):
        load(ExtensionRef("nonsense"), {"image": (1, 8, 8)})


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ("image: {shape: [1, 8, 8]}, b: {shape: [1, 8, 8]}", r"2 inputs \(image, b\).* digits has no field 'b'"),
        ("a: {shape: [65]}", r"'a' is \[65\] float32, expected an image"),
        ("a: {shape: [8, 8]}", r"'a' is \[8, 8\] float32, expected an image"),
        ("a: {shape: [1, 8, 8], dtype: int64}", "int64, expected an image"),
    ],
)
def test_inputs_that_the_data_cannot_fill_are_refused(inputs, message):
    design = loads(f"format: 1\ninputs: {{{inputs}}}\n")
    with pytest.raises(UserError, match=message):
        load_for(design)


def test_a_single_input_takes_the_image_whatever_its_name():
    design = loads('format: 1\nvariables: {side: 6}\ninputs:\n  a: {shape: [1, "=side * 2", "=side"]}\n')
    assert input_fields(design) == ("image",)
    assert field_shapes(design) == {"image": (1, 12, 6)}


def test_a_row_of_values_takes_a_square_image():
    design = loads("format: 1\ninputs: {a: {shape: [192]}}\n")
    assert field_shapes(design) == {"image": (3, 8, 8)}
    assert field_shapes(loads("format: 1\ninputs: {a: {shape: [784]}}\n")) == {"image": (1, 28, 28)}
    data = load_for(design)
    check_fields(design, data.train)
    batch = data.train.take(slice(2))
    assert torch.equal(NamedInputs.of(torch.nn.Identity(), design)(batch), batch["image"].reshape(2, 192))


def test_several_inputs_are_filled_by_name():
    design = loads("format: 1\ninputs: {label: {shape: [], dtype: int64}, image: {shape: [1, 8, 8]}}\n")
    assert input_fields(design) == ("label", "image")
    assert field_shapes(design) == {"label": (), "image": (1, 8, 8)}


def test_a_photographed_digit_looks_like_the_data(digits, tmp_path):
    sample = digits.val.take(slice(1))["image"]
    ink = np.asarray(digits.image.to_image(sample[0], 160).convert("L"), dtype=np.float32)
    paper = np.full((300, 420), 230, np.float32)
    paper[40:200, 100:260] -= ink * 0.7  # dark ink, grey paper, off centre
    Image.fromarray(paper.astype(np.uint8)).save(tmp_path / "photo.png")
    prepared = digits.image.prepare(read_image(tmp_path / "photo.png")).tensor
    assert prepared.shape == (1, 1, 16, 16)
    assert prepared.dtype == torch.float32
    corners = prepared[..., 0, 0]
    assert float(corners) < 0, "paper should be dark after preparing"
    pair = torch.stack([prepared.flatten(), sample.flatten()])
    assert float(torch.corrcoef(pair)[0, 1]) > 0.6


def test_png_base64_is_a_png(digits):
    picture = digits.image.to_image(digits.val.take(slice(None))["image"][0], 64)
    assert picture.size == (64, 64)
    back = Image.open(io.BytesIO(base64.b64decode(png_base64(picture))))
    assert back.format == "PNG"
    assert back.tobytes() == picture.tobytes()
