"""Every port can be used: something in the library, or a value from outside, feeds each optional input."""

import functools
import itertools
from collections.abc import Iterator
from dataclasses import replace

import pytest
import torch

from composer.core import edits
from composer.core.blocks.block_file import BlockSpec, Port
from composer.core.blocks.shapes import ELLIPSIS
from composer.core.graph import Design, Input, Node, Output, Wire
from composer.engine.codegen.interpreter import interpret
from composer.engine.inference.infer import Inference
from tests.blocks.cases import outputs_of
from tests.blocks.contract import CATALOG, SPECS
from tests.blocks.test_in_a_design import exported_model, inferrer, one_node

OPTIONAL = [(spec, port) for spec in SPECS for port in spec.inputs if port.optional]
TOKENS = (9, 32)  # a grid of 3 x 3
# Indices (of a class, a token, a task) come from outside: a dataset or the user of the exported network.
FROM_OUTSIDE = "int64"


def takes_vectors(spec: BlockSpec, port: Port) -> bool:
    """Return whether a port takes a vector of each sample, such as the state of a recurrent network."""
    axes = spec.shapes.inputs[spec.inputs.index(port)]
    return not port.dtype and len(axes) == 2 and ELLIPSIS not in axes


def pairs(spec: BlockSpec, axes: tuple[str, ...]) -> bool:
    """Return whether an output of a block is one number for each head and pair of its tokens."""
    return len(axes) == 4 and axes[2:] == spec.shapes.inputs[0][1:2] * 2


@functools.cache
def producers(dtype: str, vector: bool = False) -> tuple[tuple[str, str], ...]:
    """Return block and output port of what the library makes for ports of a dtype: masks, numbers for pairs, or vectors
    of tokens.
    """
    if vector:
        return tuple(
            (spec.name, spec.outputs[0].name)
            for spec in SPECS
            if [len(axes) for axes in spec.shapes.inputs] == [3] and [len(axes) for axes in spec.shapes.outputs] == [2]
        )
    result = []
    for spec in SPECS:
        outputs = inferrer().infer(one_node(spec.name), 2).facts.nodes["node"].outputs
        for port, axes, output in zip(spec.outputs, spec.shapes.outputs, outputs, strict=True):
            if output.dtype == dtype and (dtype != "float32" or pairs(spec, axes)):
                result.append((spec.name, port.name))
    return tuple(result)


def designs(spec: BlockSpec, port: Port) -> Iterator[Design]:
    """Yield designs in which a block of the library feeds a port: the other inputs come from that block or from the
    inputs of the network.
    """
    required = [(o, axes) for o, axes in zip(spec.inputs, spec.shapes.inputs, strict=True) if not o.optional]
    example = spec.examples[0] if spec.examples else {}  # a setting in which its ports matter
    params = {name: value for name, value in example.items() if name not in spec.shapes.input_axes and name != "..."}
    vector = takes_vectors(spec, port)
    for producer, output in producers(port.dtype or "float32", vector):
        maker = CATALOG[producer]
        outputs = zip(maker.outputs, maker.shapes.outputs, strict=True)
        tokens = [Wire("tokens", "node"), *[Wire("producer", "node", p.name) for p, axes in outputs if len(axes) == 3]]
        sources = [tokens if len(axes) == len(TOKENS) + 1 else [Wire("vector", "node")] for _, axes in required]
        for picked in itertools.product(*sources):
            design = Design(name=f"{spec.name}.{port.name}")
            for item in (
                Input("tokens", TOKENS),
                Input("vector", TOKENS[1:]),
                Input("ids", TOKENS[:1], FROM_OUTSIDE),
                Node("producer", producer),
                Node("node", spec.name, params),
                *(Output(f"out_{out.name}") for out in spec.outputs),
            ):
                design = edits.add(design, item)
            wires = [
                *(Wire("ids" if o.dtype else "tokens", "producer", "", o.name) for o in maker.inputs if not o.optional),
                *(replace(wire, target_port=other.name) for wire, (other, _) in zip(picked, required, strict=True)),
                Wire("producer", "node", output, port.name),
                *(Wire("node", f"out_{out.name}", out.name) for out in spec.outputs),
            ]
            yield functools.reduce(edits.connect, wires, design)


def first_without_errors(spec: BlockSpec, port: Port) -> Inference | None:
    """Return the inference of the first of the `designs` that has no error."""
    results = (inferrer().infer(design, 2) for design in designs(spec, port))
    return next((result for result in results if not result.errors), None)


