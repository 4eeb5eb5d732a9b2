"""`netcomposer settings`: what can be set, and what the extensions of a setting are."""

import json

import pytest

from composer.cli.main import main
from composer.core.training_extensions import EXTENSIONS
from composer.core.training_table import GROUPS, names


def output(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> str:
    assert main(["settings", *words]) == code
    return capsys.readouterr().out


def test_every_setting_has_a_line_below_its_group(capsys: pytest.CaptureFixture[str]) -> None:
    lines = output(capsys).splitlines()
    listed = [line.split()[0] for line in lines if line.startswith("  ")]
    assert listed == list(names())
    assert [line for line in lines[: lines.index("")] if not line.startswith(" ")] == list(GROUPS)
    rows = json.loads(output(capsys, "--json"))
    assert [row["name"] for row in rows] == list(names())
    assert next(row for row in rows if row["name"] == "augment")["default"] == ["affine"]


@pytest.mark.parametrize("name", sorted(EXTENSIONS))
def test_the_extensions_of_a_setting_have_their_options(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = output(capsys, name)
    rows = json.loads(output(capsys, name, "--json"))
    assert [row["name"] for row in rows] == [key for key, row in EXTENSIONS[name]().items() if not row.problem]
    for row in rows:
        assert row["summary"] in text
        assert all(f"    {option['name']} " in text for option in row["options"])


def test_an_option_leads_to_its_setting(capsys: pytest.CaptureFixture[str]) -> None:
    assert output(capsys, "augment.mixup.alpha") == output(capsys, "augment")
    assert "    alpha        0.8  of the Beta distribution" in output(capsys, "augment")
    assert "(0.001 to 100)" in output(capsys, "augment")
    assert output(capsys, "lr").startswith("lr  0.003  Peak learning rate")


def test_an_unknown_setting_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["settings", "lrr"]) == 2
    assert capsys.readouterr().err == "netcomposer: training has no setting 'lrr'; did you mean lr?\n"
