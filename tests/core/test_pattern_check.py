"""Names of nodes in the training settings."""

from dataclasses import replace

import pytest

from composer.core.graph import Training
from composer.core.pattern_check import pattern_obstacle
from tests.engine.designs import tiny


@pytest.mark.parametrize(
    "settings",
    [{}, {"freeze": ("stem", "!head", "at*", "*.norm", "attn.mlp")}, {"lr_factors": {"head": 10.0, "stem.conv": 0.1}}],
)
def test_nodes_and_patterns_are_fine(settings: dict[str, object]) -> None:
    assert pattern_obstacle(replace(tiny(), training=Training(**settings))) is None


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"freeze": ("stem", "!haed")},
            "training freeze names 'haed', which is no node of the design; did you mean head?",
        ),
        (
            {"lr_factors": {"zzz.conv": 1.0}},
            "training lr_factors names 'zzz', which is no node of the design; the nodes are",
        ),
    ],
)
def test_other_names_are_reported_before_a_start(settings: dict[str, object], message: str) -> None:
    obstacle = pattern_obstacle(replace(tiny(), training=Training(**settings)))
    assert obstacle is not None
    assert obstacle.message.startswith(message)
