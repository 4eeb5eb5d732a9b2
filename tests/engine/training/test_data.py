import base64
import io
from collections import Counter

import numpy as np
import pytest
import torch
from composer.engine.training.augment import batch_bounds, epoch_batches, jitter, warp
from PIL import Image

from composer.core.errors import UserError
from composer.core.files.design_file import loads
from composer.engine.training import augment, data


@pytest.fixture(scope="module")
def digits() -> data.DataSet:
    return data.load("digits", (1, 16, 16))


def test_split_is_stratified_disjoint_and_the_same_everywhere(digits):
    labels = torch.cat([digits.train.labels, digits.val.labels])
    assert len(digits.train) + len(digits.val) == 1797
    held, whole = Counter(digits.val.labels.tolist()), Counter(labels.tolist())
    for number in range(10):
        assert held[number] == round(whole[number] * 0.2)
    train, val = data.stratified_split(np.arange(100) % 10)
    assert not set(train) & set(val)
    assert sorted([*train, *val]) == list(range(100))
    # The very indices: a split that moves between versions would leak training images into validation.
    assert val.tolist() == [7, 13, 15, 19, 20, 22, 24, 26, 29, 31, 32, 36, 51, 54, 63, 78, 80, 85, 88, 97]


def test_images_keep_their_labels_and_scale(digits):
    from sklearn.datasets import load_digits

    bunch = load_digits()
    train, _ = data.stratified_split(bunch.target)
    small = torch.nn.functional.adaptive_avg_pool2d(digits.train.images, 8)[:, 0] * digits.std + digits.mean
    original = torch.from_numpy(bunch.images[train] / 16).float()
    assert (small - original).abs().mean() < 0.05
    assert (digits.train.labels.numpy() == bunch.target[train]).all()
    assert abs(float(data.load("digits", (1, 8, 8)).train.images.mean())) < 0.01
    assert abs(float(data.load("digits", (1, 8, 8)).train.images.std()) - 1) < 0.01


def test_channels_are_repeated():
    rgb = data.load("digits", (3, 12, 10)).train.images
    assert rgb.shape[1:] == (3, 12, 10)
    assert torch.equal(rgb[:, 0], rgb[:, 2])


def test_a_large_set_is_resized_batch_by_batch_to_the_same_images(digits, monkeypatch):
    monkeypatch.setattr(data, "RESIZED_BYTES", 0)
    lazy = data.digits((1, 16, 16))
    assert lazy.train.images.shape[2:] == (8, 8)
    assert lazy.shape == (1, 16, 16)
    assert torch.allclose(lazy.train.take(slice(20)), digits.train.take(slice(20)), atol=1e-6)
    batch, _ = next(epoch_batches(lazy.train, 20, 0, 1, augment=False))
    wanted, _ = next(epoch_batches(digits.train, 20, 0, 1, augment=False))
    assert torch.allclose(batch, wanted, atol=1e-6)


def test_unknown_data_names_the_known():
    with pytest.raises(UserError, match=r"'cifar' is not known; choose one of: .*digits"):
        data.load("cifar", (1, 8, 8))


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ("a: {shape: [1, 8, 8]}, b: {shape: [1, 8, 8]}", "2 inputs"),
        ("a: {shape: [64]}", r"'a' is \[64\] float32, expected an image"),
        ("a: {shape: [1, 8, 8], dtype: int64}", "int64, expected an image"),
    ],
)
def test_a_design_without_one_image_input_is_refused(inputs, message):
    design = loads(f"format: 1\ninputs: {{{inputs}}}\n")
    with pytest.raises(UserError, match=message):
        data.input_shape(design)


def test_input_shape_evaluates_expressions():
    assert data.input_shape(
        loads('format: 1\nvariables: {side: 6}\ninputs:\n  a: {shape: [1, "=side * 2", "=side"]}\n')
    ) == (1, 12, 6)


def test_a_photographed_digit_looks_like_the_data(digits, tmp_path):
    sample = digits.val.take(slice(1))
    ink = np.asarray(digits.picture(sample[0], 160).convert("L"), dtype=np.float32)
    paper = np.full((300, 420), 230, np.float32)
    paper[40:200, 100:260] -= ink * 0.7  # dark ink, grey paper, off centre
    Image.fromarray(paper.astype(np.uint8)).save(tmp_path / "photo.png")
    prepared = digits.prepare(data.read_picture(tmp_path / "photo.png"))
    assert prepared.shape == (1, 1, 16, 16)
    assert prepared.dtype == torch.float32
    corners = prepared[..., 0, 0]
    assert float(corners) < 0, "paper should be dark after preparing"
    pair = torch.stack([prepared.flatten(), sample.flatten()])
    assert float(torch.corrcoef(pair)[0, 1]) > 0.6


