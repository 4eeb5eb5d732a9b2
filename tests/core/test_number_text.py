"""Numbers as people write them, in every place of a design, of the command line and of the inspector."""

import json
import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from composer.cli.main import parser
from composer.core.declarations import ParamSpec
from composer.core.errors import UserError
from composer.core.expressions import evaluate
from composer.core.files.design_file import dumps, loads
from composer.core.files.yaml_loader import parse_yaml
from composer.core.number_text import parse_integer, parse_number
from composer.core.units import parse_count
from composer.core.value_text import from_text, shape_from_text, to_text

NUMBERS = {
    "1e-3": 0.001,
    "1E-3": 0.001,
    "1e-05": 1e-5,
    "1.5e3": 1500.0,
    "1e3": 1000,
    "1E5": 100_000,
    "1e+5": 100_000,
    ".5": 0.5,
    "-.5": -0.5,
    "5.": 5.0,
    "1_000": 1000,
    "1_000.5": 1000.5,
    "+1": 1,
    "+1e-2": 0.01,
    "-1e30": -1e30,
    "017": 17,
    "0o17": 15,
    "0x1F": 31,
    "0": 0,
    "-0.0": -0.0,
    "00012": 12,
}
TEXTS = (
    "1:30",
    "1e",
    "e3",
    "1e3x",
    "_1",
    "1_",
    "1__0",
    "1.2.3",
    "1,5",
    "1 000",
    "0o8",
    "0x",
    "--1",
    ".",
    "-",
    "2001-01-01",
)
SPEC = ParamSpec("eps", "float", default=0.1)


def numeric_forms(value: float) -> list[str]:
    """Return ways in which people and programs write a number."""
    if not math.isfinite(value):
        return [".nan", ".NaN"] if math.isnan(value) else [f"{'-' * (value < 0)}.inf", f"{'-' * (value < 0)}.Inf"]
    if isinstance(value, int):
        forms = [str(value), f"{value:_}", hex(value) if value >= 0 else str(value)]
        return forms + ([f"{value}e0", f"{value}E+00"] if abs(value) < 2**53 else [])
    forms = [repr(value), repr(value).upper(), f"{value:.17e}", f"{value:.17E}", f"{value:.17g}"]
    if 1e-3 < abs(value) < 1e15:
        fixed = f"{value:.40f}"
        forms += [fixed, fixed.replace("0.", ".", 1) if fixed.lstrip("-").startswith("0.") else fixed]
        forms.append(f"{value:_}")
    return forms + [f"+{form}" for form in forms if not form.startswith("-")]


@given(st.integers(-(2**62), 2**62) | st.floats(allow_subnormal=False))
@example(1e16)
@example(5e-5)
@example(2**53 + 1)
def test_every_way_to_write_a_number_is_that_number(value: float) -> None:
    for form in numeric_forms(value):
        for read in (parse_number(form), parse_yaml(f"- {form}", "x")[0], parse_yaml(f"{{a: [{form}]}}", "x")["a"][0]):
            assert isinstance(read, int | float), form
            assert read == value or (math.isnan(read) and math.isnan(value)), form


@given(st.integers(-(2**53), 2**53) | st.floats(-1e14, 1e14))
def test_the_text_of_a_value_is_read_back_as_it(value: float) -> None:
    assert from_text(to_text(value), None) == value
    assert from_text(to_text(value), SPEC) == value


@pytest.mark.parametrize(("text", "value"), NUMBERS.items())
def test_a_number_is_one_in_every_place_of_a_design(text: str, value: float) -> None:
    design = loads(
        f"""format: 1
name: Numbers
variables: {{v: {text}}}
inputs:
  image: {{shape: [1, 8, 8], at: [{text}, 0]}}
nodes:
  a: {{block: A, params: {{p: {text}, q: [{text}], r: {{each: [{text}, 2]}}, s: {{ramp: [{text}, 1]}}}}}}
outputs:
  y:
wires: [image -> a, a -> y]
training: {{weight_decay: {text}}}
""".replace("[-1e30, 0]", "[0, 0]")
    )
    params = design.main.nodes["a"].params
    assert design.variables["v"] == params["p"] == value
    assert params["q"] == (value,)
    assert (params["r"].values[0], params["s"].start) == (value, value)  # type: ignore[union-attr]
    assert design.training.weight_decay == value
    assert loads(dumps(design)) == design
    assert type(design.variables["v"]) is type(value)


