"""Repairs keep the number that a person wrote; a reset names both values and is offered last."""

from pathlib import Path

import pytest

from composer.cli.main import main
from composer.core.files.design_file import load, loads
from composer.engine.inference.infer import Inferrer
from composer.engine.repair.search import find_repairs

DESIGN = """format: 1
name: Eps
inputs:
  image: {shape: [1, 8, 8]}
nodes:
  conv: {block: ConvNormAct, params: {out_channels: CHANNELS}}
  norm: {block: LayerNorm2d, params: {eps: EPS}}
outputs:
  y: {}
wires: [image -> conv, conv -> norm, norm -> y]
"""


def text(channels: str = "8", eps: str = "1e-3") -> str:
    return DESIGN.replace("CHANNELS", channels).replace("EPS", eps)


@pytest.mark.parametrize(
    ("eps", "value"), [("'1e-3'", 0.001), ('".5"', 0.5), ("'1_0e-2'", 0.1), ("'0.001'", 0.001), ("'1'", 1)]
)
def test_a_quoted_number_becomes_that_number(
    eps: str, value: float, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "eps.yaml"
    path.write_text(text(eps=eps))
    assert main(["check", str(path)]) == 1
    assert "write the number without quotes" in capsys.readouterr().out
    assert main(["check", str(path), "--fix"]) == 0
    assert f"fixed norm: Set eps to {value}, the number in the text" in capsys.readouterr().out
    assert load(path).main.nodes["norm"].params["eps"] == value


def test_a_quoted_integer_becomes_that_integer(tmp_path: Path) -> None:
    path = tmp_path / "channels.yaml"
    path.write_text(text(channels="'16'"))
    assert main(["check", str(path), "--fix"]) == 0
    assert load(path).main.nodes["conv"].params["out_channels"] == 16


@pytest.mark.parametrize(("eps", "shown"), [("[1]", "1"), ("small", "'small'")])
def test_a_reset_is_the_last_repair_and_names_both_values(
    eps: str, shown: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    design = loads(text(eps=eps))
    labels = [repair.label for repair in find_repairs(Inferrer(), design, "norm")]
    resets = [label.startswith("Reset") for label in labels]
    assert resets == sorted(resets) and any(resets)
    assert (
        next(label for label in labels if label.startswith("Reset eps"))
        == f"Reset eps from {shown} to its default 1e-06"
    )
    path = tmp_path / "eps.yaml"
    path.write_text(text(eps=eps))
    assert main(["check", str(path), "--fix"]) == 0
    assert "eps" in capsys.readouterr().out
