"""The flags of `train`, generated from the table of training settings, and `check`, which reads the same table."""

from pathlib import Path

import pytest

from composer.cli.main import main, parser
from composer.cli.training_flags import FLAGS
from composer.core import training_settings
from composer.core.errors import UserError
from tests.core.test_training_settings import IMPOSSIBLE

NETWORK = """
inputs: {image: {shape: [1, 8, 8]}}
nodes: {head: {block: ClassifierHead, params: {num_classes: 10}}}
outputs: {logits: {}}
wires: [image -> head, head -> logits]
"""


def overrides(*words: str) -> dict[str, object]:
    args = parser().parse_args(["train", "design.yaml", "--out", "run", *words])
    return {flag.key: getattr(args, flag.dest) for flag in FLAGS if getattr(args, flag.dest) is not None}


def test_every_setting_has_a_flag_and_none_is_set_by_default() -> None:
    assert {flag.key for flag in FLAGS} == training_settings.to_plain(training_settings.Training()).keys()
    assert overrides() == {}


@pytest.mark.parametrize(
    ("words", "values"),
    [
        (("--batch-size", "8", "--lr", "1e-3", "--seed", "5"), {"batch_size": 8, "lr": 1e-3, "seed": 5}),
        (("--optimizer", "sgd", "--schedule", "constant"), {"optimizer": "sgd", "schedule": "constant"}),
        (("--no-augment",), {"augment": []}),
        (("--augment", "affine, {name: x}"), {"augment": ["affine", {"name": "x"}]}),
        (("--augment", "[affine, {name: x, p: 1}]"), {"augment": ["affine", {"name": "x", "p": 1}]}),
        (
            ("--freeze", "stem,stage*", "--lr-factors", "head=10"),
            {"freeze": ("stem", "stage*"), "lr_factors": {"head": 10.0}},
        ),
        (("--init", "runs/a"), {"init": "runs/a"}),
        (("--data", "digits"), {"data": "digits"}),
        (("--data", "{name: digits, split_seed: 3}"), {"data": {"name": "digits", "split_seed": 3}}),
    ],
)
def test_flags_are_plain_values_of_settings(words: tuple[str, ...], values: dict[str, object]) -> None:
    assert overrides(*words) == values


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--epochs", "0"), "epochs is 0, expected"),
        (("--epochs", "many"), "'many' is not"),
        (("--lr", "nan"), "lr is nan, expected"),
        (("--precision", "int4"), "invalid choice: 'int4'"),
        (("--lr-factors", "head"), "is not NAME=NUMBER"),
        (("--data", "{digits"), "cannot be read as a mapping"),
    ],
)
def test_impossible_flags_are_refused(words: tuple[str, ...], message: str) -> None:
    with pytest.raises(UserError) as refusal:
        overrides(*words)
    assert message in str(refusal.value)


def test_help_describes_every_flag(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parser().parse_args(["train", "--help"])
    text = capsys.readouterr().out
    for flag in FLAGS:
        assert f"--{flag.key.replace('_', '-')}" in text


def test_check_names_every_impossible_setting(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "t.yaml"
    path.write_text(IMPOSSIBLE + NETWORK)
    assert main(["check", str(path)]) == 1
    lines = capsys.readouterr().out.strip().splitlines()
    assert len(lines) == 7
    assert all(line.startswith("training ") for line in lines)
    assert main(["train", str(path), "--out", str(tmp_path / "run")]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert all(line.removeprefix("training ") in error for line in lines)
    assert not (tmp_path / "run").exists()
