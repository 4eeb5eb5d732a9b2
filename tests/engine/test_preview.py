"""A preview returns the facts of another design, and leaves those of the window's design unchanged."""

from composer.core import edits
from composer.core.files.design_json import to_json
from composer.core.graph import Design, Graph, Input, Node, Output, Wire
from composer.engine.__main__ import Engine


def test_a_preview_does_not_disturb_the_facts() -> None:
    wires = (Wire("image", "conv"), Wire("conv", "y"))
    main = Graph(
        {"image": Input("image", (3, 8, 8))},
        {"conv": Node("conv", "Conv2d", {"out_channels": 4})},
        {"y": Output("y")},
        wires,
    )
    here = Design("d", main)
    other = edits.set_params(here, "conv", {"out_channels": 8})
    broken = edits.set_params(here, "conv", {"groups": 5})
    engine = Engine()
    first = engine.facts({"design": to_json(here)}, lambda *_: None)  # type: ignore[arg-type]
    tried = engine.preview({"design": to_json(other), "facts": True}, lambda *_: None)  # type: ignore[arg-type]
    assert tried["errors"] == []
    assert tried["totals"]["params"] > first["totals"]["params"]
    assert tried["facts"]["conv"]["outputs"][0]["shape"] == (1, 8, 8, 8)
    wrong = engine.preview({"design": to_json(broken)}, lambda *_: None)  # type: ignore[arg-type]
    assert wrong["errors"]
    assert wrong["facts"] == {}
    again = engine.facts({"design": to_json(here), "revision": 2}, lambda *_: None)  # type: ignore[arg-type]
    assert again["changed"] == {}
    assert not again["reset"]
