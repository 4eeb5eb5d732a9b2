"""The heads of the template files."""

from pathlib import Path

import pytest

from composer.core.files.templates import read_head, template


def test_the_head_of_a_file_gives_name_sizes_and_source() -> None:
    entry = read_head(template("hybrid_digits"))
    assert entry.name == "Hybrid digits"
    assert entry.summary == "16 × 16 × 1 · 58.5 k params"
    assert entry.description.startswith("A small hybrid")


@pytest.mark.parametrize(
    ("text", "summary"),
    [
        ("format: 1\nname: a\ninputs:\n  x: {shape: [784], at: [0, 0]}\n", "784"),
        (
            'format: 1\nname: a\ninputs:\n  x: {shape: [3, "=size", 8]}\nexpected: {params: 1200, macs: 3}\n',
            "1.2 k params",
        ),
        ("format: 1\nname: a\n", ""),
    ],
)
def test_what_a_file_does_not_state_is_left_out(tmp_path: Path, text: str, summary: str) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(text, "utf-8")
    assert read_head(file).summary == summary
