"""An exported file is compared with the drawn network, and every difference is detected."""

import tempfile
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given

from composer.core.errors import DesignError, UserError
from composer.core.files.design_file import load, loads
from composer.core.files.templates import template
from composer.core.graph import Design
from composer.engine.codegen.build import build
from composer.engine.codegen.generate import source
from composer.engine.codegen.proof import Proof
from composer.engine.codegen.verify import verify_source
from tests.engine.designs import light
from tests.strategies import examples, networks


def prove(design: Design, text: str, **options: Any) -> Proof:
    """Write text to a file and verify that file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.py"
        path.write_text(text, encoding="utf-8")
        return verify_source(design, path, **options)


SMALL = ("hybrid_digits", "hybrid_dendritic")


@pytest.mark.parametrize("name", SMALL)
def test_a_template_is_verified(name: str) -> None:
    design = light(name)
    proof = prove(design, source(design))
    assert proof.ok and proof.keys_match
    assert proof.params == proof.params_expected
    assert proof.differences == {"forward (eval)": 0, "forward (train)": 0, "gradients": 0}
    assert proof.message.startswith("verified: keys match")


@examples(3)
@given(networks())
def test_random_designs_are_verified(design: Design) -> None:
    assert prove(design, source(design)).ok


def test_trained_weights_are_compared() -> None:
    design = load(template("hybrid_digits"))
    weights = build(design, seed=7).state_dict()
    assert prove(design, source(design), weights=weights).ok


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("position = self.position(tokens)", "position = tokens"),
        ("add_1 = self.add_1(position, attn)", "add_1 = self.add_1(attn, attn)"),
        ("return self.head(add_2)", "return self.head(add_2) * (1 if self.training else 1.0001)"),
        ("mbconv_2 = self.mbconv_2(mbconv_1)", "mbconv_2 = self.mbconv_2(mbconv_1).detach()"),
    ],
)
def test_a_changed_file_is_detected(before: str, after: str, tmp_path: Path) -> None:
    design = load(template("hybrid_digits"))
    text = source(design)
    assert before in text
    exported = tmp_path / "model.py"
    exported.write_text(text.replace(before, after), encoding="utf-8")
    proof = verify_source(design, exported)
    assert not proof.ok
    assert proof.message.startswith("NOT EQUAL")


def test_other_weights_are_detected() -> None:
    design = load(template("hybrid_digits"))
    text = source(design)
    line = next(line for line in text.splitlines() if "self.norm_1 =" in line)
    proof = prove(design, text.replace(line, line + "\n        self.extra = nn.Linear(1, 1)"))
    assert not proof.keys_match and not proof.ok
    assert "KEYS DIFFER" in proof.message


def test_source_that_imports_the_blocks_does_not_run() -> None:
    design = load(template("hybrid_digits"))
    with pytest.raises(UserError, match=r"does not run standalone.*out of reach"):
        prove(design, source(design, inline=False))


def test_the_package_form_is_run_with_the_blocks_and_without_the_application(tmp_path: Path) -> None:
    design = load(template("hybrid_digits"))
    exported = tmp_path / "model.py"
    text = source(design, inline=False)
    exported.write_text(text, encoding="utf-8")
    assert verify_source(design, exported, package=True).ok
    assert [path.name for path in tmp_path.iterdir()] == ["model.py"]  # nor a __pycache__ beside it
    with pytest.raises(UserError, match=r"does not run standalone.*composer is out of reach"):
        prove(design, f"import composer\n{text}", package=True)


def test_source_that_fails_reports_its_error() -> None:
    design = load(template("hybrid_digits"))
    with pytest.raises(UserError, match=r"does not run standalone: .*KeyError: 'gone'"):
        prove(design, source(design) + "\n\n{}['gone']\n")


def test_a_design_with_errors_is_refused() -> None:
    text = "format: 1\nname: a\ninputs:\n  x: {shape: [3, 8, 8]}\nnodes:\n  c: {block: Conv2d, params: {groups: 2}}\n"
    text += "outputs:\n  y: {}\nwires:\n"
    with pytest.raises(DesignError, match="c: "):
        prove(loads(text + "  - x -> c\n  - c -> y\n"), "")


HOSTILE = '''"""\\n\\nimport os; os.system("touch /tmp/owned")\\n"""'''


def test_a_hostile_design_cannot_inject_code() -> None:
    design = load(template("hybrid_digits"))
    hostile = Design(
        HOSTILE, design.main, design.graphs, design.variables, description="\\" * 3 + HOSTILE + "\r\n'''\x00\u2028"
    )
    text = source(hostile)
    assert prove(hostile, text).ok
    compiled = compile(text, "hostile", "exec")
    assert "system" not in compiled.co_names
    assert not any("system" in getattr(constant, "co_names", ()) for constant in compiled.co_consts)


def test_threads_and_seed_are_unchanged() -> None:
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    threads = torch.get_num_threads()
    design = load(template("hybrid_digits"))
    prove(design, source(design))
    assert torch.get_num_threads() == threads
    assert torch.rand(1) == expected
