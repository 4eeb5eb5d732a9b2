"""A design without an input or an output: add one at an end of the graph."""

from collections.abc import Iterator

from composer.core import edits, names
from composer.core.facts import Repair
from composer.core.graph import Input, Output, Wire
from composer.core.repairs import call
from composer.engine.repair.candidates import Stage, candidates
from composer.engine.repair.context import ErrorContext

IMAGE = (3, 224, 224)
# Horizontal distance in pixels between a node and the new item beside it.
DISTANCE = 220.0


@candidates(Stage.STATED, rank=20)
def missing_ends(error: ErrorContext) -> Iterator[Repair]:
    """Yield an output after each last node, and an image before each first one."""
    if error.id:
        return
    graph = error.design.main
    taken = set(graph.ids())
    if not graph.outputs:
        output = names.fresh("output", taken)
        for id in reversed([id for id in graph.nodes if not graph.out_wires(id)]):
            x, y = graph.nodes[id].position
            add = call(edits.add, item=Output(output, (x + DISTANCE, y)))
            yield Repair(f"Add an output after {id}", (add, call(edits.connect, wire=Wire(id, output))))
    if not graph.inputs:
        image = names.fresh("image", taken)
        for id in graph.nodes:
            if not graph.in_wires(id):
                x, y = graph.nodes[id].position
                add = call(edits.add, item=Input(image, IMAGE, position=(x - DISTANCE, y)))
                label = f"Add an image of {' x '.join(map(str, IMAGE))} before {id}"
                yield Repair(label, (add, call(edits.connect, wire=Wire(image, id))))
