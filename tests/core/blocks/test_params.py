"""Parameter values: type, range, wire, default; every refusal names the node, the parameter and the value."""

import pytest

from composer.core.blocks.block_file import BlockSpec
from composer.core.blocks.catalog import read_catalog
from composer.core.blocks.params import ParamError, resolve_params
from composer.core.declarations import ParamSpec
from composer.core.facts import EditCall
from composer.core.graph import Each, Node, Ramp
from composer.core.param_check import describe, problem

CATALOG = read_catalog()
CONV, SWIN = CATALOG["Conv2d"], CATALOG["SwinBlock"]


def resolved(spec: BlockSpec, params: dict, sizes: dict | None = None, **more: int) -> dict:
    return resolve_params(
        spec, Node("n", spec.name, params), {"width": 8, "half": 0.5}, {"c": 32} if sizes is None else sizes, **more
    ).values


def test_wire_then_default() -> None:
    resolved = resolve_params(SWIN, Node("n", "SwinBlock"), {}, {"c": 32})
    assert resolved.values["dim"] == 32 and resolved.inferred == ("dim",)
    assert list(resolved.values) == [param.name for param in SWIN.params]
    assert resolved.values["window_size"] == 7


def test_by_hand() -> None:
    assert resolved(SWIN, {"dim": 32, "window_size": 4})["window_size"] == 4
    assert resolved(SWIN, {"dim": 96}, {})["dim"] == 96


def test_expressions_and_rounds() -> None:
    assert resolved(CONV, {"out_channels": "=width * 2"})["out_channels"] == 16
    value = resolved(CONV, {"out_channels": "=width / 2"})["out_channels"]
    assert value == 4 and type(value) is int
    each = {"shift_size": Each((0, 3)), "drop_path": Ramp(0.0, 0.3)}
    assert [resolved(SWIN, each, iteration=i, iterations=4)["shift_size"] for i in range(4)] == [0, 3, 0, 3]
    assert resolved(SWIN, each, iteration=2, iterations=4)["drop_path"] == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("spec", "params", "words"),
    [
        (SWIN, {"dim": 64}, ("n: dim is set to 64 by hand", "wire brings 32")),
        (SWIN, {"dim": "64"}, ("n: dim is set to '64' by hand",)),
        (SWIN, {"heads": 4}, ("n: SwinBlock has no parameter 'heads'", "did you mean num_heads?")),
        (SWIN, {"zzz": 4}, ("n: SwinBlock has no parameter 'zzz'", "it has: dim, num_heads")),
        (SWIN, {"num_heads": 0}, ("n: num_heads: 0 is not an integer from 1 to 64",)),
        (SWIN, {"num_heads": 2.5}, ("n: num_heads: 2.5 is not an integer",)),
        (SWIN, {"num_heads": True}, ("n: num_heads: True is not an integer",)),
        (SWIN, {"num_heads": None}, ("n: num_heads: is empty, expected an integer",)),
        (SWIN, {"drop_path": 1.5}, ("n: drop_path: 1.5 is not a number from 0 to 1",)),
        (SWIN, {"drop_path": float("nan")}, ("n: drop_path: nan is not a number from 0 to 1",)),
        (SWIN, {"qkv_bias": 1}, ("n: qkv_bias: 1 is not true or false",)),
        (SWIN, {"num_heads": "=depth"}, ("n: num_heads: expression '=depth' uses 'depth'",)),
        (SWIN, {"num_heads": "=1 / 0"}, ("n: num_heads: expression '=1 / 0' divides by zero",)),
        (CONV, {"out_channels": "=half"}, ("n: out_channels: 0.5 is not an integer",)),
    ],
)
def test_refusals(spec: BlockSpec, params: dict, words: tuple[str, ...]) -> None:
    with pytest.raises(ParamError) as caught:
        resolved(spec, params)
    for word in words:
        assert word in str(caught.value)
    assert caught.value.node == "n"
    # Whatever stands in the way was set by hand, so resetting it is always a way out, unless an expression only needs
    # its variable.
    for repair in caught.value.repairs:
        assert repair.edits == (EditCall("reset_params", {"id": "n", "params": list(params)}),)


def test_a_missing_wire() -> None:
    with pytest.raises(ParamError, match="n: dim comes from the wire, and none brings it"):
        resolved(SWIN, {}, {})


@pytest.mark.parametrize(
    ("spec", "good", "bad", "words"),
    [
        (ParamSpec("p", "int"), (0, -3), (1.0, "1", True, (1,)), "an integer"),
        (ParamSpec("p", "int", range=(1, 8)), (1, 8), (0, 9), "an integer from 1 to 8"),
        (ParamSpec("p", "float"), (1, 2.5), ("1", False), "a number"),
        (ParamSpec("p", "bool"), (True, False), (0, 1, "true"), "true or false"),
        (ParamSpec("p", "str"), ("", "a"), (1, None), "a text"),
        (ParamSpec("p", "choice", choices=("a", 4)), ("a", 4), ("b", 4.0, True), "one of a, 4"),
        (
            ParamSpec("p", "tuple", items=("int", 2)),
            ((1, 2),),
            ((1,), (1, 2, 3), (1, 2.5), 3, (True, False)),
            "a list of 2 integers",
        ),
        (ParamSpec("p", "tuple", items=("float", 0)), ((), (1, 0.5)), (("a",), 1), "a list of numbers"),
        (ParamSpec("p", "int", optional=True), (None, 3), ("x",), "an integer or empty"),
    ],
)
def test_types(spec: ParamSpec, good: tuple, bad: tuple, words: str) -> None:
    assert describe(spec) == words
    assert [value for value in good if problem(spec, value)] == []
    assert [value for value in bad if not problem(spec, value)] == []