@pytest.mark.parametrize(("spec", "port"), OPTIONAL, ids=[f"{spec.name}.{port.name}" for spec, port in OPTIONAL])
def test_every_optional_port_can_be_fed(spec: BlockSpec, port: Port) -> None:
    """A design that wires the port checks, builds and exports, and the port makes a difference."""
    if port.dtype == FROM_OUTSIDE:
        design = one_node(spec.name)
        assert any(wire.target == "node" and wire.target_port == port.name for wire in design.main.wires)
        assert inferrer().infer(design, 2).errors == []
        return
    inference = first_without_errors(spec, port)
    assert inference is not None, f"no block of the library feeds {port.name}; there are {producers(port.dtype or '')}"
    model = exported_model(inference.design)().eval()
    walked = interpret(inference).eval()
    walked.load_state_dict(model.state_dict())
    generator = torch.Generator().manual_seed(0)
    inputs = [torch.randn(2, *TOKENS, generator=generator), torch.randn(2, TOKENS[1], generator=generator)]
    inputs.append(torch.randint(0, 2, (2, TOKENS[0]), generator=generator))
    wire = next(wire for wire in inference.design.main.wires if wire.target_port == port.name)
    # Sizes that the wire brought stay when it goes.
    resolved, axes = inference.facts.nodes["node"].resolved, spec.shapes.inputs[spec.inputs.index(port)]
    sizes = {param.name: resolved[param.name] for param in spec.params if param.axis in axes and not param.required}
    unwired = exported_model(edits.set_params(edits.disconnect(inference.design, [wire]), "node", sizes))().eval()
    unwired.load_state_dict(model.state_dict(), strict=False)
    with torch.no_grad():
        outputs, others = outputs_of(model(*inputs)), outputs_of(unwired(*inputs))
        assert all(torch.equal(a, b) for a, b in zip(outputs, outputs_of(walked(*inputs)), strict=True))
    assert any(not torch.equal(a, b) for a, b in zip(outputs, others, strict=True)), "the port changes nothing"


def test_every_mask_and_bias_of_the_library_has_a_port() -> None:
    """What blocks make for attentions ends at a port of some attention."""
    used = {
        (node.block, wire.source_port)
        for spec, port in OPTIONAL
        if port.dtype != FROM_OUTSIDE and not takes_vectors(spec, port)
        for design in designs(spec, port)
        if not inferrer().infer(design, 2).errors
        for wire in design.main.wires
        if wire.target_port == port.name
        for node in [design.main.nodes[wire.source]]
    }
    produced = {(block, output) for dtype in ("bool", "float32") for block, output in producers(dtype)}
    assert {block for block, _ in produced} >= {"AdaptiveTokenSampling", "RelativePositionBias", "DynamicPositionBias"}
    first = {(block, CATALOG[block].outputs[0].name) for block, _ in produced}
    assert produced - {(block, port or dict(first)[block]) for block, port in used} == set()


def test_rotary_positions_go_between_projections_and_attention() -> None:
    """RotaryPosition between Linear layers and Attend is the rotation of MultiHeadSelfAttention."""
    design = edits.add(Design(), Input("tokens", TOKENS))
    for id in ("q", "k", "v"):
        design = edits.add(design, Node(id, "Linear", {"out_features": 32}))
        design = edits.connect(design, Wire("tokens", id))
    for id, source in (("turn_q", "q"), ("turn_k", "k")):
        design = edits.add(design, Node(id, "RotaryPosition", {"num_heads": 4}))
        design = edits.connect(design, Wire(source, id))
    design = edits.add(edits.add(design, Node("attend", "Attend")), Output("out"))
    for source, port in (("turn_q", "query"), ("turn_k", "key"), ("v", "value")):
        design = edits.connect(design, Wire(source, "attend", "", port))
    design = edits.connect(design, Wire("attend", "out"))
    assert inferrer().infer(design, 2).errors == []
    model = exported_model(design)().double()

    whole = edits.add(Design(), Input("tokens", TOKENS))
    whole = edits.add(
        edits.add(whole, Node("attention", "MultiHeadSelfAttention", {"position": "rope"})), Output("out")
    )
    whole = edits.connect(edits.connect(whole, Wire("tokens", "attention")), Wire("attention", "out"))
    other = exported_model(whole)().double()
    weights = {f"{id}.{name}": value for id in "qkv" for name, value in model.get_submodule(id).state_dict().items()}
    state = {
        f"attention.qkv.{name}": torch.cat([weights[f"{id}.{name}"] for id in "qkv"]) for name in ("weight", "bias")
    }
    state |= {"attention.proj.weight": torch.eye(32).double(), "attention.proj.bias": torch.zeros(32).double()}
    other.load_state_dict(state)
    tokens = torch.randn(2, *TOKENS, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    torch.testing.assert_close(model(tokens), other(tokens), rtol=1e-6, atol=1e-7)  # buffers are float32
