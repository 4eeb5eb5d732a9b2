"""Atomic writing where the file system lacks, denies or fails an operation leaves the old or the new version."""

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from composer.core.errors import DesignError
from composer.core.files.atomic import append, check_folder, write_atomically

OLD, NEW = b"old content", b"new and longer content"
LACKS = (errno.EINVAL, errno.ENOTSUP, errno.ENOSYS, errno.EPERM, errno.EACCES, errno.EBADF)
FAULTS = (errno.EIO, errno.ENOSPC, errno.EROFS, errno.EDQUOT)
OPERATIONS = ("fsync", "chmod", "replace", "rename", "chown", "listxattr", "getxattr", "setxattr", "open", "stat")


def refuse(monkeypatch: pytest.MonkeyPatch, name: str, code: int, when: Callable[..., bool] = lambda *_: True) -> None:
    """Make a function of `os` fail with an error number where a condition on its arguments holds."""
    real = getattr(os, name)

    def operation(*arguments: Any, **options: Any) -> Any:
        if when(*arguments):
            raise OSError(code, os.strerror(code))
        return real(*arguments, **options)

    monkeypatch.setattr(os, name, operation)


def write(path: Path, content: bytes = NEW) -> None:
    write_atomically(path, lambda file: file.write(content))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def is_folder(descriptor: int) -> bool:
    return stat.S_ISDIR(os.fstat(descriptor).st_mode)


