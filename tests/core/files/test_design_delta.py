"""Versions of a design told through a pipe."""

import json

import pytest
from hypothesis import given

from composer.core import edits
from composer.core.files.design_delta import DeltaReader, DeltaWriter, OutOfSync
from composer.core.files.design_json import to_json
from composer.core.graph import Design, Node
from tests.engine.designs import chain
from tests.strategies import designs, histories

CHAIN = (Node("conv", "Conv2d", {"out_channels": 16}), Node("norm", "BatchNorm2d"))


def through(writer: DeltaWriter, reader: DeltaReader, design: Design) -> Design:
    return reader.read(json.loads(json.dumps(writer.write(design))))


def text(design: Design) -> str:
    """With bends and the order of nodes, which do not count where designs are compared."""
    return json.dumps(to_json(design))


@given(histories(length=6, start=designs()))
def test_what_arrives_is_what_was_written(history: list[Design]) -> None:
    writer, reader = DeltaWriter(), DeltaReader()
    for design in (*history, *history[::-1]):  # undone, too
        assert text(through(writer, reader, design)) == text(design)


def test_only_what_changed_travels_and_the_rest_stays_the_same_object() -> None:
    writer, reader = DeltaWriter(), DeltaReader()
    design = chain(*CHAIN)
    before = through(writer, reader, design)
    design = edits.set_params(design, "conv", {"out_channels": 24})
    delta = writer.write(design)
    assert delta["main"] == {
        "changed": [("conv", "Conv2d", {"out_channels": 24}, design.main.nodes["conv"].position, 1, "")]
    }
    after = reader.read(json.loads(json.dumps(delta)))
    assert after.main.nodes["conv"].params == {"out_channels": 24}
    assert after.main.nodes["norm"] is before.main.nodes["norm"] and after.main.wires is before.main.wires
    assert writer.write(design)["main"] is None


def test_a_reader_that_missed_a_version_says_so_until_it_gets_a_whole_one() -> None:
    writer, reader = DeltaWriter(), DeltaReader()
    design = chain(*CHAIN)
    through(writer, reader, design)
    writer.write(edits.set_params(design, "conv", {"out_channels": 24}))
    for reader_now in (reader, DeltaReader()):
        with pytest.raises(OutOfSync):
            through(writer, reader_now, edits.set_params(design, "conv", {"out_channels": 32}))
    writer.reset()
    assert text(through(writer, reader, design)) == text(design)


def test_a_design_of_its_own_is_read_beside_the_versions() -> None:
    writer, reader = DeltaWriter(), DeltaReader()
    design, other = chain(*CHAIN), chain(CHAIN[1])
    through(writer, reader, design)
    assert text(reader.read(json.loads(text(other)))) == text(other)
    design = edits.set_params(design, "conv", {"out_channels": 24})
    assert text(through(writer, reader, design)) == text(design)
