"""One contract for every block: how it behaves as a module; see `contract` for exceptions."""

import warnings

import pytest
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel

from composer.core.blocks.block_file import BlockSpec
from composer.core.blocks.roles import LAYOUTS
from composer.engine.inference.cost import CostMode
from composer.engine.library import block_class
from tests.blocks.cases import BATCH, case, outputs_of
from tests.blocks.contract import SPECS, check, close

# -- shapes ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("index", range(3))
@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_shapes(spec: BlockSpec, index: int) -> None:
    """The shape string is correct, and the meta device gives the shapes of the real one."""
    setting = case(spec, index)
    module = setting.module().eval()
    inputs = setting.inputs()
    with torch.no_grad():
        outputs = outputs_of(module(*inputs))
    assert spec.shapes.bind(list(setting.shapes)) == setting.sizes
    predicted = spec.shapes.predict(setting.sizes, setting.params)
    assert len(predicted) == len(outputs) == len(spec.outputs)
    for shape, output in zip(predicted, outputs, strict=True):
        assert output.isfinite().all()
        if shape is None:
            continue
        assert len(shape) == output.ndim
        assert all(size is None or size == actual for size, actual in zip(shape, output.shape, strict=True)), (
            f"{shape} vs {tuple(output.shape)}"
        )
    ghost = setting.module("meta").eval()
    on_meta = setting.inputs("meta")
    for forward in (ghost, getattr(ghost, "meta_forward", None)):
        if forward is not None:
            predicted_outputs = outputs_of(forward(*on_meta))
            assert [(o.shape, o.dtype, o.device.type) for o in predicted_outputs] == [
                (o.shape, o.dtype, "meta") for o in outputs
            ]


@check
def meta_macs(spec: BlockSpec) -> None:
    """A block's `meta_macs` equals the multiply-adds of its forward."""
    setting = case(spec, 0)
    module = setting.module("meta").eval()
    if not hasattr(module, "meta_macs"):
        return
    inputs = setting.inputs("meta")
    with CostMode() as mode, torch.no_grad():
        module(*inputs)
    assert module.meta_macs(*inputs) == mode.macs


@pytest.mark.parametrize(
    "spec",
    [spec for spec in SPECS if spec.windows or spec.heads or spec.converts or spec.rates],
    ids=lambda spec: spec.name,
)
def test_declarations(spec: BlockSpec) -> None:
    """The attributes that a block declares exist, and it converts the layouts that it declares."""
    for index in range(3):
        setting = case(spec, index)
        module = setting.module("meta")
        for name in (*spec.windows, *filter(None, [spec.heads])):
            assert isinstance(getattr(module, name), int | tuple), name
    for source, target in spec.converts:
        x = torch.rand(BATCH, *(16,) * (LAYOUTS[source] - 1))
        values = {param.name: 16 for param in spec.params if param.inferred}
        (output,) = outputs_of(block_class(spec)(**values)(x))
        assert output.ndim == LAYOUTS[target]


@pytest.mark.parametrize("spec", [spec for spec in SPECS if spec.rates], ids=lambda spec: spec.name)
def test_rates_do_not_change_costs(spec: BlockSpec) -> None:
    setting = case(spec, 0)
    macs = set()
    for rate in (0.25, 0.5):
        module = block_class(spec)(**{**setting.params, **dict.fromkeys(spec.rates, rate)}).to("meta").train()
        with CostMode() as mode, torch.no_grad():
            module(*setting.inputs("meta"))
        macs.add((mode.macs, sum(parameter.numel() for parameter in module.parameters())))
    assert len(macs) == 1


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
    setting = case(spec, 0)
    module = setting.stirred()
    _backward(module, setting.inputs(grad=True))
    for name, parameter in module.named_parameters():
        if parameter.requires_grad:
            _reached(name, parameter)


@check
def input_gradient(spec: BlockSpec) -> None:
    """A gradient reaches every floating-point input, so that layers before the block can learn."""
    setting = case(spec, 0)
    inputs = setting.inputs(grad=True)
    _backward(setting.stirred(), inputs)
    ports = [port.name for port in spec.inputs for _ in range(2 if port.variadic else 1)]
    for name, x in zip(ports, inputs, strict=True):
        if x is not None and x.is_floating_point():
            _reached(name, x)


@check
def deterministic(spec: BlockSpec) -> None:
    setting = case(spec, 0)
    module = setting.module().eval()
    with torch.no_grad():
        first, second = outputs_of(module(*setting.inputs())), outputs_of(module(*setting.inputs()))
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


@check
def rows(spec: BlockSpec) -> None:
    """In evaluation a sample's result does not depend on the other samples of the batch."""
    setting = case(spec, 0)
    module = setting.stirred().eval()
    inputs = setting.inputs()
    with torch.no_grad():
        together = outputs_of(module(*inputs))
        for row in range(BATCH):
            alone = outputs_of(module(*(x if x is None else x[row : row + 1] for x in inputs)))
            for a, b in zip(alone, together, strict=True):
                close(a, b[row : row + 1])


