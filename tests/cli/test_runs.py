"""`netcomposer runs`: the table in its forms, groups, order, filter, and the comparison of two runs."""

import csv
import io
import json
from pathlib import Path

import pytest

from composer.cli.main import main
from composer.core.files.design_file import save
from composer.core.files.run_folder import DESIGN, SETTINGS
from composer.core.files.run_notes import RunNotes, write_notes
from tests.core.run_files import write_run
from tests.engine.designs import tiny


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "runs"
    for seed, best in enumerate((0.90, 0.92, 0.94)):
        write_run(root / f"base-{seed}", best=best, test=best - 0.02, seed=seed)
    write_run(root / "fast", best=0.7, lr=0.1, settings={"costs": {"params": 900, "macs": 100}})
    write_notes(root / "fast", RunNotes("too fast", ("ablation",)))
    (write_run(root / "torn", best=None) / SETTINGS).write_text('{"training": ')
    return root


def output(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> str:
    assert main(["runs", *words]) == code
    return capsys.readouterr().out


def test_the_table_shows_every_run_and_why_one_is_damaged(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = output(capsys, str(folder)).splitlines()
    assert lines[0].split()[:4] == ["Run", "State", "Best", "Test"]
    assert any(line.startswith("base-2") and "94.0 %" in line and "92.0 %" in line for line in lines)
    assert "Learning rate" in lines[0]  # the setting in which they differ
    assert any(line.startswith("  torn: settings.json is damaged") for line in lines)


def test_groups_show_mean_and_deviation(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = output(capsys, str(folder), "--group")
    assert "92.0 ± 2.0 %" in text
    assert "base-0, base-1, base-2" in text
    groups = {tuple(item["runs"]): item for item in json.loads(output(capsys, str(folder), "--group", "--json"))}
    base = groups["base-0", "base-1", "base-2"]
    assert (base["n"], base["seeds"]) == (3, [0, 1, 2])
    assert base["best"] == {"mean": pytest.approx(0.92), "std": pytest.approx(0.02), "n": 3}
    assert "seed" not in base["settings"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--sort", "best"), ["base-2", "base-1", "base-0", "fast", "torn"]),
        (("--sort", "best", "--reverse"), ["fast", "base-0", "base-1", "base-2", "torn"]),
        (("--sort", "macs", "--filter", "macs>0"), ["fast", "base-0", "base-1", "base-2"]),
        (("--filter", "ablation"), ["fast"]),
        (("--filter", "test>=91%"), ["base-2"]),
        (("--filter", "state=damaged"), ["torn"]),
    ],
)
def test_order_and_filter(
    folder: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], expected: list[str]
) -> None:
    rows = json.loads(output(capsys, str(folder), *words, "--json"))
    assert [row["name"] for row in rows] == expected


def test_csv_has_a_column_for_each_setting(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = {row["name"]: row for row in csv.DictReader(io.StringIO(output(capsys, str(folder), "--csv")))}
    assert rows["fast"]["training.lr"] == "0.1"
    assert (rows["fast"]["macs"], rows["fast"]["tags"], rows["fast"]["notes"]) == ("100", "ablation", "too fast")
    assert rows["base-1"]["created"] == "2025-06-15T15:06:40Z"
    assert rows["torn"]["training.lr"] == ""
    assert "settings.json is damaged" in rows["torn"]["problem"]
    grouped = csv.DictReader(io.StringIO(output(capsys, str(folder), "--csv", "--group")))
    assert {row["n"]: float(row["best_mean"]) for row in grouped if row["best_mean"]}["3"] == pytest.approx(0.92)


def test_columns_are_chosen_by_name(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = output(capsys, str(folder), "--columns", "name,lr,tags", "--filter", "fast").splitlines()
    assert [line.split() for line in lines] == [["Run", "Learning", "rate", "Tags"], ["fast", "0.1", "ablation"]]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("nowhere",), "nowhere: folder not found"),
        (("{}", "other"), "runs lists one folder, and 2 are named"),
        (("{}", "--json", "--csv"), "exclude each other"),
        (("{}", "--sort", "colour"), "'colour' is no column"),
        (("{}", "--filter", "lr<fast"), "expected a number"),
        (("compare", "{}/fast"), "compare needs two runs"),
        (("compare", "{}/fast", "{}/torn"), "a damaged run cannot be compared"),
        (("compare", "{}/fast", "{}"), "is not a run folder"),
    ],
)
def test_wrong_words_are_one_sentence(
    folder: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], message: str
) -> None:
    assert main(["runs", *(word.format(folder) for word in words)]) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert message in line


def test_a_folder_without_runs_is_no_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert f"no runs in {tmp_path}" in output(capsys, str(tmp_path))
    assert json.loads(output(capsys, str(tmp_path), "--json")) == []


def test_two_runs_are_compared_by_results_settings_and_network(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save(tiny(), folder / "base-0" / DESIGN)
    save(tiny(("out_channels: 16", "out_channels: 24")), folder / "fast" / DESIGN)
    text = output(capsys, "compare", str(folder / "base-0"), str(folder / "fast"), code=1)
    assert "~ node stem: out_channels: 16 -> 24" in text
    assert any(line.split() == ["lr", "0.003", "0.1"] for line in text.splitlines())
    assert "90.0 %" in text
    values = json.loads(output(capsys, "compare", str(folder / "base-0"), str(folder / "fast"), "--json", code=1))
    assert [row["key"] for row in values["settings"]] == ["lr"]
    assert values["design"][0]["name"] == "stem"


def test_runs_of_one_design_with_equal_settings_do_not_differ(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("base-0", "copy"):
        save(tiny(), (folder / name if name == "base-0" else write_run(folder / name, seed=0)) / DESIGN)
    text = output(capsys, "compare", str(folder / "base-0"), str(folder / "copy"))
    assert "settings: the same" in text
    assert "network: the same" in text
