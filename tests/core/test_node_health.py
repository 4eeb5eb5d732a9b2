"""The health of nodes, of sub-graphs and of repeats as a whole."""

import pytest

from composer.core.node_health import NodeHealth

HEALTH = NodeHealth(
    {
        "stem": {"grad_norm": 0.5},
        "stage/0/attn": {"grad_norm": 3.0, "dead": 0.1},
        "stage/1/attn": {"grad_norm": 4.0, "dead": 0.3},
        "stage/1/mlp": {"dead": 0.8},
        "mbconv/0": {"dead": 0.0},
        "mbconv/1": {"dead": 1.0},
    }
)


@pytest.mark.parametrize(
    ("ids", "name", "value"),
    [
        (("stem",), "grad_norm", 0.5),
        (("stage", "attn"), "grad_norm", 5.0),  # the norm of the gradients of both iterations
        (("stage", "attn"), "dead", 0.2),
        (("stage",), "grad_norm", 5.0),
        (("stage",), "dead", 0.4),
        (("mbconv",), "dead", 0.5),
        (("stem",), "dead", None),
        (("other",), "dead", None),
    ],
)
def test_value(ids: tuple[str, ...], name: str, value: float | None) -> None:
    assert HEALTH.value(ids, name) == (pytest.approx(value) if value is not None else None)


def test_names() -> None:
    assert HEALTH.names == {"grad_norm", "dead"}
