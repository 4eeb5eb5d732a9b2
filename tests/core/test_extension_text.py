"""References to extensions as people write them, and paths in their options."""

from pathlib import Path

import pytest

from composer.core.declarations import Declaration, ParamSpec, read_declaration
from composer.core.extension_text import (
    absolute_paths,
    describe_reference,
    parse_reference,
    plain_reference,
    read_reference,
    reference_text,
)
from composer.core.files.design_file import dumps, loads
from composer.core.graph import Design, ExtensionRef, Training
from composer.core.training_extensions import DATASET, EXTENSIONS
from composer.core.training_settings import from_plain, problems, to_plain

DECLARED = {
    "photos": Declaration(
        "photos",
        Path("photos.py"),
        options=(ParamSpec("folder", "path", required=True), ParamSpec("share", "float", 0.2)),
    ),
    "tasks": Declaration("tasks", Path("tasks.py"), options=(ParamSpec("of", "source", "digits"),)),
    "noise": Declaration("noise", Path("noise.py"), options=(ParamSpec("count", "int", 5),)),
    "still": Declaration("still", Path("still.py")),
}


@pytest.fixture(autouse=True)
def declared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(EXTENSIONS, "data", lambda: DECLARED)


@pytest.mark.parametrize(
    ("text", "reference", "canonical"),
    [
        ("still", ExtensionRef("still"), "still"),
        ("photos:my photos/a:b", ExtensionRef("photos", {"folder": "my photos/a:b"}), "photos:my photos/a:b"),
        (r"photos:C:\photos", ExtensionRef("photos", {"folder": r"C:\photos"}), r"photos:C:\photos"),
        ("noise:1e3", ExtensionRef("noise", {"count": 1000}), {"name": "noise", "count": 1000}),
        ("noise:many", ExtensionRef("noise", {"count": "many"}), {"name": "noise", "count": "many"}),
        ("tasks:photos:here", ExtensionRef("tasks", {"of": "photos:here"}), "tasks:photos:here"),
        ("unknown:here", ExtensionRef("unknown:here"), "unknown:here"),
        ("still:3", ExtensionRef("still:3"), "still:3"),
    ],
)
def test_a_value_behind_the_name_fills_the_first_option(text, reference, canonical):
    assert parse_reference("data", text) == reference
    assert plain_reference("data", reference) == canonical
    assert read_reference("data", canonical) == reference


def test_names_and_options_that_no_text_can_write_are_mappings():
    looks_like_text = ExtensionRef("noise:3")
    assert plain_reference("data", looks_like_text) == {"name": "noise:3"}
    two = ExtensionRef("photos", {"folder": "here", "share": 0.1})
    assert reference_text("data", two) is None
    for reference in (looks_like_text, two):
        assert read_reference("data", plain_reference("data", reference)) == reference


def test_words_for_people():
    assert (
        describe_reference("data", ExtensionRef("photos", {"share": 0.1, "folder": "here"}))
        == "photos:here (share: 0.1)"
    )
    assert describe_reference("data", ExtensionRef("photos", {"folder": "here"})) == "photos:here"
    assert describe_reference("data", ExtensionRef("noise", {"count": 3})) == "noise (count: 3)"
    assert describe_reference("data", ExtensionRef("none")) == "none"


def test_yaml_and_json_hold_the_text():
    design = loads("format: 1\ntraining: {data: photos:here}\n")
    assert design.training.data == ExtensionRef("photos", {"folder": "here"})
    assert "  data: photos:here\n" in dumps(design).replace('"', "")
    assert loads(dumps(design), design.name) == design
    assert from_plain(to_plain(design.training)) == design.training


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nothing:here", "data 'nothing' is unknown, expected one of: photos, tasks, noise, still"),
        ("still:3", "data still has no options, so nothing can follow its name; write still alone"),
        ("photos", "data photos needs the option folder"),
        ("photos:", "data.folder is '', expected the path of a file or folder"),
        ("noise:many", "data.count is 'many', expected an integer"),
    ],
)
def test_what_cannot_be_used_is_one_sentence(text, message):
    assert problems(Training(data=parse_reference("data", text))) == [f"training {message}"]


def test_paths_are_relative_to_the_first_folder_that_holds_them(tmp_path, monkeypatch):
    here, there = tmp_path / "here", tmp_path / "there"
    (there / "pictures").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(tmp_path))

    def folder(text, *folders):
        return absolute_paths(Training(data=parse_reference("data", text)), *folders).data.options

    assert folder("photos:pictures", here) == {"folder": str(here / "pictures")}
    assert folder("photos:pictures", here, there) == {"folder": str(there / "pictures")}
    assert folder("photos:../there/pictures", here) == {"folder": str(there / "pictures")}
    assert folder(f"photos:{there}", here) == {"folder": str(there)}
    assert folder("photos:~/there", here) == {"folder": str(there)}
    assert folder("photos:a\0b", here, there) == {"folder": f"{here}/a\0b"}
    assert folder("tasks:photos:pictures", there) == {"of": f"photos:{there / 'pictures'}"}
    assert folder("tasks:noise", there) == {"of": "noise"}
    assert Design(training=absolute_paths(Training(), here)) == Design()


def test_an_annotation_declares_a_path_or_a_source(tmp_path):
    path = tmp_path / "photos.py"
    path.write_text(
        '@dataset(title="Photos", fields=("image",))\nclass Photos:\n'
        "    def __init__(self, folder: Path, of: Source, list: Path | None = None): ...\n"
    )
    declaration = read_declaration(path, "dataset", DATASET)
    assert declaration is not None
    assert [(option.type, option.optional) for option in declaration.options] == [
        ("path", False),
        ("source", False),
        ("path", True),
    ]
