"""One contract for every file of the catalog.

A block that cannot meet a check says so in its own file: ``exceptions={"rows": "why"}``, the name being that of the check function
here. A declared exception is itself a claim: the test fails where the check would have passed.
"""

import ast
import builtins
import functools
import inspect
import re
import subprocess
import sys
import types
import typing
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from composer import paths
from composer.core import edits
from composer.core.block_file import BlockSpec, ParamSpec
from composer.core.catalog import read_catalog
from composer.core.graph import Design, Input, Node, Output, Wire
from composer.engine import codegen
from composer.engine.capture import CapturedMap, capture
from composer.engine.cost import CostMode
from composer.engine.infer import Inferrer
from composer.engine.library import block_class
from composer.engine.maps import pictures
from tests.blocks.cases import BATCH, case, outputs_of

CATALOG = read_catalog()
SPECS = sorted(CATALOG, key=lambda spec: (spec.category, spec.name))
CHECKS: dict[str, Callable[[BlockSpec], None]] = {}
ALLOWED_IMPORTS = {"torch", "blocks", *sys.stdlib_module_names}


def check(function: Callable[[BlockSpec], None]) -> Callable[[BlockSpec], None]:
    """Turn a check of one block into a test of all, where declared exceptions must fail."""
    CHECKS[function.__name__] = function

    @pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
    @functools.wraps(function)
    def test(spec: BlockSpec) -> None:
        if function.__name__ not in spec.exceptions:
            function(spec)
            return
        with pytest.raises(Exception):  # noqa: B017 - whatever way it fails, it fails
            function(spec)

    globals()[f"test_{function.__name__}"] = test
    return function


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """Tensors this small only lose time to threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@functools.cache
def inferrer() -> Inferrer:
    return Inferrer(CATALOG)


def close(a: torch.Tensor, b: torch.Tensor, tolerance: float = 1e-5) -> None:
    assert a.dtype == b.dtype
    torch.testing.assert_close(a, b, rtol=tolerance, atol=tolerance * max(1.0, float(b.detach().abs().max()) if b.numel() else 1.0))


# -- the files ---------------------------------------------------------------------------------------------------------


def test_every_file_is_readable() -> None:
    assert dict(CATALOG.broken) == {}
    assert len(SPECS) > 25


def test_exceptions_name_a_check_and_give_a_reason() -> None:
    for spec in SPECS:
        for name, reason in spec.exceptions.items():
            assert name in CHECKS, f"{spec.name}: {name} is no check; there are {sorted(CHECKS)}"
            assert len(reason.split()) >= 3, f"{spec.name}: say why {name} cannot hold"


def _block_files() -> list[Path]:
    return sorted(paths.BLOCKS.rglob("*.py"))


def test_top_level_names_are_unique() -> None:
    homes: dict[str, Path] = {}
    for path in _block_files():
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                bound = [node.name]
            elif isinstance(node, ast.Assign | ast.AnnAssign):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                bound = [target.id for target in targets if isinstance(target, ast.Name)]
                assert len(bound) == len(targets), f"{path.name}: top-level assignments bind plain names, one each"
            else:
                continue
            for name in bound:
                assert name not in homes, f"{name} is defined in {path.name} and in {homes[name].name}"
                homes[name] = path


def test_imports_are_standard_library_torch_and_blocks() -> None:
    for path in _block_files():
        tree = ast.parse(path.read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom):
                assert node.level == 0 and node.module != "__future__", f"{path.name}, line {node.lineno}"
                modules = [str(node.module)]
            elif isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names]
                assert not any(name.split(".")[0] == "blocks" for name in modules), f"{path.name}: write from blocks... import Name"
            else:
                continue
            assert node in tree.body, f"{path.name}, line {node.lineno}: imports stand at the top"
            for module in modules:
                assert module.split(".")[0] in ALLOWED_IMPORTS, f"{path.name} imports {module}"


def test_nothing_runs_at_import() -> None:
    """Top-level code only defines: constants are literals or what cheap standard-library calls make of them."""
    for path in _block_files():
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef):
                continue
            if isinstance(node, ast.Expr):
                assert isinstance(node.value, ast.Constant), f"{path.name}, line {node.lineno}: runs code when it is imported"
                continue
            assert isinstance(node, ast.Assign | ast.AnnAssign), f"{path.name}, line {node.lineno}: runs code when it is imported"
            for part in ast.walk(node):
                if isinstance(part, ast.Call):
                    called = ast.unparse(part.func)
                    # Tables of classes and functions may bind arguments; nothing may compute with tensors.
                    assert not called.startswith("torch.") or called == "torch.finfo", f"{path.name}, line {node.lineno}: calls {called}"


# -- what is read is what runs -----------------------------------------------------------------------------------------


def _runtime_param(name: str, parameter: inspect.Parameter, hint: object) -> ParamSpec:
    default = parameter.default
    required = default is inspect.Parameter.empty
    kind: dict[str, object] = {}
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        inner = [part for part in typing.get_args(hint) if part is not type(None)]
        assert len(inner) == 1
        kind["optional"], hint = True, inner[0]
    if typing.get_origin(hint) is typing.Annotated:
        hint, limits = typing.get_args(hint)
        kind["range"] = tuple(limits)
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        inner = [part for part in typing.get_args(hint) if part is not type(None)]
        kind["optional"], hint = True, inner[0]
    if typing.get_origin(hint) is typing.Literal:
        kind["type"], kind["choices"] = "choice", typing.get_args(hint)
    elif typing.get_origin(hint) is tuple:
        items = typing.get_args(hint)
        kind["type"], kind["items"] = "tuple", (items[0].__name__, 0 if items[-1] is ... else len(items))
    else:
        kind["type"] = hint.__name__  # type: ignore[attr-defined]
    return ParamSpec(name, default=None if required else default, required=required, **kind)  # type: ignore[arg-type]


@check
def signature(spec: BlockSpec) -> None:
    cls = block_class(spec)
    assert cls.__name__ == spec.name and cls.__module__ == spec.module and issubclass(cls, torch.nn.Module)
    mark = cls.__block__  # type: ignore[attr-defined]
    assert mark["shape"] == spec.shape and mark["paper"] == spec.paper and mark["maps"] == dict(spec.maps)
    assert tuple(mark["tags"]) == spec.tags and tuple(mark["examples"]) == spec.examples and mark["exceptions"] == dict(spec.exceptions)
    if "__init__" in vars(cls):
        hints = typing.get_type_hints(cls.__init__, include_extras=True)
        assert hints.pop("return") is type(None)
        parameters = list(inspect.signature(cls.__init__).parameters.items())[1:]
        found = [_runtime_param(name, parameter, hints[name]) for name, parameter in parameters]
    else:
        found = []
    assert [param.name for param in found] == [param.name for param in spec.params]
    for mine, read in zip(found, spec.params, strict=True):
        for name in ("type", "default", "required", "optional", "choices", "range", "items"):
            assert getattr(mine, name) == getattr(read, name), f"{spec.name}.{read.name}: {name}"
        assert type(mine.default) is type(read.default)
    required = [param.required for param in spec.params]
    assert required == sorted(required, reverse=True), "parameters from the wire come first"
    ports = list(inspect.signature(cls.forward).parameters.values())[1:]
    assert [port.name for port in ports] == [port.name for port in spec.inputs]
    for port, read in zip(ports, spec.inputs, strict=True):
        assert read.variadic == (port.kind is inspect.Parameter.VAR_POSITIONAL)
        assert read.optional == (port.default is None)
        assert port.default in (None, inspect.Parameter.empty)
    assert set(mark["dtypes"]) <= {port.name for port in spec.inputs}


@check
def documentation(spec: BlockSpec) -> None:
    cls = block_class(spec)
    doc = inspect.getdoc(cls) or ""
    assert spec.doc.strip(), "the module has a docstring"
    assert spec.summary and spec.summary.endswith(".") and not re.search(r"[.!?] [A-Z]", spec.summary), f"one sentence: {spec.summary!r}"
    assert "Shape:" in doc
    for param in spec.params:
        assert len(param.help) >= 8 and param.help.endswith("."), f"Args line of {param.name}: {param.help!r}"
    if "Args:" in doc:
        section = doc.split("Args:\n")[1].split("\n\n")[0]
        named = [line.strip().split(":")[0] for line in section.splitlines() if line.startswith("    ") and not line.startswith("     ")]
        assert named == [param.name for param in spec.params], "Args names every parameter in order, and nothing else"
    assert inspect.getdoc(vars(cls)["forward"]), "forward has a docstring"
    if "raise ValueError" in inspect.getsource(cls):
        assert "Raises:" in doc


# -- shapes ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("index", range(3))
@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_shapes(spec: BlockSpec, index: int) -> None:
    """The shape string is true, and the meta device says the same as the real one."""
    made = case(spec, index)
    module = made.module().eval()
    inputs = made.inputs()
    with torch.no_grad():
        outputs = outputs_of(module(*inputs))
    assert spec.shapes.bind(list(made.shapes)) == made.sizes
    predicted = spec.shapes.predict(made.sizes, made.params)
    assert len(predicted) == len(outputs) == len(spec.outputs)
    for shape, output in zip(predicted, outputs, strict=True):
        assert output.isfinite().all()
        if shape is None:
            continue
        assert len(shape) == output.ndim
        assert all(size is None or size == found for size, found in zip(shape, output.shape, strict=True)), (
            f"{shape} vs {tuple(output.shape)}"
        )
    ghost = made.module("meta").eval()
    on_meta = made.inputs("meta")
    for forward in (ghost, getattr(ghost, "meta_forward", None)):
        if forward is not None:
            found = outputs_of(forward(*on_meta))
            assert [(o.shape, o.dtype, o.device.type) for o in found] == [(o.shape, o.dtype, "meta") for o in outputs]


@check
def meta_macs(spec: BlockSpec) -> None:
    """A block's shortcut counts what its forward really does."""
    made = case(spec, 0)
    module = made.module("meta").eval()
    if not hasattr(module, "meta_macs"):
        return
    inputs = made.inputs("meta")
    with CostMode() as mode, torch.no_grad():
        module(*inputs)
    assert module.meta_macs(*inputs) == mode.macs


