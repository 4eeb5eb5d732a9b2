from pathlib import Path

import pytest

from composer.core.declarations import Schema, read_declaration, read_declarations
from composer.core.errors import UserError
from composer.core.param_check import problem

SCHEMA: Schema = {"title": ((str,), "a text"), "classes": ((int,), "an integer")}

GOOD = '''
"""A module that must not be imported."""
raise SystemExit

@dataset(title="Digits", classes=10)
class Digits:
    """The digits
    of a bundle.

    Args:
        folder: where the files are.
        size: side of an image
            in pixels.
    """

    def __init__(self, design: Design, folder: str, size: Annotated[int, (1, 64)] = 8) -> None:
        pass
'''


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_a_declaration_is_read_without_running_the_file(tmp_path):
    path = write(tmp_path, "digits.py", GOOD)
    with pytest.raises(UserError, match="annotation Design is not one of int"):
        read_declaration(path, "dataset", SCHEMA)
    declaration = read_declaration(path, "dataset", SCHEMA, ignored=("design",))
    assert declaration is not None
    assert (declaration.name, declaration.attribute, declaration.summary) == (
        "digits",
        "Digits",
        "The digits of a bundle.",
    )
    assert dict(declaration.values) == {"title": "Digits", "classes": 10}
    folder, size = declaration.options
    assert (folder.name, folder.required, folder.help) == ("folder", True, "where the files are.")
    assert (size.default, size.range, size.help) == (8, (1, 64), "side of an image in pixels.")
    assert declaration.option("size") is size and declaration.option("nothing") is None


def test_a_function_may_be_marked(tmp_path):
    path = write(tmp_path, "flip.py", '@dataset(title="x")\ndef flip(image: str, share: float = 0.5):\n    pass\n')
    declaration = read_declaration(path, "dataset", SCHEMA, ignored=("image",))
    assert declaration is not None
    assert [option.name for option in declaration.options] == ["share"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("@dataset(title=1)\nclass A: pass", "line 1: @dataset(title=...) is 1, expected a text"),
        ("@dataset(title=f())\nclass A: pass", "@dataset(title=...) must be a literal"),
        ("@dataset(colour='red')\nclass A: pass", "@dataset(colour=...) is unknown; it takes title, classes"),
        ("@dataset('red')\nclass A: pass", "line 1: @dataset takes named arguments only"),
        (
            "@dataset()\nclass A: pass\n@dataset()\ndef b(): pass",
            "holds 2 definitions marked by @dataset, expected one",
        ),
        ("@dataset()\ndef a(x): pass", "line 2: parameter x has no annotation"),
        ("@dataset()\ndef a(x: int = f()): pass", "line 2: parameter x has a default that is not a literal"),
        ("class (", "line 1: invalid syntax"),
        ("x = '\0'", "source code string cannot contain null bytes"),
        ("x = " + "-" * 100_000 + "1", "nested too deeply"),
        ("#" * 300_000, "larger than 200 kB"),
    ],
)
def test_a_broken_file_is_one_entry_with_its_reason(tmp_path, text, message):
    write(tmp_path, "broken.py", text)
    write(tmp_path, "good.py", '@dataset(title="x")\nclass Good: pass')
    declarations = read_declarations(tmp_path, "dataset", SCHEMA)
    assert list(declarations) == ["broken", "good"]
    assert message in declarations["broken"].problem and declarations["broken"].problem.startswith("broken.py")
    assert not declarations["good"].problem


def test_helpers_are_skipped(tmp_path):
    write(tmp_path, "_shared.py", "class (")
    write(tmp_path, "helper.py", "def load(): pass")
    write(tmp_path, "notes.txt", "")
    assert read_declarations(tmp_path, "dataset", SCHEMA) == {}


def test_an_integer_may_be_given_for_each_axis(tmp_path):
    text = GOOD.replace("design: Design, folder: str", "side: int | tuple[int, int, int] | None = None").replace(
        "Annotated[int, (1, 64)]", "Annotated[int | tuple[int, int], (1, 64)]"
    )
    declaration = read_declaration(write(tmp_path, "digits.py", text), "dataset", SCHEMA)
    assert declaration is not None
    side, size = declaration.options
    assert (side.type, side.axes, side.optional) == ("int", 3, True)
    assert (size.type, size.axes, size.range) == ("int", 2, (1, 64))
    assert problem(size, 8) is problem(size, (4, 8)) is None
    words = "is not an integer, or 2 integers with a comma between, from 1 to 64"
    assert problem(size, (4, 8, 8)) == f"size: (4, 8, 8) {words}"
    assert problem(size, (4, 65)) == f"size: (4, 65) {words}"
    assert problem(size, (True, 8)) == f"size: (True, 8) {words}"