def test_an_empty_page_is_an_empty_image(digits):
    assert len(digits.prepare(Image.new("L", (50, 30), 255)).unique()) == 1


def test_pictures_of_every_mode_are_read(tmp_path):
    clear = Image.new("RGBA", (4, 6), (0, 0, 0, 0))
    clear.save(tmp_path / "clear.png")
    assert data.read_picture(tmp_path / "clear.png").getpixel((0, 0)) == (255, 255, 255)
    deep = np.linspace(0, 60000, 24).reshape(6, 4).astype(np.uint16)
    Image.fromarray(deep).save(tmp_path / "deep.png")
    assert np.asarray(data.read_picture(tmp_path / "deep.png")).max() == 255
    assert 100 < np.asarray(data.read_picture(tmp_path / "deep.png")).mean() < 155
    turned = Image.new("L", (4, 6))
    exif = turned.getexif()
    exif[0x0112] = 6
    turned.save(tmp_path / "turned.jpg", exif=exif)
    assert data.read_picture(tmp_path / "turned.jpg").size == (6, 4)


def test_what_is_no_image_is_said_in_a_sentence(tmp_path, monkeypatch):
    (tmp_path / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"garbage" * 9)
    with pytest.raises(UserError, match=r"bad\.png: cannot be read as an image"):
        data.read_picture(tmp_path / "bad.png")
    with pytest.raises(UserError, match="file not found"):
        data.read_picture(tmp_path / "none.png")
    Image.new("L", (20, 20)).save(tmp_path / "big.png")
    monkeypatch.setattr(data, "MAX_PIXELS", 100)
    with pytest.raises(UserError, match="20 x 20 pixels are too many"):
        data.read_picture(tmp_path / "big.png")


def test_png_base64_is_a_png(digits):
    picture = digits.picture(digits.val.images[0], 64)
    assert picture.size == (64, 64)
    back = Image.open(io.BytesIO(base64.b64decode(data.png_base64(picture))))
    assert back.format == "PNG"
    assert back.tobytes() == picture.tobytes()


def test_an_epoch_depends_on_seed_and_number_alone(digits):
    def epoch(*numbers, **more):
        return [
            (images.sum().item(), labels.tolist())
            for images, labels in epoch_batches(digits.train, 100, *numbers, augment=True, **more)
        ]

    assert epoch(0, 1) == epoch(0, 1)
    assert epoch(0, 1) != epoch(0, 2)
    assert epoch(0, 1) != epoch(1, 1)
    tail = epoch(0, 1, start=4)
    assert [labels for _, labels in tail] == [labels for _, labels in epoch(0, 1)[4:]]
    assert [total for total, _ in tail] == pytest.approx([total for total, _ in epoch(0, 1)[4:]])


def test_chunks_do_not_change_the_batches(digits, monkeypatch):
    whole = list(epoch_batches(digits.train, 64, 3, 2, augment=True))
    monkeypatch.setattr(augment, "CHUNK_BYTES", 1)
    single = list(epoch_batches(digits.train, 64, 3, 2, augment=True))
    assert len(whole) == len(single) == 23
    for (a, b), (c, d) in zip(whole, single, strict=True):
        assert torch.allclose(a, c, atol=1e-6)
        assert torch.equal(b, d)


def test_every_image_comes_once(digits):
    seen = torch.cat([images.flatten(1) for images, _ in epoch_batches(digits.train, 64, 0, 1, augment=False)])
    assert torch.equal(seen.sum(1).sort().values, digits.train.images.flatten(1).sum(1).sort().values)


def test_no_batch_is_a_single_image():
    assert batch_bounds(129, 64) == [(0, 64), (64, 129)]
    assert batch_bounds(130, 64) == [(0, 64), (64, 128), (128, 130)]
    assert batch_bounds(1, 64) == [(0, 1)]


def test_jitter_moves_a_little_and_no_jitter_moves_nothing(digits):
    images = digits.train.images[:50]
    still = torch.eye(2, 3).expand(50, 2, 3)
    assert torch.allclose(warp(images, still), images, atol=1e-5)
    moved = warp(images, jitter(50, torch.Generator().manual_seed(0)))
    assert moved.shape == images.shape
    change = (moved - images).flatten(1).norm(dim=1) / images.flatten(1).norm(dim=1)
    assert float(change.min()) > 0.05
    assert float(change.max()) < 1.0
