"""Fitting variables to a budget: the largest setting that is legal, the table, and what is said when nothing fits."""

from pathlib import Path

import pytest

from composer.cli.main import main
from composer.core import edits
from composer.core.errors import UserError
from composer.core.files.design_file import load, loads
from composer.core.files.templates import template
from composer.core.graph import Design
from composer.core.scaling import candidates, steps
from composer.engine.analysis.fit import fit
from composer.engine.inference.infer import Inferrer

INFERRER = Inferrer()

TEXT = """
format: 1
name: scaled
variables: {width: 32, depth: 2, size: "=width // 2"}
inputs:
  image: {shape: [3, 32, 32]}
nodes:
  stem: {block: ConvNormAct, params: {out_channels: "=width", stride: 2}}
  stage: {block: MBConv, params: {out_channels: "=width"}, repeat: "=depth"}
  windows: {block: SwinBlock, params: {num_heads: 4, window_size: 4}}
  head: {block: ClassifierHead, params: {num_classes: 10}}
outputs:
  logits: {}
wires:
  - image -> stem
  - stem -> stage
  - stage -> windows
  - windows -> head
  - head -> logits
"""


def scaled() -> Design:
    return loads(TEXT, "scaled")


def cost(design: Design, **values: int) -> tuple[int, int] | None:
    for name, value in values.items():
        design = edits.set_variable(design, name, value)
    inference = INFERRER.infer(design)
    return None if inference.errors else (inference.facts.totals.params, inference.facts.totals.macs)


def test_the_best_setting_meets_the_budget_and_the_next_does_not() -> None:
    design = scaled()
    result = fit(design, params=100_000, vary=["width"], inferrer=INFERRER)
    width = result.best.values["width"]
    assert width % 4 == 0, "the heads divide it"
    assert result.best.params <= 100_000
    assert (result.best.params, result.best.macs) == cost(design, width=width)
    larger = next(value for value in candidates(32) if value > width and cost(design, width=value) is not None)
    costs = cost(design, width=larger)
    assert costs is not None and costs[0] > 100_000


def test_the_answer_is_that_of_trying_everything() -> None:
    design = scaled()
    result = fit(design, macs=20_000_000, vary=["width"], inferrer=INFERRER)
    legal = [
        (costs[1], width) for width in candidates(32) if (costs := cost(design, width=width)) and costs[1] <= 20_000_000
    ]
    assert result.best.values["width"] == max(legal)[1]


def test_two_variables_and_two_limits() -> None:
    result = fit(scaled(), params=300_000, macs=60_000_000, inferrer=INFERRER)
    assert set(result.best.values) == {"width", "depth"}, "the one that is an expression follows"
    assert len(result.table) > 2
    assert all(row.params <= 300_000 and row.macs <= 60_000_000 for row in result.table)
    assert result.table[0] == result.best


def test_one_variable_has_a_table_too_and_named_twice_is_one() -> None:
    result = fit(scaled(), params=100_000, vary=["width"], inferrer=INFERRER)
    sizes = [row.values["width"] for row in result.table]
    assert len(sizes) > 1 and sizes == sorted(set(sizes), reverse=True)
    assert all(row.params <= 100_000 for row in result.table) and result.table[0] == result.best
    assert fit(scaled(), params=100_000, vary=["width", "width"], inferrer=INFERRER).table == result.table


def test_a_budget_that_cannot_be_met_names_the_nearest() -> None:
    with pytest.raises(
        UserError, match=r"no setting meets the budget; the nearest is width \d+, depth 1, with [\d,]+ parameters"
    ):
        fit(scaled(), params=100, inferrer=INFERRER)


def test_the_nearest_is_so_in_what_is_limited() -> None:
    """A larger stride with a larger kernel has more parameters and fewer MACs."""
    text = (
        TEXT.replace('{width: 32, depth: 2, size: "=width // 2"}', "{width: 32, pieces: 2}")
        .replace("stride: 2}}", 'stride: "=pieces", kernel_size: "=2 * pieces + 1"}}')
        .replace('repeat: "=depth"', "repeat: 1")
    )
    design = loads(text, "pieces")
    with pytest.raises(UserError, match="the nearest is pieces") as by_macs:
        fit(design, macs=1, vary=["pieces"], inferrer=INFERRER)
    with pytest.raises(UserError, match="the nearest is pieces") as by_params:
        fit(design, params=1, vary=["pieces"], inferrer=INFERRER)
    pieces = [int(str(error.value).partition("pieces ")[2].partition(",")[0]) for error in (by_macs, by_params)]
    assert pieces[0] > pieces[1]


@pytest.mark.parametrize(
    ("design", "options", "message"),
    [
        (scaled(), {}, "no budget"),
        (
            scaled(),
            {"params": 10**6, "vary": ["height"]},
            "'height' cannot be varied; integer variables of the design: width, depth",
        ),
        (scaled(), {"params": 10**6, "vary": ["size"]}, "'size' cannot be varied"),
        (load(template("resnet50")), {"params": 10**6}, "no integer variables"),
        (
            edits.set_params(scaled(), "stem", {"stride": 99}),
            {"params": 10**6, "vary": ["width"]},
            "errors with every setting",
        ),
    ],
)
def test_what_cannot_be_asked(design: Design, options: dict[str, object], message: str) -> None:
    with pytest.raises(UserError, match=message):
        fit(design, inferrer=INFERRER, **options)  # type: ignore[arg-type]


def test_progress_is_told_and_work_is_bounded() -> None:
    shares: list[float] = []
    result = fit(scaled(), params=200_000, inferrer=INFERRER, progress=lambda share, _: shares.append(share))
    assert shares == sorted(shares) and shares[0] == 0 and shares[-1] < 1
    assert result.evaluations <= 450


def test_steps_keep_what_divides() -> None:
    assert [steps(value) for value in (96, 12, 6, 7)] == [8, 4, 2, 1]
    assert candidates(4) == list(range(1, 33))
    assert all(value % 8 == 0 for value in candidates(96))


def test_the_command_prints_the_table_and_writes_the_best(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, target = tmp_path / "design.yaml", tmp_path / "small.yaml"
    path.write_text(TEXT)
    assert main(["fit", str(path), "--params", "100k", "--vary", "width", "-o", str(target)]) == 0
    table = capsys.readouterr().out.splitlines()
    assert table[0].split() == ["width", "params", "MACs"] and table[1].endswith("<- best")
    assert load(target).variables["width"] == int(table[1].split()[0])
    assert main(["fit", str(path), "--params", "10"]) == 2
    assert "the nearest is" in capsys.readouterr().err
