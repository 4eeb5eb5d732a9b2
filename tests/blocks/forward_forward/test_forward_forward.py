"""Forward-forward layers against the formulas of the paper."""

import pytest
import torch

from blocks.forward_forward.ff_linear import FFLinear
from blocks.forward_forward.label_overlay import LabelOverlay


@pytest.mark.parametrize("normalize", ["length", "rms", "none"])
@pytest.mark.parametrize("goodness", ["sum", "mean"])
def test_layer_follows_the_formula(normalize, goodness):
    layer = FFLinear(4, 6, normalize, goodness).double()
    x = 1000 * torch.randn(3, 4).double()
    out, good = layer(x)
    for i in range(3):
        square = sum(v * v for v in x[i].tolist())
        length = {"length": square**0.5, "rms": (square / 4) ** 0.5, "none": 1.0}[normalize]
        y = [max(0.0, (layer.linear.weight[j] @ x[i] / length + layer.linear.bias[j]).item()) for j in range(6)]
        assert out[i].tolist() == pytest.approx(y, rel=1e-5, abs=1e-5)
        total = sum(v * v for v in y)
        assert good[i].item() == pytest.approx(total if goodness == "sum" else total / 6, rel=1e-5)


def test_output_does_not_depend_on_the_length_of_the_input():
    layer = FFLinear(8, 16)
    x = torch.randn(2, 8)
    assert torch.allclose(layer(x)[0], layer(1000 * x)[0], atol=1e-3)


@pytest.mark.parametrize("local", [True, False])
def test_gradient_stays_in_the_layer(local):
    first, second = FFLinear(8, 16), FFLinear(16, 4, local=local)
    second(first(torch.randn(2, 8))[0])[1].sum().backward()
    assert (first.linear.weight.grad is None) == local
    assert second.linear.weight.grad is not None


def test_zero_input_gives_finite_gradients():
    layer = FFLinear(8, 16, local=False)
    x = torch.zeros(2, 8, requires_grad=True)
    layer(x)[1].sum().backward()
    assert x.grad.isfinite().all()


def test_label_replaces_the_first_elements():
    x = torch.randn(2, 7)
    out = LabelOverlay(3, value=2.0)(x, torch.tensor([2, 0]))
    assert out[:, :3].tolist() == [[0.0, 0.0, 2.0], [2.0, 0.0, 0.0]]
    assert torch.equal(out[:, 3:], x[:, 3:])
    assert LabelOverlay(4)(x)[:, :4].eq(0.25).all()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: FFLinear(4, 0), "out_features: 0 is not positive"),
        (lambda: FFLinear(4, normalize="max"), "normalize: 'max' is not one of length, rms, none"),
        (lambda: FFLinear(4, goodness="max"), "goodness: 'max' is not one of sum, mean"),
        (lambda: LabelOverlay(0), "num_classes: 0 is not positive"),
        (lambda: LabelOverlay(5)(torch.zeros(1, 4)), "num_classes: 5 numbers do not fit into a vector of 4"),
    ],
)
def test_forward_forward_errors(make, message):
    with pytest.raises(ValueError, match=message):
        make()
