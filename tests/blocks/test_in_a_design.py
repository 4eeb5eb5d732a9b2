"""Every block in a design: its facts, its exported source, its maps, and the errors for impossible parameters."""

import builtins
import functools
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from composer.core import edits
from composer.core.blocks.block_file import BlockSpec
from composer.core.blocks.map_kinds import map_kinds
from composer.core.declarations import ParamSpec
from composer.core.graph import Design, Input, Node, Output, Wire
from composer.engine.codegen import generate as codegen
from composer.engine.codegen.probe import model_class
from composer.engine.inference.infer import Inferrer
from composer.engine.library import block_class
from composer.engine.maps.capture import capture
from composer.engine.maps.captured_map import CapturedMap
from composer.engine.maps.map_kinds import draw_map
from tests.blocks.cases import BATCH, case, outputs_of
from tests.blocks.contract import CATALOG, SPECS, check
from tests.patience import seconds


@functools.cache
def inferrer() -> Inferrer:
    return Inferrer(CATALOG)


@functools.cache
def one_node(name: str, index: int = 0) -> Design:
    """Return the smallest design with a block, built by the edits of the window: inputs, the block, outputs, wires,
    params.
    """
    setting = case(CATALOG[name], index)
    spec = setting.spec
    design = edits.add(Design(name=f"only {spec.name}"), Node("node", spec.name))
    for port, shape in zip(spec.inputs, setting.shapes, strict=True):
        for copy in range(0 if shape is None else 2 if port.variadic else 1):
            item = Input(f"in_{port.name}_{copy}", shape[1:], port.dtype or "float32")
            wire = Wire(item.id, "node", "", port.name)
            design = edits.connect(edits.add(design, item), wire, variadic=port.variadic)
    for port in spec.outputs:
        item = Output(f"out_{port.name}")
        design = edits.connect(edits.add(design, item), Wire("node", item.id, port.name))
    inferred = {param.name for param in spec.params if param.axis in setting.sizes}
    params = {
        name: value
        for name, value in setting.params.items()
        if name not in inferred and value != spec.param(name).default
    }
    return edits.set_params(design, "node", params)


@check
def facts(spec: BlockSpec) -> None:
    """The engine's facts are those of the real module."""
    for index in (0, 1):
        setting = case(spec, index)
        inference = inferrer().infer(one_node(spec.name, index), BATCH)
        assert inference.errors == []
        node = inference.facts.nodes["node"]
        module = setting.module().eval()
        with torch.no_grad():
            outputs = outputs_of(module(*setting.inputs()))
        assert [(port.port, port.shape, port.dtype) for port in node.outputs] == [
            (port.name, tuple(output.shape), str(output.dtype).removeprefix("torch."))
            for port, output in zip(spec.outputs, outputs, strict=True)
        ]
        assert node.resolved == setting.params
        assert node.params == sum(p.numel() for p in module.parameters())
        assert node.params_trainable == sum(p.numel() for p in module.parameters() if p.requires_grad)
        assert node.buffers == sum(b.numel() for b in module.buffers())
        ghost = setting.module("meta").eval().requires_grad_(False)
        with FlopCounterMode(display=False) as counter:
            ghost(*setting.inputs("meta"))
        assert node.macs == counter.get_total_flops() // 2
        assert node.activation_bytes >= 0


def _import_without_composer(name: str, *args: object, **kwargs: object) -> object:
    if name.split(".", maxsplit=1)[0] in ("blocks", "composer"):
        raise ImportError(f"the exported source imports {name}")
    return builtins.__import__(name, *args, **kwargs)  # type: ignore[arg-type]


def exported_model(design: Design) -> type[torch.nn.Module]:
    """The model class of a design's exported source, which is run where there is no netcomposer."""
    source = codegen.generate(inferrer().infer(design, BATCH))
    module = ModuleType("exported")
    vars(module)["__builtins__"] = {**vars(builtins), "__import__": _import_without_composer}
    exec(compile(source, "exported.py", "exec"), vars(module))
    return model_class(module)


@functools.cache
def generated(name: str) -> type[torch.nn.Module]:
    """The exported model of the design with only this block."""
    return exported_model(one_node(name))


@check
def in_a_design(spec: BlockSpec) -> None:
    """Its exported source needs only torch, trains, and then computes what the block computes."""
    setting = case(spec, 0)
    torch.manual_seed(0)
    model = generated(spec.name)()
    model.load_state_dict({f"node.{name}": value for name, value in setting.stirred().state_dict().items()})
    before = {
        name: parameter.detach().clone() for name, parameter in model.named_parameters() if parameter.requires_grad
    }
    outputs = [output for output in outputs_of(model.train()(*setting.inputs())) if output.requires_grad]
    if before:
        torch.stack([(output - torch.randn_like(output)).square().mean() for output in outputs]).sum().backward()
        torch.optim.SGD(model.parameters(), lr=0.1).step()
        assert all(parameter.isfinite().all() for parameter in model.parameters())
        moved = [
            name
            for name, parameter in model.named_parameters()
            if name in before and not torch.equal(parameter, before[name])
        ]
        assert moved, "a step of training moves nothing"
    module = setting.module()
    module.load_state_dict({name.removeprefix("node."): value for name, value in model.state_dict().items()})
    with torch.no_grad():
        for a, b in zip(
            outputs_of(model.eval()(*setting.inputs())), outputs_of(module.eval()(*setting.inputs())), strict=True
        ):
            assert torch.equal(a, b)