# -- behaviour ---------------------------------------------------------------------------------------------------------


def _backward(module: torch.nn.Module, inputs: tuple[torch.Tensor | None, ...]) -> None:
    torch.manual_seed(2)
    outputs = [output for output in outputs_of(module(*inputs)) if output.requires_grad]
    if outputs:
        torch.stack([(output * torch.randn_like(output)).sum() for output in outputs]).sum().backward()


def _reached(name: str, tensor: torch.Tensor) -> None:
    assert tensor.grad is not None, f"no gradient reaches {name}"
    assert tensor.grad.isfinite().all() and tensor.grad.any(), f"the gradient of {name} is zero or not finite"


@check
def gradient(spec: BlockSpec) -> None:
    """A gradient reaches every parameter."""
    made = case(spec, 0)
    module = made.stirred()
    _backward(module, made.inputs(grad=True))
    for name, parameter in module.named_parameters():
        if parameter.requires_grad:
            _reached(name, parameter)


@check
def input_gradient(spec: BlockSpec) -> None:
    """A gradient reaches every floating-point input, so that what stands before the block can learn."""
    made = case(spec, 0)
    inputs = made.inputs(grad=True)
    _backward(made.stirred(), inputs)
    ports = [port.name for port in spec.inputs for _ in range(2 if port.variadic else 1)]
    for name, x in zip(ports, inputs, strict=True):
        if x is not None and x.is_floating_point():
            _reached(name, x)


