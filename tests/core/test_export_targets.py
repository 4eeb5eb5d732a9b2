"""Export targets: one file each, read from source text; a broken file is a message."""

from pathlib import Path

import pytest

from composer.core.errors import UserError
from composer.core.export_targets import LAST, export_targets, find_target

TARGET = """
@export_target({})
class Mine:
    \"\"\"A file of mine.\"\"\"
"""


def test_every_target_states_what_a_list_needs() -> None:
    targets = export_targets()
    assert next(iter(targets)) == "python"
    assert len({target.title for target in targets.values()}) == len(targets)
    for key, target in targets.items():
        assert target.path.stem == key and target.detail.endswith(".") and target.suffix.startswith(".")
    assert {key for key, target in targets.items() if target.needs_weights} >= {"onnx", "pt2", "safetensors"}


def test_a_target_is_one_file(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(TARGET.format('title="Mine", suffixes=(".a", ".b"), file_type="Files"'))
    (tmp_path / "helper.py").write_text("def shared(): pass\n")
    (target,) = export_targets(tmp_path).values()
    assert (target.key, target.detail, target.suffix) == ("mine", "A file of mine.", ".a")
    assert target.file_filter == "Files (*.a *.b)"
    assert (target.provable, target.binary, target.needs_weights, target.order) == (False, False, False, LAST)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ('suffixes=(".a",)', "@export_target has no title"),
        ('title="A"', "@export_target has no suffixes"),
        ('title="A", suffixes=".a"', "expected a tuple"),
        ('title="A", suffixes=(".a",), verifiable=True', "is unknown; it takes title"),
    ],
)
def test_a_broken_target_is_one_message(arguments: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(TARGET.format(arguments))
    with pytest.raises(UserError, match=r"^export target mine\.py") as error:
        export_targets(tmp_path)
    assert message in str(error.value)


def test_an_unknown_target_is_named() -> None:
    with pytest.raises(UserError, match="target 'tensorflow' is unknown; choose one of: python, package"):
        find_target("tensorflow")