@pytest.mark.parametrize(("name", "params"), [("LSTM", {}), ("BidirectionalEncoder", {"cell": "lstm"})])
def test_exported_source_trains_in_half_precision_on_any_cpu(name: str, params: dict[str, Any]) -> None:
    """No CPU has a float16 LSTM with a backward pass, so the exported source must contain the workaround."""
    model = exported_model(edits.set_params(one_node(name), "node", params))()
    with torch.autocast("cpu", torch.float16):
        outputs = outputs_of(model(*case(CATALOG[name], 0).inputs()))
    torch.stack([output.float().sum() for output in outputs]).sum().backward()
    assert all(parameter.grad.isfinite().all() for parameter in model.parameters())


class Only(torch.nn.Module):
    """A block as the node `node`, as generated text has it."""

    def __init__(self, block: torch.nn.Module) -> None:
        super().__init__()
        self.node = block

    def forward(self, *inputs: torch.Tensor | None) -> object:
        return self.node(*inputs)


def _check_kind(captured: CapturedMap) -> None:
    """Check a map against the declaration of its kind."""
    data, kind = captured.data, map_kinds()[captured.kind]
    assert data.isfinite().all()
    assert kind.fits(data.ndim), f"{captured.kind} is declared as {kind.shape!r}, the map has {data.ndim} axes"
    if not kind.layout:
        assert data.shape[0] == BATCH
    match kind.values:
        case "weights":
            sums = data.sum(-1)
            assert data.min() >= 0 and sums.max() <= 1 + 1e-5
            # A note states where a part was left out.
            assert captured.notes or sums.min() >= 1 - 1e-5
        case "signed":
            assert (data.abs().sum(-1) > 0).all()
        case "gate":
            assert data.min() >= 0 and data.max() <= 1
    drawing = draw_map(captured)
    assert drawing.images.isfinite().all() and len(drawing.titles) == len(drawing.images)


@check
def maps(spec: BlockSpec) -> None:
    """Every declared map is captured in one setting at least, from the exported model too, and conforms to its kind."""
    missing = dict(spec.maps)
    for index in range(3):
        setting = case(spec, index)
        torch.manual_seed(0)
        model = generated(spec.name)() if index == 0 else Only(setting.module())
        inputs = setting.inputs() if index else tuple(x for x in setting.inputs() if x is not None)
        for captured in capture(model, inputs, CATALOG)[1]:
            assert captured.node == "node"
            _check_kind(captured)
            if missing.get(captured.name) == captured.kind:
                del missing[captured.name]
        if not missing:
            return
    assert not missing, f"not captured: {missing}"


def _bad_values(param: ParamSpec) -> list[object]:
    length = (param.items or ("int", 0))[1] or 2
    return {
        "int": [-7, 2.5, "nonsense"],
        "float": [-7.25, "nonsense"],
        "bool": ["nonsense", 3],
        "str": [3],
        "choice": ["nonsense", -7],
        "tuple": [(-7,) * length, "nonsense"],
    }[param.type]


@check
def bad_parameters(spec: BlockSpec) -> None:
    """An impossible value is refused with a message that names parameter and value; any other value works."""
    setting = case(spec, 0)
    for param in spec.params:
        for bad in _bad_values(param):
            design = edits.set_params(one_node(spec.name), "node", {param.name: bad})
            error = inferrer().infer(design, BATCH).facts.nodes["node"].error
            if error is None:
                torch.manual_seed(0)
                outputs = outputs_of(block_class(spec)(**{**setting.params, param.name: bad}).eval()(*setting.inputs()))
                assert all(output.isfinite().all() for output in outputs), f"{param.name} takes {bad!r}"
                continue
            number = repr(bad[0] if isinstance(bad, tuple) else bad)
            assert param.name in error and number in error, f"{param.name} = {bad!r}: {error}"
            assert "\n" not in error and error.startswith("node")


def test_generated_text_is_clean(tmp_path: Path) -> None:
    """ruff reports nothing in the exported source of every fourth block."""
    for spec in SPECS[::4]:
        text = codegen.generate(inferrer().infer(one_node(spec.name), BATCH))
        (tmp_path / f"{spec.path.stem}.py").write_text(text)
    command = [
        sys.executable,
        "-m",
        "ruff",
        "check",
        "--isolated",
        "--line-length",
        "140",
        "--select",
        "E,F,I,W",
        str(tmp_path),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds(60), check=False)
    assert done.returncode == 0, done.stdout[-3000:]
