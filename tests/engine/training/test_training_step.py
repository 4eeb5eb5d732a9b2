"""One optimizer step: accumulation, clipping and the average of the weights."""

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.nn import functional as F

from composer.engine.training.datasets.splits import Batch
from composer.engine.training.objectives import Objective
from composer.engine.training.optimization.weight_average import WeightAverage
from composer.engine.training.training_step import TrainingStep, step_bounds


class Squares(Objective):
    """The mean squared output."""

    def prepare(self, data: Any) -> None: ...

    def check(self, outputs: Any, batch: Batch) -> None: ...

    def loss(self, model: Any, batch: Batch, step: int | None) -> tuple[Tensor, Any]:
        outputs = model(batch["image"])
        return F.mse_loss(outputs, batch["label"]), outputs

    def metrics(self) -> Any:
        raise NotImplementedError


def make_step(clip_norm: float = 0.0, decay: float = 0.0, factors: tuple[float, ...] = (1.0,)) -> TrainingStep:
    torch.manual_seed(0)
    network = nn.Linear(3, 1)
    parameters = [[network.weight, network.bias]] if len(factors) == 1 else [[network.weight], [network.bias]]
    optimizer = torch.optim.SGD(
        [{"params": part, "rate_factor": factor} for part, factor in zip(parameters, factors, strict=True)], lr=9.0
    )
    fabric = Fabric(accelerator="cpu", devices=1)
    model, wrapped = fabric.setup(network, optimizer)
    average = WeightAverage(network, decay) if decay else None
    return TrainingStep(fabric, model, Squares(), optimizer, wrapped, clip_norm, average)


SAMPLES = torch.randn(10, 3, generator=torch.Generator().manual_seed(1))
LABELS = torch.randn(10, 1, generator=torch.Generator().manual_seed(2))


def batches(*bounds: tuple[int, int]) -> Iterator[Batch]:
    return iter([{"image": SAMPLES[low:high], "label": LABELS[low:high]} for low, high in bounds])


def weights(step: TrainingStep) -> Tensor:
    return torch.cat([parameter.detach().flatten() for parameter in step.model.parameters()])


def test_the_last_step_of_an_epoch_may_have_fewer_batches() -> None:
    bounds = [(0, 4), (4, 8), (8, 12), (12, 13)]
    assert [len(group) for group in step_bounds(bounds, 3)] == [3, 1]
    assert list(step_bounds(bounds, 2, start=2)) == [bounds[2:]]
    assert [list(group) for group in step_bounds(bounds, 1)] == [[pair] for pair in bounds]


@pytest.mark.parametrize("bounds", [[(0, 5), (5, 10)], [(0, 4), (4, 8), (8, 10)], [(0, 9), (9, 10)]])
def test_accumulated_batches_are_one_large_batch_however_uneven_they_are(bounds: list[tuple[int, int]]) -> None:
    whole, parts = make_step(), make_step()
    expected = whole.run(batches((0, 10)), [(0, 10)], 0, 0.1)
    result = parts.run(batches(*bounds), bounds, 0, 0.1)
    assert result.loss == pytest.approx(float(expected.loss), rel=1e-6)
    assert torch.allclose(weights(parts), weights(whole), atol=1e-7)


def test_a_long_gradient_is_scaled_down_to_the_norm_and_a_short_one_is_not() -> None:
    free, clipped, generous = make_step(), make_step(clip_norm=0.25), make_step(clip_norm=100.0)
    before = weights(free)
    for step in (free, clipped, generous):
        result = step.run(batches((0, 10)), [(0, 10)], 0, 1.0)
    assert float((weights(clipped) - before).norm()) == pytest.approx(0.25, rel=1e-4)
    direction = (weights(free) - before) / (weights(free) - before).norm()
    assert torch.allclose((weights(clipped) - before) / 0.25, direction, atol=1e-4)
    assert torch.equal(weights(generous), weights(free))
    assert float(result.grad_norm) == pytest.approx(float((weights(free) - before).norm()), rel=1e-5)


def test_parameters_with_a_factor_have_their_own_rate() -> None:
    plain, scaled = make_step(factors=(1.0, 1.0)), make_step(factors=(1.0, 0.5))
    before = weights(plain)
    for step in (plain, scaled):
        step.run(batches((0, 10)), [(0, 10)], 0, 0.1)
    change, other = weights(plain) - before, weights(scaled) - before
    assert torch.allclose(other[:3], change[:3])
    assert torch.allclose(other[3:], 0.5 * change[3:], atol=1e-7)


def test_the_average_follows_fast_at_the_start_and_is_lent_to_the_network() -> None:
    step = make_step(decay=0.9)
    assert step.average is not None
    average = weights(step)
    for number in range(12):
        step.run(batches((0, 10)), [(0, 10)], number, 0.1)
        decay = min(0.9, (1 + number) / (10 + number))
        average = decay * average + (1 - decay) * weights(step)
    current = weights(step)
    with step.average.applied():
        assert torch.allclose(weights(step), average, atol=1e-6)
        assert not torch.allclose(weights(step), current, atol=1e-4)
    assert torch.equal(weights(step), current)


def test_the_average_of_half_precision_weights_adds_up_small_differences() -> None:
    network = nn.Linear(1, 1, bias=False).to(torch.bfloat16)
    network.weight.data.fill_(1.0)
    average = WeightAverage(network, 0.999)
    average.updates = 10**6
    network.weight.data.fill_(1.0078125)  # the next number of bf16
    for _ in range(2000):
        average.update()
    stored = average.state_dict()["weights"]["weight"]
    assert stored.dtype is torch.float32
    assert float(stored) == pytest.approx(1.0078125 - 0.0078125 * 0.999**2000, rel=1e-5)
