"""Notes and tags that a user gives a run: a file of their own in its folder, which no training process writes.

So they can be written while the run trains, and they travel with a folder that is copied. A file that holds nothing is
removed.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from composer.core.errors import UserError
from composer.core.files.atomic import shown, write_atomically
from composer.core.json_text import load_json

NOTES = "notes.json"


@dataclass(frozen=True, slots=True)
class RunNotes:
    """What a user wrote about a run.

    Args:
        text: free text.
        tags: single words, in the order in which they were added.
    """

    text: str = ""
    tags: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.text or self.tags)


def parse_tags(text: str) -> tuple[str, ...]:
    """Return the tags that a person types, separated by spaces or commas.

    >>> parse_tags(" paper,  ablation  paper,")
    ('paper', 'ablation')
    """
    return clean_tags(text.replace(",", " ").split())


def clean_tags(tags: Iterable[str]) -> tuple[str, ...]:
    """Return tags as they are stored: single words, each once.

    >>> clean_tags([" good ", "two words", "good", ""])
    ('good', 'two-words')
    """
    return tuple(dict.fromkeys("-".join(tag.split()) for tag in tags if tag.strip()))


def read_notes(folder: Path) -> RunNotes:
    """Return the notes of a run; empty where there are none, and where the file is damaged."""
    try:
        values = load_json((folder / NOTES).read_text("utf-8"))
    except (OSError, ValueError):
        return RunNotes()
    if not isinstance(values, dict):
        return RunNotes()
    text, tags = values.get("notes"), values.get("tags")
    return RunNotes(
        text if isinstance(text, str) else "",
        clean_tags(tag for tag in tags if isinstance(tag, str)) if isinstance(tags, list) else (),
    )


def write_notes(folder: Path, notes: RunNotes) -> None:
    """Replace the notes of a run.

    Raises:
        UserError: if the folder is missing or cannot be written; the old notes are unchanged.
    """
    path = folder / NOTES
    if not folder.is_dir():
        raise UserError(f"{shown(folder)}: the run has been moved or deleted; the notes are not saved")
    if notes:
        text = json.dumps({"notes": notes.text, "tags": list(clean_tags(notes.tags))}, indent=1, ensure_ascii=False)
        write_atomically(path, lambda file: file.write(text.encode()))
        return
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise UserError(f"{shown(path)}: cannot be removed: {error.strerror}") from None