@check
def deterministic(spec: BlockSpec) -> None:
    made = case(spec, 0)
    module = made.module().eval()
    with torch.no_grad():
        first, second = outputs_of(module(*made.inputs())), outputs_of(module(*made.inputs()))
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


@check
def rows(spec: BlockSpec) -> None:
    """In evaluation a sample's result does not depend on the other samples of the batch."""
    made = case(spec, 0)
    module = made.stirred().eval()
    inputs = made.inputs()
    with torch.no_grad():
        together = outputs_of(module(*inputs))
        for row in range(BATCH):
            alone = outputs_of(module(*(x if x is None else x[row : row + 1] for x in inputs)))
            for a, b in zip(alone, together, strict=True):
                close(a, b[row : row + 1])


@check
def state_dict(spec: BlockSpec) -> None:
    made = case(spec, 1)
    module = made.stirred()
    module(*made.inputs())  # moves running statistics
    other = made.module(seed=7)
    other.load_state_dict(module.state_dict())
    assert all(torch.equal(a, b) for a, b in zip(module.state_dict().values(), other.state_dict().values(), strict=True))
    with torch.no_grad():
        for a, b in zip(outputs_of(module.eval()(*made.inputs())), outputs_of(other.eval()(*made.inputs())), strict=True):
            assert torch.equal(a, b)