@pytest.mark.parametrize(
    ("text", "value"),
    [("1e3", 1000), ("1_000", 1000), ("1E3", 1000), ("+1000", 1000), ("1.0e3", 1000), ("1000.", 1000)],
)
def test_an_integer_is_one_wherever_an_integer_is_expected(text: str, value: int) -> None:
    spec = ParamSpec("width", "int", default=1)
    assert parse_integer(text) == value
    assert from_text(text, spec) == value and type(from_text(text, spec)) is int
    assert loads(f"format: 1\nname: x\ntraining: {{epochs: {text}}}").training.epochs == value
    assert parser().parse_args(["train", "a", "--out", "b", "--epochs", text]).training_epochs == value
    assert parser().parse_args(["summary", "a", "--batch", text]).batch == value
    assert parser().parse_args(["inspect", "a", "--out", "b", "--sample", text]).sample == value
    assert shape_from_text(f"3, {text}, {text}") == (3, value, value)
    assert parse_count(text) == value


@pytest.mark.parametrize("text", ["1e-2", ".01", "0.01", "+1E-2", "1e-02"])
def test_the_flags_of_training_read_numbers(text: str) -> None:
    assert parser().parse_args(["train", "a", "--out", "b", "--lr", text]).training_lr == 0.01


@pytest.mark.parametrize(("text", "value"), [("=1e-3*width", 0.016), ("=.5*width", 8), ("=1_000", 1000), ("=+5.", 5)])
def test_numbers_in_expressions(text: str, value: float) -> None:
    assert evaluate(text, {"width": 16}) == value


@pytest.mark.parametrize(
    ("text", "count"), [("22M", 22 * 10**6), ("4.6G", 4_600_000_000), ("1e6", 10**6), ("1_000", 1000), (".5M", 500_000)]
)
def test_budgets(text: str, count: int) -> None:
    assert parse_count(text) == count


@pytest.mark.parametrize("text", TEXTS)
def test_what_is_no_number_stays_a_text(text: str) -> None:
    assert parse_number(text) is None
    assert parse_yaml(f"- {json.dumps(text)}", "x") == [text]
    if text not in ("-", "1,5", "--1"):
        assert parse_yaml(f"- {text}", "x") == [text]


@pytest.mark.parametrize("text", ["1e999", "-1e999", "1e-999"])
def test_a_number_beyond_what_can_be_held_is_refused_and_not_changed(text: str) -> None:
    with pytest.raises(UserError, match=f"{text} is too (large|small) for a number"):
        parse_yaml(f"- {text}", "x")
    with pytest.raises(UserError, match=f"{text} is too (large|small) for a number"):
        from_text(text, None)


@pytest.mark.parametrize("text", ["1e3", "2024", "2024-01-01", "1.0", "yes", "off", "0o17", "1_000"])
def test_where_a_text_is_meant_a_number_is_the_text_as_written(text: str) -> None:
    design = loads(
        f"format: 1\nname: {text}\ndescription: {text}\nnodes:\n  a: {{block: A, note: {text}}}\n"
        f"frames:\n  f: {{title: {text}}}\n"
    )
    assert {design.name, design.description, design.main.nodes["a"].note, design.main.frames[0].title} == {text}
    assert loads(dumps(design)) == design


def test_quoted_numbers_are_texts() -> None:
    assert parse_yaml("- '1e-3'\n- \"5\"", "x") == ["1e-3", "5"]


def test_words_are_what_they_were() -> None:
    assert parse_yaml("[yes, no, on, off, true, False, ~, null, '']", "x") == [
        *(True, False, True, False, True, False),
        *(None, None, ""),
    ]
