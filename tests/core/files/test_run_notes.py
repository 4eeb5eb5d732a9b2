"""The notes and tags of a run."""

from pathlib import Path

import pytest

from composer.core.errors import UserError
from composer.core.files.run_notes import NOTES, RunNotes, parse_tags, read_notes, write_notes


def test_notes_are_read_as_they_were_written(tmp_path: Path) -> None:
    notes = RunNotes("Größer, aber langsamer\nsecond line", ("paper", "ablation"))
    assert read_notes(tmp_path) == RunNotes()
    write_notes(tmp_path, notes)
    assert read_notes(tmp_path) == notes
    assert [path.name for path in tmp_path.iterdir()] == [NOTES]


def test_empty_notes_leave_no_file(tmp_path: Path) -> None:
    write_notes(tmp_path, RunNotes("once"))
    write_notes(tmp_path, RunNotes())
    write_notes(tmp_path, RunNotes())
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("content", [b"{", b"[1]", b"\xff", b'{"notes": 3, "tags": "x"}'])
def test_a_damaged_file_holds_no_notes(tmp_path: Path, content: bytes) -> None:
    (tmp_path / NOTES).write_bytes(content)
    assert read_notes(tmp_path) == RunNotes()


def test_tags_are_single_words_and_unique(tmp_path: Path) -> None:
    assert parse_tags(" paper,  my   ablation , paper,,") == ("paper", "my", "ablation")
    (tmp_path / NOTES).write_text('{"tags": ["a", 3, "a", " b c "]}')
    assert read_notes(tmp_path).tags == ("a", "b-c")


def test_the_notes_of_a_missing_run_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="the run has been moved or deleted; the notes are not saved"):
        write_notes(tmp_path / "gone", RunNotes("text"))
    assert not (tmp_path / "gone").exists()