@check
def plain_attention(spec: BlockSpec) -> None:
    """The fast attention kernels give what the plain formula gives."""
    made = case(spec, 0)
    module = made.stirred().eval()
    with torch.no_grad():
        fast = outputs_of(module(*made.inputs()))
        with sdpa_kernel(SDPBackend.MATH):
            plain = outputs_of(module(*made.inputs()))
    for a, b in zip(fast, plain, strict=True):
        close(a, b)


@check
def autocast(spec: BlockSpec) -> None:
    made = case(spec, 0)
    module = made.module()
    with torch.autocast("cpu", torch.bfloat16):
        outputs = outputs_of(module(*made.inputs(grad=True)))
    exact = outputs_of(made.module()(*made.inputs()))
    for output, expected in zip(outputs, exact, strict=True):
        assert output.shape == expected.shape and output.is_floating_point() == expected.is_floating_point()
        assert output.isfinite().all()
    floating = [output.float().sum() for output in outputs if output.requires_grad]
    if floating:
        torch.stack(floating).sum().backward()
    assert all(p.grad is None or p.grad.isfinite().all() for p in module.parameters())


@check
def channels_last(spec: BlockSpec) -> None:
    made = case(spec, 0)
    inputs = made.inputs()
    if not any(x is not None and x.ndim == 4 for x in inputs):
        return
    module = made.stirred().eval()
    turned = tuple(x.to(memory_format=torch.channels_last) if x is not None and x.ndim == 4 else x for x in inputs)
    with torch.no_grad():
        usual = outputs_of(module(*inputs))
        last = outputs_of(module.to(memory_format=torch.channels_last)(*turned))
    for a, b in zip(last, usual, strict=True):
        close(a, b)


@check
def export(spec: BlockSpec) -> None:
    """torch.export takes it whole, and the exported program gives the same."""
    made = case(spec, 0)
    module = made.module().eval()
    inputs = made.inputs()
    with warnings.catch_warnings():
        # torch's own RNN modules keep their weights a second time in a list, of which export warns.
        warnings.filterwarnings("ignore", message="The tensor attributes? self.*_flat_weights")
        program = torch.export.export(module, inputs, strict=False)
    with torch.no_grad():
        for a, b in zip(outputs_of(program.module()(*inputs)), outputs_of(module(*inputs)), strict=True):
            close(a, b)


@check
def compiles(spec: BlockSpec) -> None:
    """torch.compile takes it as one graph, in training as it is drawn."""
    made = case(spec, 0)
    module = made.module()
    torch._dynamo.reset()
    compiled = torch.compile(module, backend="eager", fullgraph=True)
    torch.manual_seed(3)
    found = outputs_of(compiled(*made.inputs()))
    other = made.module()
    torch.manual_seed(3)
    for a, b in zip(found, outputs_of(other(*made.inputs())), strict=True):
        close(a, b)


# -- in a design -------------------------------------------------------------------------------------------------------


