"""Every optimizer: it learns, it resumes to the bit, and its state has the size that it declares."""

import copy

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from composer.core.declarations import Declaration
from composer.core.errors import UserError
from composer.core.graph import ExtensionRef
from composer.core.training_extensions import optimizers, schedules
from composer.engine.training.optimizers import load_optimizer

SAMPLES = torch.randn(64, 6, generator=torch.Generator().manual_seed(0))
LABELS = (SAMPLES[:, :1] * 2 - SAMPLES[:, 1:2]).tanh()


def make(name: str, **options: object) -> tuple[nn.Module, torch.optim.Optimizer]:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(6, 16), nn.Tanh(), nn.Linear(16, 1))
    weights = [parameter for parameter in network.parameters() if parameter.dim() > 1]
    biases = [parameter for parameter in network.parameters() if parameter.dim() == 1]
    groups = [
        {"params": weights, "lr": 0.01, "weight_decay": 0.01, "rate_factor": 1.0},
        {"params": biases, "lr": 0.01, "weight_decay": 0.0, "rate_factor": 1.0},
    ]
    return network, load_optimizer(ExtensionRef(name, options), groups)


def train(network: nn.Module, optimizer: torch.optim.Optimizer, steps: int) -> float:
    for _ in range(steps):
        optimizer.zero_grad()
        loss = F.mse_loss(network(SAMPLES), LABELS)
        loss.backward()
        optimizer.step()
    return float(loss.detach())


@pytest.mark.parametrize("declaration", [*optimizers().values(), *schedules().values()], ids=lambda row: row.name)
def test_summaries_describe_what_users_choose(declaration: Declaration) -> None:
    """Lists and tooltips show the docstring's first paragraph, to people who do not see a function."""
    assert declaration.summary.endswith(".")
    assert not declaration.summary.startswith(("Return", "Compute"))


@pytest.mark.parametrize("name", optimizers())
def test_an_optimizer_learns_and_resumes_to_the_bit(name: str) -> None:
    assert not optimizers()[name].problem
    network, optimizer = make(name)
    first = train(network, optimizer, 1)
    train(network, optimizer, 20)
    weights, state = copy.deepcopy(network.state_dict()), copy.deepcopy(optimizer.state_dict())
    assert train(network, optimizer, 20) < first
    again, other = make(name)
    again.load_state_dict(weights)
    other.load_state_dict(state)
    train(again, other, 20)
    assert all(torch.equal(a, b) for a, b in zip(network.parameters(), again.parameters(), strict=True))


@pytest.mark.parametrize("name", sorted(set(optimizers()) - {"adafactor", "muon"}))
def test_the_declared_states_are_those_that_are_stored(name: str) -> None:
    network, optimizer = make(name)
    train(network, optimizer, 2)
    stored = sum(
        value.numel()
        for state in optimizer.state.values()
        for value in state.values()
        if isinstance(value, Tensor) and value.dim() > 0
    )
    parameters = sum(parameter.numel() for parameter in network.parameters())
    assert stored == optimizers()[name].values["states"] * parameters


@pytest.mark.parametrize("name", optimizers())
def test_the_rate_of_a_group_counts_and_a_rate_of_zero_changes_nothing(name: str) -> None:
    network, optimizer = make(name)
    train(network, optimizer, 2)
    before = [parameter.clone() for parameter in network.parameters()]
    optimizer.param_groups[0]["lr"] = 0.0
    train(network, optimizer, 1)
    for old, parameter in zip(before, network.parameters(), strict=True):
        assert torch.equal(old, parameter) == (parameter.dim() > 1)


def test_lamb_follows_the_algorithm_of_the_paper() -> None:
    network, optimizer = make("lamb", betas=(0.9, 0.99), eps=1e-6)
    weight = network[0].weight
    mean, square = torch.zeros_like(weight), torch.zeros_like(weight)
    for number in (1, 2, 3):
        before = weight.detach().clone()
        train(network, optimizer, 1)
        gradient = weight.grad
        mean, square = 0.9 * mean + 0.1 * gradient, 0.99 * square + 0.01 * gradient**2
        update = (mean / (1 - 0.9**number)) / ((square / (1 - 0.99**number)).sqrt() + 1e-6) + 0.01 * before
        expected = before - 0.01 * before.norm() / update.norm() * update
        assert torch.allclose(weight, expected, atol=1e-6)


def test_muon_makes_the_updates_of_matrices_orthogonal() -> None:
    network, optimizer = make("muon")
    before = network[0].weight.detach().clone()
    train(network, optimizer, 1)
    update = network[0].weight.detach() - before * (1 - 0.01 * 0.01)
    values = torch.linalg.svdvals(update)
    assert float(values.max() / values.min()) < 2  # five Newton-Schulz iterations leave them between 0.7 and 1.2


def test_unknown_optimizers_and_options_are_refused() -> None:
    with pytest.raises(UserError, match="optimizer 'lion' is unknown"):
        make("lion")
    with pytest.raises(UserError, match=r"optimizer.betas is \(0.9, 1.5\), expected a list of 2 numbers from 0"):
        make("adam", betas=(0.9, 1.5))
