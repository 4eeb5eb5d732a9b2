"""The one decision whether a file may be replaced without asking."""

import os
from pathlib import Path

import pytest

from composer import paths
from composer.core.errors import UserError
from composer.core.files import replacing
from composer.core.files.replacing import FileStamp, check_replace, replace_problem, write_output


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETCOMPOSER_HOME", str(tmp_path / "home"))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    return folder / "model.py"


def test_a_file_that_does_not_exist_or_is_empty_may_be_written(file: Path) -> None:
    assert replace_problem(file) is None
    file.touch()
    assert replace_problem(file) is None


def test_a_file_of_the_user_is_refused_and_force_replaces_it(file: Path) -> None:
    file.write_text("# mine")
    with pytest.raises(UserError, match=r"model.py exists already; choose another name or add --force to replace it"):
        write_output(file, b"new", kind="python")
    assert file.read_text() == "# mine"
    write_output(file, b"new", kind="python", force=True)
    assert file.read_text() == "new"


def test_the_same_output_may_be_written_again_until_it_is_edited(file: Path) -> None:
    design = file.with_name("design.yaml")
    write_output(file, b"one", kind="python", source=design)
    write_output(file, b"two", kind="python", source=design)
    file.write_text("edited")
    with pytest.raises(UserError, match="was edited since it was written"):
        write_output(file, b"three", kind="python", source=design)
    assert file.read_text() == "edited"


@pytest.mark.parametrize(("kind", "source"), [("onnx", "design.yaml"), ("python", "other.yaml")])
def test_the_output_of_another_kind_or_design_is_refused(kind: str, source: str, file: Path) -> None:
    write_output(file, b"one", kind="python", source=file.with_name("design.yaml"))
    with pytest.raises(UserError, match=r"holds a python output from .*design\.yaml"):
        write_output(file, b"two", kind=kind, source=file.with_name(source))


def test_what_holds_the_very_content_loses_nothing(file: Path) -> None:
    file.write_text("same")
    write_output(file, b"same", kind="python")


def test_a_record_of_another_place_is_worth_nothing(file: Path) -> None:
    write_output(file, b"one", kind="python")
    moved = file.with_name("moved.py")
    file.rename(moved)
    assert replace_problem(moved, kind="python") == "exists already"


def test_without_a_data_folder_outputs_are_written_but_not_again(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETCOMPOSER_HOME", "/dev/null/home")
    write_output(file, b"one", kind="python")
    assert replace_problem(file, kind="python") == "exists already"


@pytest.mark.parametrize("text", ["[]", "{", "", '{"path": 1}', "null"])
def test_a_damaged_record_is_none(text: str, file: Path) -> None:
    write_output(file, b"one", kind="python")
    (record,) = (paths.user_data() / replacing.FOLDER).iterdir()
    record.write_text(text)
    assert replace_problem(file, kind="python") == "exists already"


def test_a_file_that_was_read_may_be_saved_until_it_changes_on_disk(file: Path) -> None:
    file.write_text("first")
    stamp = FileStamp.of(file)
    assert stamp is not None
    assert replace_problem(file, stamp=stamp) is None
    os.utime(file, (0, 0))  # git and synchronisation touch times; the content counts
    assert replace_problem(file, stamp=stamp) is None
    file.write_text("other")
    os.utime(file, ns=(stamp.mtime_ns, stamp.mtime_ns))  # the same size at the same time
    assert replace_problem(file, stamp=stamp) == "has changed on disk since it was read"
    file.write_text("")
    assert replace_problem(file, stamp=stamp) == "has changed on disk since it was read"
    file.unlink()
    assert replace_problem(file, stamp=stamp) is None


def test_an_edit_while_the_output_is_computed_is_noticed(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = replacing.write_atomically

    def edited_meanwhile(path: Path, *arguments: object, **options: object) -> None:
        if path == file:
            path.write_text("# mine")
        real(path, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(replacing, "write_atomically", edited_meanwhile)
    with pytest.raises(UserError, match="exists already"):
        write_output(file, b"new", kind="python")
    assert file.read_text() == "# mine"
    assert list(file.parent.iterdir()) == [file]


def test_a_write_protected_file_is_refused(file: Path) -> None:
    write_output(file, b"one", kind="python")
    file.chmod(0o444)
    with pytest.raises(UserError, match="is write-protected"):
        write_output(file, b"two", kind="python")


def test_a_link_is_its_target(file: Path, tmp_path: Path) -> None:
    write_output(file, b"one", kind="python")
    link = tmp_path / "link.py"
    link.symlink_to(file)
    write_output(link, b"two", kind="python")
    assert link.is_symlink()
    assert file.read_bytes() == b"two"
    file.write_text("# mine")
    with pytest.raises(UserError, match=r"link\.py exists already and was edited"):
        write_output(link, b"three", kind="python")


@pytest.mark.parametrize("target", ["/dev/null", ".", "/dev/null/x", "missing/x"])
def test_folders_devices_and_missing_folders_are_refused_first(target: str) -> None:
    with pytest.raises(UserError, match="cannot be written"):
        check_replace(Path(target), force=True)


def test_old_records_are_dropped(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replacing, "MAX_RECORDS", 10)
    for number in range(30):
        write_output(file.with_name(f"{number}.py"), b"x", kind="python")
    assert len(list((paths.user_data() / replacing.FOLDER).iterdir())) <= 10
    assert replace_problem(file.with_name("29.py"), kind="python") is None
