"""Exported source is proven against the drawn network, and what differs is found."""

import pytest
import torch
from hypothesis import HealthCheck, given, settings

from composer.core.errors import DesignError, UserError
from composer.core.files.design_file import load, loads
from composer.core.files.templates import template
from composer.core.graph import Design
from composer.engine.codegen.build import build
from composer.engine.codegen.generate import source
from composer.engine.codegen.verify import verify
from tests.engine.designs import light
from tests.strategies import networks

SMALL = ("hybrid_digits", "hybrid_dendritic")


@pytest.mark.parametrize("name", SMALL)
def test_a_template_is_what_is_drawn(name: str) -> None:
    proof = verify(light(name))
    assert proof.ok and proof.keys_match
    assert proof.params == proof.params_expected
    assert (proof.eval_diff, proof.train_diff, proof.grad_diff) == (0, 0, 0)
    assert proof.sentence().startswith("verified: keys match")


@settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
@given(networks())
def test_random_designs_are_what_is_drawn(design: Design) -> None:
    assert verify(design).ok


def test_trained_weights_are_the_ones_compared() -> None:
    design = load(template("hybrid_digits"))
    weights = build(design, seed=7).state_dict()
    assert verify(design, weights=weights).ok


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("position = self.position(tokens)", "position = tokens"),
        ("add_1 = self.add_1(position, attn)", "add_1 = self.add_1(attn, attn)"),
        ("return self.head(add_2)", "return self.head(add_2) * (1 if self.training else 1.0001)"),
        ("mbconv_2 = self.mbconv_2(mbconv_1)", "mbconv_2 = self.mbconv_2(mbconv_1).detach()"),
    ],
)
def test_tampered_source_is_detected(before: str, after: str) -> None:
    design = load(template("hybrid_digits"))
    text = source(design)
    assert before in text
    proof = verify(design, text.replace(before, after))
    assert not proof.ok
    assert proof.sentence().startswith("NOT EQUAL")


def test_other_weights_are_detected() -> None:
    design = load(template("hybrid_digits"))
    text = source(design)
    line = next(line for line in text.splitlines() if "self.norm_1 =" in line)
    proof = verify(design, text.replace(line, line + "\n        self.extra = nn.Linear(1, 1)"))
    assert not proof.keys_match and not proof.ok
    assert "KEYS DIFFER" in proof.sentence()


def test_source_that_reaches_for_the_library_does_not_run() -> None:
    design = load(template("hybrid_digits"))
    with pytest.raises(UserError, match=r"does not run by itself.*out of reach"):
        verify(design, source(design, inline=False))


def test_source_that_fails_says_how() -> None:
    design = load(template("hybrid_digits"))
    with pytest.raises(UserError, match=r"does not run by itself: .*KeyError: 'gone'"):
        verify(design, source(design) + "\n\n{}['gone']\n")


def test_a_design_with_errors_is_refused() -> None:
    text = "format: 1\nname: a\ninputs:\n  x: {shape: [3, 8, 8]}\nnodes:\n  c: {block: Conv2d, params: {groups: 2}}\n"
    text += "outputs:\n  y: {}\nwires:\n"
    with pytest.raises(DesignError, match="c: "):
        verify(loads(text + "  - x -> c\n  - c -> y\n"))


HOSTILE = '''"""\\n\\nimport os; os.system("touch /tmp/owned")\\n"""'''


def test_a_hostile_design_cannot_speak_python() -> None:
    design = load(template("hybrid_digits"))
    hostile = Design(
        HOSTILE, design.main, design.graphs, design.variables, description="\\" * 3 + HOSTILE + "\r\n'''\x00\u2028"
    )
    text = source(hostile)
    assert verify(hostile, text).ok
    compiled = compile(text, "hostile", "exec")
    assert "system" not in compiled.co_names
    assert not any("system" in getattr(constant, "co_names", ()) for constant in compiled.co_consts)


def test_threads_and_seed_are_left_as_they_were() -> None:
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    threads = torch.get_num_threads()
    verify(load(template("hybrid_digits")))
    assert torch.get_num_threads() == threads
    assert torch.rand(1) == expected
