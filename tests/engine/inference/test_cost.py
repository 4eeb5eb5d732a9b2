"""Costs: MACs against torch's counter and by hand, activation bytes against what a real backward keeps."""

import pytest
import torch
from hypothesis import given
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from composer.core.graph import Design, Node
from composer.engine.codegen.build import build
from composer.engine.inference.cost import CostMode, measure
from composer.engine.inference.infer import Inferrer
from tests.engine.designs import chain
from tests.engine.saved import saved_bytes
from tests.strategies import examples, networks

INFERRER = Inferrer()
BATCH = 4


# -- MACs --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("node", "shape", "macs"),
    [
        (Node("n", "Linear", {"out_features": 5}), (7, 3), 7 * 3 * 5),
        (Node("n", "Conv2d", {"out_channels": 6, "kernel_size": 3}), (4, 8, 8), 6 * 4 * 9 * 64),
        (
            Node("n", "Conv2d", {"out_channels": 6, "kernel_size": 3, "stride": 2, "groups": 2}),
            (4, 8, 8),
            6 * 2 * 9 * 16,
        ),
        (Node("n", "Conv1d", {"out_channels": 6, "kernel_size": 3}), (4, 8), 6 * 4 * 3 * 8),
        (Node("n", "MultiHeadSelfAttention", {"num_heads": 2}), (9, 8), 4 * 9 * 8 * 8 + 2 * 9 * 9 * 8),
        (Node("n", "Activation"), (4, 8, 8), 0),
        (Node("n", "LSTM", {"hidden_dim": 6}), (5, 3), 5 * 4 * 6 * (3 + 6)),
    ],
)
def test_macs_by_hand(node: Node, shape: tuple[int, ...], macs: int) -> None:
    facts = INFERRER.infer(chain(node, shape=shape), BATCH).facts
    assert facts.totals.macs == BATCH * macs
    assert facts.totals.flops == 2 * BATCH * macs


@examples(15)
@given(networks())
def test_macs_are_half_of_the_flops_that_torch_counts(design: Design) -> None:
    model = build(design, device="meta").eval().requires_grad_(False)
    facts = INFERRER.infer(design, BATCH).facts
    image = torch.empty(facts.nodes["image"].outputs[0].shape, device="meta")
    with FlopCounterMode(display=False) as counter:
        model(image)
    assert 2 * facts.totals.macs == counter.get_total_flops()


def test_operations_without_a_formula_are_listed() -> None:
    module = nn.Sequential(nn.GELU(), nn.Softmax(-1)).to("meta")
    with CostMode() as mode:
        module(torch.empty(2, 3, device="meta"))
    assert mode.macs == 0 and {"gelu", "_softmax"} <= set(mode.uncounted)


# -- activation bytes --------------------------------------------------------------------------------------------------

PLAIN = {
    "linear": (nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 4)), (8,)),
    "convolution": (
        nn.Sequential(nn.Conv2d(3, 8, 3, bias=False), nn.BatchNorm2d(8), nn.ReLU(inplace=True), nn.Conv2d(8, 8, 3)),
        (3, 9, 9),
    ),
    "gelu": (nn.Sequential(nn.LayerNorm(8), nn.Linear(8, 32), nn.GELU(), nn.Linear(32, 8)), (5, 8)),
    "pool": (nn.Sequential(nn.MaxPool2d(2), nn.Flatten(), nn.Linear(48, 4), nn.Softmax(-1)), (3, 8, 8)),
    "nothing": (nn.Sequential(nn.Identity(), nn.Flatten()), (3, 8)),
}


@pytest.mark.parametrize("name", PLAIN)
@pytest.mark.parametrize("grad", [False, True])
def test_saved_bytes_of_a_module(name: str, grad: bool) -> None:
    import copy

    module, shape = PLAIN[name]
    real = saved_bytes(copy.deepcopy(module).train(), [torch.randn(BATCH, *shape, requires_grad=grad)])
    cost = measure(
        copy.deepcopy(module).to("meta").train(), (torch.empty(BATCH, *shape, device="meta", requires_grad=grad),)
    )
    size = 4 * BATCH * torch.Size(shape).numel()
    outside = sum(size for saved, alias in zip(cost.saved_inputs, [None], strict=True) if saved and alias is None)
    outputs = sum(
        output.untyped_storage().nbytes()
        for output, saved, alias in zip(cost.outputs, cost.saved_outputs, cost.aliases, strict=True)
        if saved and alias is None
    )
    assert cost.saved_bytes + outside + outputs == real


@examples(15)
@given(networks())
def test_activation_bytes_equal_those_of_a_real_backward(design: Design) -> None:
    facts = INFERRER.infer(design, BATCH).facts
    model = build(design, seed=0).train()
    image = torch.randn(facts.nodes["image"].outputs[0].shape)
    real = saved_bytes(model, [image])
    assert facts.totals.activation_bytes == real


@pytest.mark.parametrize(
    ("block", "params", "shape"),
    [
        ("TransformerEncoderLayer", {"num_heads": 2}, (64, 16)),
        ("SwinBlock", {"num_heads": 2, "window_size": 4}, (16, 8, 8)),
    ],
)
def test_activation_bytes_of_attention_are_those_of_fused_kernels(
    block: str, params: dict[str, int], shape: tuple[int, ...]
) -> None:
    """The weights of all pairs of tokens are not among them."""
    design = chain(Node("one", block, params), Node("two", block, params), shape=shape)
    facts = INFERRER.infer(design, BATCH).facts
    assert facts.totals.activation_bytes == saved_bytes(build(design, seed=0).train(), [torch.randn(BATCH, *shape)])