@functools.cache
def one_node(name: str, index: int = 0) -> Design:
    """The smallest design with a block, made by the edits that the window makes: inputs, the block, outputs, wires, settings."""
    made = case(CATALOG[name], index)
    spec = made.spec
    design = edits.add(Design(name=f"only {spec.name}"), Node("node", spec.name))
    for port, shape in zip(spec.inputs, made.shapes, strict=True):
        for copy in range(0 if shape is None else 2 if port.variadic else 1):
            item = Input(f"in_{port.name}_{copy}", shape[1:], port.dtype or "float32")
            wire = Wire(item.id, "node", "", port.name)
            design = edits.connect(edits.add(design, item), wire, variadic=port.variadic)
    for port in spec.outputs:
        item = Output(f"out_{port.name}")
        design = edits.connect(edits.add(design, item), Wire("node", item.id, port.name))
    inferred = {param.name for param in spec.params if param.axis in made.sizes}
    given = {name: value for name, value in made.params.items() if name not in inferred and value != spec.param(name).default}
    return edits.set_params(design, "node", given)


@check
def facts(spec: BlockSpec) -> None:
    """The engine's facts are those of the real module."""
    for index in (0, 1):
        made = case(spec, index)
        inference = inferrer().infer(one_node(spec.name, index), BATCH)
        assert inference.errors == []
        found = inference.facts.nodes["node"]
        module = made.module().eval()
        with torch.no_grad():
            outputs = outputs_of(module(*made.inputs()))
        assert [(port.port, port.shape, port.dtype) for port in found.outputs] == [
            (port.name, tuple(output.shape), str(output.dtype).removeprefix("torch."))
            for port, output in zip(spec.outputs, outputs, strict=True)
        ]
        assert found.resolved == made.params
        assert found.params == sum(p.numel() for p in module.parameters())
        assert found.params_trainable == sum(p.numel() for p in module.parameters() if p.requires_grad)
        assert found.buffers == sum(b.numel() for b in module.buffers())
        ghost = made.module("meta").eval().requires_grad_(False)
        with FlopCounterMode(display=False) as counter:
            ghost(*made.inputs("meta"))
        assert found.macs == counter.get_total_flops() // 2
        assert found.activation_bytes >= 0


def _import_without_composer(name: str, *args: object, **kwargs: object) -> object:
    if name.split(".", maxsplit=1)[0] in ("blocks", "composer"):
        raise ImportError(f"the exported source imports {name}")
    return builtins.__import__(name, *args, **kwargs)  # type: ignore[arg-type]


@functools.cache
def generated(name: str) -> type[torch.nn.Module]:
    """The model of the design with only this block, from its text; the text runs where there is no netcomposer."""
    inference = inferrer().infer(one_node(name), BATCH)
    text = codegen.generate(inference, CATALOG)
    space = {"__builtins__": {**vars(builtins), "__import__": _import_without_composer}, "__name__": "exported"}
    exec(compile(text, f"{name}.py", "exec"), space)
    return space[codegen.class_name(inference.design, CATALOG)]  # type: ignore[return-value]


@check
def in_a_design(spec: BlockSpec) -> None:
    """Placed and set, it becomes text that needs only torch; built from it, it trains; trained, it computes what the block does."""
    made = case(spec, 0)
    torch.manual_seed(0)
    model = generated(spec.name)()
    model.load_state_dict({f"node.{name}": value for name, value in made.stirred().state_dict().items()})
    before = {name: parameter.detach().clone() for name, parameter in model.named_parameters() if parameter.requires_grad}
    outputs = [output for output in outputs_of(model.train()(*made.inputs())) if output.requires_grad]
    if before:
        torch.stack([(output - torch.randn_like(output)).square().mean() for output in outputs]).sum().backward()
        torch.optim.SGD(model.parameters(), lr=0.1).step()
        assert all(parameter.isfinite().all() for parameter in model.parameters())
        moved = [name for name, parameter in model.named_parameters() if name in before and not torch.equal(parameter, before[name])]
        assert moved, "a step of training moves nothing"
    module = made.module()
    module.load_state_dict({name.removeprefix("node."): value for name, value in model.state_dict().items()})
    with torch.no_grad():
        for a, b in zip(outputs_of(model.eval()(*made.inputs())), outputs_of(module.eval()(*made.inputs())), strict=True):
            assert torch.equal(a, b)


