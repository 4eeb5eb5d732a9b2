"""The flags of `train`, generated from the table of training settings, and `check`, which reads the same table."""

import json
from pathlib import Path

import pytest

from composer.cli.main import main, parser
from composer.cli.training_flags import FLAGS, read_overrides
from composer.core import training_settings
from composer.core.errors import UserError
from composer.core.graph import ExtensionRef, Training
from composer.core.training_overrides import apply
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


def test_help_keeps_names_and_shows_how_data_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parser().parse_args(["train", "--help"])
    text = " ".join(capsys.readouterr().out.split())
    assert "AdamW suits attention" in text and "adamW" not in text
    assert "--data NAME[:VALUE] dataset to learn from; a part is held out for validation where" in text
    assert "idx:FOLDER, images:FOLDER" in text and "fixed fifth" not in text


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


def test_set_prevails_over_flags_and_flags_over_the_recipe(tmp_path: Path) -> None:
    recipe = tmp_path / "mine.yaml"
    recipe.write_text("settings: {lr: 0.1, epochs: 3, seed: 4, optimizer: {name: sgd, momentum: 0.5}}\n")
    words = [
        "--recipe",
        str(recipe),
        "--epochs",
        "5",
        "--seed",
        "6",
        "--set",
        "seed=7",
        "--set",
        "optimizer.momentum=0.8",
    ]
    arguments = vars(parser().parse_args(["train", "design.yaml", "--out", "run", *words]))
    training = apply(Training(augment=()), read_overrides(arguments))
    assert training == Training(lr=0.1, epochs=5, seed=7, augment=(), optimizer=ExtensionRef("sgd", {"momentum": 0.8}))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--recipe", "swinn"], "did you mean swin?"),
        (["--recipe", "nowhere.yaml"], "nowhere.yaml: file not found"),
        (["--set", "lr"], "is not NAME=VALUE"),
        (["--set", "lrr=1"], "did you mean lr?"),
        (["--set", "optimizer.beta=1"], "did you mean betas?"),
    ],
)
def test_a_wrong_recipe_or_assignment_is_one_sentence_and_leaves_nothing(
    words: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "t.yaml"
    path.write_text("format: 1\n" + NETWORK)
    assert main(["train", str(path), "--out", str(tmp_path / "run"), *words]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not (tmp_path / "run").exists()


def test_recipes_lists_the_presets(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["recipes"]) == 0
    assert "arXiv:2110.00476" in capsys.readouterr().out
    assert main(["recipes", "--json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows["resnet_a1"]["settings"]["epochs"] == 600
    assert rows["resnet_a1"]["source"]