@check
def state_dict(spec: BlockSpec) -> None:
    setting = case(spec, 1)
    module = setting.stirred()
    module(*setting.inputs())  # moves running statistics
    other = setting.module(seed=7)
    other.load_state_dict(module.state_dict())
    assert all(
        torch.equal(a, b) for a, b in zip(module.state_dict().values(), other.state_dict().values(), strict=True)
    )
    with torch.no_grad():
        for a, b in zip(
            outputs_of(module.eval()(*setting.inputs())), outputs_of(other.eval()(*setting.inputs())), strict=True
        ):
            assert torch.equal(a, b)


@check
def plain_attention(spec: BlockSpec) -> None:
    """The fused attention kernels compute what the plain formula computes."""
    setting = case(spec, 0)
    module = setting.stirred().eval()
    with torch.no_grad():
        fast = outputs_of(module(*setting.inputs()))
        with sdpa_kernel(SDPBackend.MATH):
            plain = outputs_of(module(*setting.inputs()))
    for a, b in zip(fast, plain, strict=True):
        close(a, b)


@check
def autocast(spec: BlockSpec) -> None:
    """In half precision shapes stay, and outputs and gradients are finite."""
    for setting in (case(spec, index) for index in range(3)):
        with torch.no_grad():
            exact = outputs_of(setting.module()(*setting.inputs()))
        for dtype in (torch.bfloat16, torch.float16):
            module = setting.module()
            with torch.autocast("cpu", dtype):
                outputs = outputs_of(module(*setting.inputs(grad=True)))
            for output, expected in zip(outputs, exact, strict=True):
                assert output.shape == expected.shape and output.is_floating_point() == expected.is_floating_point()
                assert output.isfinite().all()
            floating = [output.float().sum() for output in outputs if output.requires_grad]
            if floating:
                torch.stack(floating).sum().backward()
            assert all(p.grad is None or p.grad.isfinite().all() for p in module.parameters())


@check
def channels_last(spec: BlockSpec) -> None:
    setting = case(spec, 0)
    inputs = setting.inputs()
    if not any(x is not None and x.ndim == 4 for x in inputs):
        return
    module = setting.stirred().eval()
    turned = tuple(x.to(memory_format=torch.channels_last) if x is not None and x.ndim == 4 else x for x in inputs)
    with torch.no_grad():
        usual = outputs_of(module(*inputs))
        last = outputs_of(module.to(memory_format=torch.channels_last)(*turned))
    for a, b in zip(last, usual, strict=True):
        close(a, b)


@check
def export(spec: BlockSpec) -> None:
    """torch.export exports it as one graph that computes the same."""
    setting = case(spec, 0)
    module = setting.module().eval()
    inputs = setting.inputs()
    with warnings.catch_warnings():
        # torch's own RNN modules keep their weights a second time in a list, of which export warns.
        warnings.filterwarnings("ignore", message="The tensor attributes? self.*_flat_weights")
        program = torch.export.export(module, inputs, strict=False)
    with torch.no_grad():
        for a, b in zip(outputs_of(program.module()(*inputs)), outputs_of(module(*inputs)), strict=True):
            close(a, b)


@check
def compiles(spec: BlockSpec) -> None:
    """torch.compile compiles it as one graph that computes the same in training."""
    setting = case(spec, 0)
    module = setting.module()
    torch._dynamo.reset()
    compiled = torch.compile(module, backend="eager", fullgraph=True)
    torch.manual_seed(3)
    compiled_outputs = outputs_of(compiled(*setting.inputs()))
    other = setting.module()
    torch.manual_seed(3)
    for a, b in zip(compiled_outputs, outputs_of(other(*setting.inputs())), strict=True):
        close(a, b)


# -- on a GPU ----------------------------------------------------------------------------------------------------------


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_cuda(spec: BlockSpec) -> None:
    """A GPU computes what the CPU computes; training there in half precision stays finite."""
    setting = case(spec, 0)
    module, other = setting.stirred().eval(), setting.stirred().eval().to("cuda")
    with torch.no_grad(), torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
        for a, b in zip(outputs_of(other(*setting.inputs("cuda"))), outputs_of(module(*setting.inputs())), strict=True):
            close(a.cpu(), b, 1e-3)
    other.train()
    with torch.autocast("cuda", torch.bfloat16):
        outputs = outputs_of(other(*setting.inputs("cuda", grad=True)))
    floating = [output.float().sum() for output in outputs if output.requires_grad]
    if floating:
        torch.stack(floating).sum().backward()
    assert all(p.grad is None or p.grad.isfinite().all() for p in other.parameters())