class Only(torch.nn.Module):
    """A block as the node `node`, as generated text has it."""

    def __init__(self, block: torch.nn.Module) -> None:
        super().__init__()
        self.node = block

    def forward(self, *inputs: torch.Tensor | None) -> object:
        return self.node(*inputs)


def _normalised(found: CapturedMap) -> None:
    data = found.data
    assert data.isfinite().all()
    match found.kind:
        case "token_pairs" | "windows" | "grid" | "channel_pairs" | "local":
            sums = data.sum(-1)
            assert data.min() >= 0 and sums.max() <= 1 + 1e-5
            # A note says where a part was left out.
            assert found.notes or sums.min() >= 1 - 1e-5
        case "signed_pairs" | "signed_local":
            assert data.ndim == (4 if found.kind == "signed_pairs" else 5) and (data.abs().sum(-1) > 0).all()
        case "channel" | "spatial" | "branch":
            assert data.shape[0] == BATCH and data.ndim >= 2 and data.min() >= 0 and data.max() <= 1
            assert found.kind != "spatial" or data.ndim == 4
        case "segment":
            assert data.ndim == 3 and data.shape[0] == BATCH
        case _:
            raise AssertionError(f"{found.kind} is no kind of map")
    assert pictures(found).pictures.isfinite().all()


@check
def maps(spec: BlockSpec) -> None:
    """Every declared map is captured in one setting at least, from the generated model too, and is what its kind says."""
    missing = dict(spec.maps)
    for index in range(3):
        made = case(spec, index)
        torch.manual_seed(0)
        model = generated(spec.name)() if index == 0 else Only(made.module())
        inputs = made.inputs() if index else tuple(x for x in made.inputs() if x is not None)
        for found in capture(model, inputs, CATALOG)[1]:
            assert found.node == "node"
            _normalised(found)
            if missing.get(found.name) == found.kind:
                del missing[found.name]
        if not missing:
            return
    assert not missing, f"not captured: {missing}"


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_cuda(spec: BlockSpec) -> None:
    """A GPU gives what the processor gives; training there in half precision stays finite."""
    made = case(spec, 0)
    module, other = made.stirred().eval(), made.stirred().eval().to("cuda")
    with torch.no_grad(), torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
        for a, b in zip(outputs_of(other(*made.inputs("cuda"))), outputs_of(module(*made.inputs())), strict=True):
            close(a.cpu(), b, 1e-3)
    other.train()
    with torch.autocast("cuda", torch.bfloat16):
        outputs = outputs_of(other(*made.inputs("cuda", grad=True)))
    floating = [output.float().sum() for output in outputs if output.requires_grad]
    if floating:
        torch.stack(floating).sum().backward()
    assert all(p.grad is None or p.grad.isfinite().all() for p in other.parameters())


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
    """A value that cannot be is refused with a sentence that names the parameter and the value; one that can be works."""
    made = case(spec, 0)
    for param in spec.params:
        for bad in _bad_values(param):
            design = edits.set_params(one_node(spec.name), "node", {param.name: bad})
            error = inferrer().infer(design, BATCH).facts.nodes["node"].error
            if error is None:
                torch.manual_seed(0)
                outputs = outputs_of(block_class(spec)(**{**made.params, param.name: bad}).eval()(*made.inputs()))
                assert all(output.isfinite().all() for output in outputs), f"{param.name} takes {bad!r}"
                continue
            number = repr(bad[0] if isinstance(bad, tuple) else bad)
            assert param.name in error and number in error, f"{param.name} = {bad!r}: {error}"
            assert "\n" not in error and error.startswith("node")


def test_generated_text_is_clean(tmp_path: Path) -> None:
    """ruff finds nothing in the generated text of a spread of blocks."""
    for spec in SPECS[::4]:
        text = codegen.generate(inferrer().infer(one_node(spec.name), BATCH), CATALOG)
        (tmp_path / f"{spec.path.stem}.py").write_text(text)
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--line-length", "140", "--select", "E,F,I,W", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout[-3000:]
