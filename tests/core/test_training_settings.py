import dataclasses

import pytest

from composer.core import training_table
from composer.core.errors import UserError
from composer.core.files.design_file import dumps, loads
from composer.core.graph import Design, ExtensionRef, Training
from composer.core.training_settings import from_plain, get_value, problems, set_value, to_plain
from composer.core.training_table import GROUPS, SETTINGS

IMPOSSIBLE = """
format: 1
training:
  optimizer: lion
  schedule: foo
  precision: int4
  lr: -1.0
  batch_size: 0
  label_smoothing: 7.0
  data: nothing
"""


def test_every_impossible_setting_is_named():
    messages = problems(loads(IMPOSSIBLE).training)
    assert len(messages) == 7
    for part in (
        "optimizer 'lion' is unknown, expected one of: ",
        "schedule 'foo' is unknown, expected one of: constant, cosine",
        "precision is 'int4', expected one of 32-true",
        "lr is -1.0, expected a number from 1e-09",
        "batch_size is 0, expected",
        "objective.label_smoothing is 7.0, expected a number from 0 to 0.9",
        "data 'nothing' is unknown, expected one of: ",
    ):
        assert any(part in message for message in messages), part
    assert problems(Training()) == []


def test_the_table_covers_every_setting_and_its_defaults_fit():
    assert set(training_table.names()) == {field.name for field in dataclasses.fields(Training)}
    assert [name for names in GROUPS.values() for name in names] == [
        row.name for group in GROUPS for row in SETTINGS if row.group == group
    ]
    assert all(row.spec.help and row.title for row in SETTINGS)
    assert all(row.spec.default == getattr(Training(), row.name) for row in SETTINGS)


@pytest.mark.parametrize(
    ("reference", "text"),
    [
        (ExtensionRef("digits"), None),
        (ExtensionRef("digits", {"split_seed": 3}), "data: {name: digits, split_seed: 3}"),
        (ExtensionRef("photos"), "data: photos"),
        (ExtensionRef("photos", {"size": (3, 4), "mode": None}), "data: {name: photos, size: [3, 4], mode: null}"),
    ],
)
def test_a_reference_is_a_name_or_a_mapping_in_yaml(reference, text):
    design = Design(training=Training(data=reference))
    written = dumps(design)
    assert (text in written) if text else ("training" not in written)
    assert loads(written, design.name) == design
    assert from_plain(to_plain(design.training)) == design.training


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("training: {objective: 3}", "line 2: training objective is 3, expected a name or a mapping"),
        ("training: {data: {side: 8}}", "line 2: training data is a mapping without a name"),
        ("training: {label_smoothing: much}", "line 2: training label_smoothing is 'much', expected a number"),
    ],
)
def test_other_values_are_refused_with_their_line(text, message):
    with pytest.raises(UserError, match=message):
        loads(f"format: 1\n{text}\n")


def test_label_smoothing_of_earlier_designs_is_an_option_of_the_objective():
    training = loads("format: 1\ntraining: {label_smoothing: 0.1, epochs: 3}\n").training
    assert training == Training(epochs=3, objective=ExtensionRef("classification", {"label_smoothing": 0.1}))
    assert from_plain({"label_smoothing": 0.0}) == Training()


def test_options_are_read_and_set_by_key():
    training = set_value(Training(), "objective.label_smoothing", 0.2)
    assert get_value(training, "objective.label_smoothing") == 0.2
    assert get_value(training, "objective") == "classification"
    assert set_value(training, "objective", "classification") == training
    assert set_value(training, "objective.label_smoothing", 0.0) == Training()  # a default is not written out
    assert set_value(training, "objective", "other").objective == ExtensionRef("other")
    assert set_value(training, "lr", 0.5).lr == 0.5


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"label_smoothing": "much"}, "objective.label_smoothing is 'much', expected a number from 0 to 0.9"),
        ({"label_smoothin": 0.1}, "has no option 'label_smoothin'; did you mean label_smoothing?"),
        ({"zebra": 1}, "has no option 'zebra'; its options are: label_smoothing"),
    ],
)
def test_wrong_options_are_named(options, message):
    (problem,) = problems(Training(objective=ExtensionRef("classification", options)))
    assert message in problem
