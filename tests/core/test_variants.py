"""Variants: named settings of the variables, lists among them, in files, on the command line and in repeats."""

import json
from pathlib import Path

import pytest

from composer.cli.main import main
from composer.core import expressions
from composer.core.errors import DesignError, UserError
from composer.core.files import design_json
from composer.core.files.design_file import dumps, load, loads
from composer.core.files.templates import load_template, template_files
from composer.core.graph import Each
from composer.core.value_text import from_text, to_text
from composer.core.variants import apply_variant, current_variant

TEXT = """format: 1
name: "Family"
variables:
  width: 8
  depths: [1, "=width // 4"]
variants:
  small: {width: 8, depths: [1, 2], expected: {params: 10}}
  large: {title: "Family-L", width: 16, depths: [2, 4]}
"""


def test_variants_are_read_and_written() -> None:
    design = loads(TEXT)
    assert dict(design.variables) == {"width": 8, "depths": (1, "=width // 4")}
    assert expressions.resolve_variables(design.variables)["depths"] == (1, 2)
    assert dict(design.variants["small"].expected) == {"params": 10}
    assert loads(dumps(design)) == design
    assert design_json.from_json(json.loads(json.dumps(design_json.to_json(design)))) == design


def test_a_variant_sets_variables_title_and_counts() -> None:
    design = loads(TEXT)
    large = apply_variant(design, "large")
    assert (large.name, large.variables["depths"], dict(large.expected)) == ("Family-L", (2, 4), {})
    assert (current_variant(large), current_variant(design)) == ("large", "")
    assert current_variant(apply_variant(large, "small")) == "small"
    with pytest.raises(UserError, match="Family has no variant 'huge'; its variants are: small, large"):
        apply_variant(design, "huge")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("width: 16", "height: 16", "line 8: variant 'large' sets 'height', which is not a variable; known: width"),
        ("[2, 4]", "[[2], 4]", "line 8: variable 'depths' is a list of lists"),
        ("params: 10", "params: ten", "expected params of variant 'small' is 'ten', expected an integer"),
        ("large: {title", "la rge: {title", "line 8: variant 'la rge'"),
        ('{title: "Family-L", width: 16, depths: [2, 4]}', "3", "line 8: variant 'large' is 3, expected a mapping"),
    ],
)
def test_a_wrong_variant_is_named(old: str, new: str, words: str) -> None:
    with pytest.raises(DesignError, match=words):
        loads(TEXT.replace(old, new))


def test_a_list_of_iterations_may_go_on_with_its_last_value() -> None:
    strides = from_text("each 2, 1, ...", None)
    assert strides == Each((2, 1, "..."))
    assert [expressions.resolve(strides, {}, index, 5) for index in range(5)] == [2, 1, 1, 1, 1]
    assert [expressions.resolve(Each((2, 1)), {}, index, 5) for index in range(5)] == [2, 1, 2, 1, 2]
    assert to_text(strides) == "each 2, 1, ..."
    assert expressions.value_parts(strides) == (2, 1)


def test_lists_are_typed_as_variables() -> None:
    assert from_text("2, 2, =width", None) == (2, 2, "=width")
    assert from_text("relu, gelu", None) == "relu, gelu"


@pytest.mark.parametrize(
    ("path", "name"), [(path, name) for path in template_files() for name in load(path).variants], ids=str
)
def test_every_variant_of_a_template_is_a_template_too(path: Path, name: str) -> None:
    design = load_template(name)
    assert design == load_template(path.stem, name)
    assert current_variant(design) == name and design.name == load(path).variants[name].title


def test_variants_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "swin_s", "-o", str(tmp_path / "a.yaml")]) == 0
    assert main(["new", "swin_tiny", "--variant", "swin_s", "-o", str(tmp_path / "b.yaml")]) == 0
    assert (tmp_path / "a.yaml").read_bytes() == (tmp_path / "b.yaml").read_bytes()
    assert load(tmp_path / "a.yaml").variables["depths"] == (2, 2, 18, 2)
    assert main(["new", "swin_tiny", "--variant", "swin_h", "-o", str(tmp_path / "c.yaml")]) == 2
    assert "has no variant 'swin_h'; its variants are: swin_t, swin_s, swin_b" in capsys.readouterr().err
    assert not (tmp_path / "c.yaml").exists()
    assert main(["templates", "--json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert {"name": "swin_b", "params": 87768224, "macs": 15430946816} in rows["swin_tiny"]["variants"]


def test_check_recomputes_the_counts_of_each_variant(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "family.yaml"
    path.write_text(
        TEXT.replace("width: 16", "width: 0")
        + "inputs: {x: {shape: [4]}}\nnodes: {a: {block: Linear, params: {out_features: =width}}}\noutputs: {y: {}}\n"
        "wires: [x -> a, a -> y]\n"
    )
    assert main(["check", str(path)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "variant small: params: the design states 10, but it has 40"
    assert lines[1].startswith("variant large: a: out_features")
