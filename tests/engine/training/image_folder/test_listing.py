"""Which files of a folder are samples, of which class and part."""

import os

import pytest

from composer.core.errors import UserError
from composer.engine.training.datasets.image_folder.listing import class_order, list_folder
from tests.engine.training.image_folder.pictures import write


def labels(listing):
    return {item.path: (item.label, item.part) for item in listing.images}


def test_a_sub_folder_is_a_class_whatever_is_inside_it(tmp_path):
    write(
        tmp_path,
        (
            "cat/a.png",
            "cat/deep/er/b.JPG",
            "dog/c.tif",
            ".hidden/d.png",
            "dog/.e.png",
            "__MACOSX/f.png",
            "dog/ü_1.webp",
        ),
    )
    (tmp_path / "dog" / "notes.txt").write_text("x")
    (tmp_path / "dog" / "Thumbs.db").write_text("x")
    (tmp_path / "bird").mkdir()
    write(tmp_path, ("loose.png",))
    listing = list_folder(tmp_path)
    assert labels(listing) == {
        "cat/a.png": ("cat", ""),
        "cat/deep/er/b.JPG": ("cat", ""),
        "dog/c.tif": ("dog", ""),
        "dog/ü_1.webp": ("dog", ""),
    }
    assert listing.empty_classes == ("bird",)
    assert listing.notes == (
        "1 file is no image: dog/notes.txt",
        "1 image is beside the folders of the classes and left out: loose.png",
    )


@pytest.mark.parametrize(
    ("train", "val", "test"),
    [
        ("train", "val", "test"),
        ("Training", "validation", "testing"),
        ("TRAIN", "valid", "Test"),
        ("train", "eval", "test"),
    ],
)
def test_folders_of_parts_by_their_usual_names(tmp_path, train, val, test):
    write(
        tmp_path, (f"{train}/cat/a.png", f"{train}/dog/b.png", f"{val}/cat/c.png", f"{test}/dog/d/e.png", "demo/f.png")
    )
    listing = list_folder(tmp_path)
    assert set(labels(listing).values()) == {("cat", "train"), ("dog", "train"), ("cat", "val"), ("dog", "test")}
    assert listing.notes == (f"1 image is outside {', '.join(sorted((train, val, test)))} and left out: demo/f.png",)


def test_a_training_part_alone(tmp_path):
    write(tmp_path, ("train/cat/a.png", "train/dog/b.png"))
    assert set(labels(list_folder(tmp_path)).values()) == {("cat", "train"), ("dog", "train")}


def test_a_class_may_be_named_train(tmp_path):
    write(tmp_path, ("train/a.png", "bus/b.png", "car/c.png"))
    assert {item.label for item in list_folder(tmp_path).images} == {"train", "bus", "car"}


def test_the_folder_that_an_archive_makes_is_looked_through(tmp_path):
    write(tmp_path, ("pets/cat/a.png", "pets/dog/b.png"))
    assert {item.label for item in list_folder(tmp_path).images} == {"cat", "dog"}
    write(tmp_path / "parts", ("pets/v2/train/cat/a.png", "pets/v2/train/dog/b.png", "pets/v2/test/dog/c.png"))
    assert {item.part for item in list_folder(tmp_path / "parts").images} == {"train", "test"}


def test_images_of_a_part_without_a_class_are_left_out(tmp_path):
    write(tmp_path, ("train/cat/a.png", "train/dog/b.png", "test/1.png", "test/2.png", "val/cat/c.png"))
    listing = list_folder(tmp_path)
    assert listing.notes == ("2 images are in no folder of a class and left out: test/1.png, test/2.png",)


def test_links_are_followed_once(tmp_path):
    root = write(tmp_path / "pets", ("cat/a.png", "dog/b.png"))
    write(tmp_path / "more", ("c.png",))
    (root / "dog" / "more").symlink_to(tmp_path / "more")
    (root / "cat" / "loop").symlink_to(root)
    (root / "cat" / "gone.png").symlink_to("nowhere")
    listing = list_folder(root)
    assert list(labels(listing)) == ["cat/a.png", "dog/b.png", "dog/more/c.png"]
    assert listing.notes == (
        "cat/gone.png is a link to a file that does not exist",
        "cat/loop is a link to a folder above it and is not followed",
    )


def test_endless_nesting_is_noted(tmp_path):
    write(tmp_path, ("cat/a.png", "dog/b.png", f"cat/{'x/' * 70}c.png"))
    listing = list_folder(tmp_path)
    assert len(listing.images) == 2
    assert listing.notes == ("cat/x/x/...: folders are nested more than 64 deep",)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ((), "holds no image; expected a sub-folder with images for each class"),
        (("a.png", "b.png"), "its 2 images are in no sub-folder; make a sub-folder for each class"),
        (("val/cat/a.png", "test/cat/b.png"), "has test and val, but no folder train"),
        (("train/cat/a.png", "val/cat/b.png", "valid/cat/c.png"), "val and valid name the same part; keep one"),
        (("train/a.png", "val/b.png"), "train: has no sub-folder with images; expected one for each class"),
        (
            ("train/cat/a.png", "train/dog/b.png", "test/cow/c.png"),
            "test has the class cow, which train lacks; add images of it to train, or move it away",
        ),
    ],
)
def test_a_folder_that_cannot_be_used_is_one_sentence(tmp_path, names, message):
    write(tmp_path, names)
    with pytest.raises(UserError, match=message):
        list_folder(tmp_path)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everywhere")
def test_an_unreadable_folder_is_named(tmp_path):
    write(tmp_path, ("cat/a.png", "dog/b.png"))
    (tmp_path / "dog").chmod(0)
    try:
        with pytest.raises(UserError, match="dog: cannot be read: Permission denied; make it readable"):
            list_folder(tmp_path)
    finally:
        (tmp_path / "dog").chmod(0o700)


def test_an_error_of_the_disk_is_one_sentence(tmp_path, monkeypatch):
    write(tmp_path, ("cat/a.png", "dog/b.png"))
    scandir = os.scandir

    def failing(folder):
        if str(folder).endswith("dog"):
            raise PermissionError(13, "Permission denied")
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", failing)
    with pytest.raises(UserError, match="dog: cannot be read: Permission denied; make it readable"):
        list_folder(tmp_path)


def test_classes_named_by_numbers_are_in_their_order():
    assert class_order({"10", "9", "0"}) == ("0", "9", "10")
    assert class_order({"b10", "b9", "A"}) == ("A", "b10", "b9")


def test_the_stamp_changes_with_names_sizes_and_times(tmp_path):
    write(tmp_path, ("cat/a.png", "dog/b.png"))
    stamp = list_folder(tmp_path).stamp()
    assert list_folder(tmp_path).stamp() == stamp
    os.utime(tmp_path / "cat" / "a.png", ns=(1, 1))
    changed = list_folder(tmp_path).stamp()
    (tmp_path / "cat" / "a.png").rename(tmp_path / "dog" / "a.png")
    write(tmp_path, ("cat/c.png",))
    assert len({stamp, changed, list_folder(tmp_path).stamp()}) == 3