@pytest.mark.parametrize("code", LACKS)
@pytest.mark.parametrize("name", ["fsync", "chmod", "chown", "listxattr", "getxattr", "setxattr"])
def test_an_operation_that_the_file_system_lacks_is_left_out(
    name: str, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "x.yaml"
    refuse(monkeypatch, name, code)
    for content in (OLD, NEW):
        write(file, content)
        assert file.read_bytes() == content
    assert names(tmp_path) == ["x.yaml"]


@pytest.mark.parametrize("code", [*LACKS, errno.EBUSY, errno.EEXIST])
@pytest.mark.parametrize("rename_too", [False, True], ids=["replace", "replace and rename"])
def test_a_denied_rename_onto_a_file_is_replaced_by_another_way(
    code: int, rename_too: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "x.yaml"
    file.write_bytes(OLD)
    refuse(monkeypatch, "replace", code, lambda _source, target: Path(target).exists())
    if rename_too:
        refuse(monkeypatch, "rename", code)
    write(file)
    assert file.read_bytes() == NEW
    write(file, b"short")
    assert file.read_bytes() == b"short"
    assert names(tmp_path) == ["x.yaml"]


def test_the_second_of_two_renames_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "x.yaml"
    file.write_bytes(OLD)
    refuse(monkeypatch, "replace", errno.EACCES)
    refuse(monkeypatch, "rename", errno.EIO, lambda source, _target: str(source).endswith(".part"))
    write(file)
    assert file.read_bytes() == NEW
    assert names(tmp_path) == ["x.yaml"]


def test_where_nothing_can_be_put_back_the_message_names_the_old_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "x.yaml"
    file.write_bytes(OLD)
    refuse(monkeypatch, "replace", errno.EACCES)
    refuse(monkeypatch, "rename", errno.EIO, lambda source, _target: not str(source).endswith("x.yaml"))
    with pytest.raises(DesignError, match=r"its last version is .*\.old"):
        write(file)
    (rest,) = tmp_path.iterdir()
    assert rest.read_bytes() == OLD


@pytest.mark.parametrize("code", [*LACKS, *FAULTS, errno.EBUSY, errno.ETXTBSY, errno.ENAMETOOLONG])
@pytest.mark.parametrize("exists", [True, False], ids=["replaced", "new"])
@pytest.mark.parametrize("name", OPERATIONS)
def test_every_failing_operation_leaves_the_old_or_the_new_version(
    name: str, exists: bool, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "x.yaml"
    if exists:
        file.write_bytes(OLD)
    with monkeypatch.context() as patch:
        refuse(patch, name, code, lambda *arguments: ".part" in str(arguments) or name != "stat")
        message = ""
        try:
            write(file)
        except DesignError as error:
            message = str(error)
    assert "\n" not in message
    written = not message or "is written" in message
    if written:
        assert file.read_bytes() == NEW
    else:
        assert (file.read_bytes() == OLD) if exists else not file.exists()
    assert names(tmp_path) == (["x.yaml"] if exists or written else [])


@pytest.mark.parametrize("code", FAULTS)
def test_a_disk_that_fails_while_the_folder_is_flushed_is_reported_with_what_is_true(
    code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse(monkeypatch, "fsync", code, is_folder)
    with pytest.raises(DesignError, match=r"is written, but the disk reports .*; save a copy elsewhere"):
        write(tmp_path / "x.yaml")
    assert (tmp_path / "x.yaml").read_bytes() == NEW


@pytest.mark.parametrize("failures", range(1, 4))
def test_a_full_disk_while_copying_over_restores_the_old_version(
    failures: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Copying over is the last way; its n-th flush fails: of the backup, of the new content."""
    file = tmp_path / "x.yaml"
    file.write_bytes(OLD)
    refuse(monkeypatch, "replace", errno.EACCES)
    refuse(monkeypatch, "rename", errno.EACCES)
    count = 0

    def nth(_descriptor: int) -> bool:
        nonlocal count
        count += 1
        return count == failures

    with monkeypatch.context() as patch:
        refuse(patch, "fsync", errno.ENOSPC, nth)
        with pytest.raises(DesignError, match="No space left on device"):
            write(file)
    assert file.read_bytes() == OLD
    assert names(tmp_path) == ["x.yaml"]


def test_attributes_of_the_replaced_file_are_kept(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_bytes(OLD)
    file.chmod(0o640)
    try:
        os.setxattr(file, "user.note", b"mine")
        note = b"mine"
    except (AttributeError, OSError):
        note = None
    write(file)
    assert file.stat().st_mode & 0o777 == 0o640
    assert note is None or os.getxattr(file, "user.note") == note


def test_a_hard_link_keeps_the_old_content(tmp_path: Path) -> None:
    file, snapshot = tmp_path / "x.yaml", tmp_path / "snapshot.yaml"
    file.write_bytes(OLD)
    os.link(file, snapshot)
    write(file)
    assert (file.read_bytes(), snapshot.read_bytes()) == (NEW, OLD)


def test_a_symbolic_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "real.yaml").write_bytes(OLD)
    (tmp_path / "link.yaml").symlink_to("real.yaml")
    write(tmp_path / "link.yaml")
    assert (tmp_path / "link.yaml").is_symlink()
    assert (tmp_path / "real.yaml").read_bytes() == NEW


@pytest.mark.parametrize("name", ["n" * 250 + ".yaml", "é" * 125 + ".yaml", "名" * 83 + ".yaml"])
def test_a_name_as_long_as_names_may_be(name: str, tmp_path: Path) -> None:
    write(tmp_path / name)
    assert names(tmp_path) == [name]


def test_before_replace_may_keep_the_old_version(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_bytes(OLD)

    def refuse_it() -> None:
        raise DesignError("no")

    with pytest.raises(DesignError, match="no"):
        write_atomically(file, lambda out: out.write(NEW), before_replace=refuse_it)
    assert file.read_bytes() == OLD
    assert names(tmp_path) == ["x.yaml"]


def test_a_folder_in_which_files_can_be_saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check_folder(tmp_path)
    refuse(monkeypatch, "replace", errno.EACCES, lambda _source, target: Path(target).exists())
    refuse(monkeypatch, "fsync", errno.EINVAL, is_folder)
    check_folder(tmp_path, 1000)
    assert names(tmp_path) == []


@pytest.mark.parametrize(("name", "code"), [("open", errno.EROFS), ("fsync", errno.ENOSPC), ("replace", errno.EIO)])
def test_a_folder_in_which_nothing_can_be_saved_is_refused_and_stays_empty(
    name: str, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        refuse(patch, name, code)
        with pytest.raises(DesignError, match="files cannot be saved here") as caught:
            check_folder(tmp_path)
    assert os.strerror(code) in str(caught.value)
    assert str(caught.value).count(str(tmp_path)) == 1
    assert names(tmp_path) == []


def test_a_folder_without_enough_space_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DesignError, match=r"MB are free, but 1000000000000 MB are needed; free some space"):
        check_folder(tmp_path, 10**18)


def test_lines_are_appended_and_flushed_where_that_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flushed: list[int] = []
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda descriptor: (flushed.append(descriptor), real(descriptor)))
    append(tmp_path / "lines", b"one\n", flush=False)
    assert flushed == []
    append(tmp_path / "lines", b"two\n", flush=True)
    assert len(flushed) == 1
    assert (tmp_path / "lines").read_bytes() == b"one\ntwo\n"


def test_a_line_that_fits_in_part_is_an_error(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    path = tmp_path / "lines"
    append(path, b"one\n", flush=False)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8, before[1]))
    try:
        with pytest.raises(DesignError, match="lines: cannot be written: File too large"):
            append(path, b"a longer line\n", flush=False)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert path.read_bytes() == b"one\na lo"
    append(path, b"a longer line\n", flush=False)
    assert path.read_bytes() == b"one\na longer line\n"


def test_a_folder_that_is_missing_is_a_message(tmp_path: Path) -> None:
    with pytest.raises(DesignError, match="cannot be written: No such file"):
        append(tmp_path / "gone" / "lines", b"one\n", flush=True)


def test_a_file_that_nobody_needs_does_not_wait_for_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refuse(monkeypatch, "fsync", errno.EIO)
    write_atomically(tmp_path / "image.png", lambda file: file.write(NEW), flush=False)
    assert names(tmp_path) == ["image.png"]
    assert (tmp_path / "image.png").read_bytes() == NEW
