"""Whether an exported program computes what the model computes, measured on random samples."""

import copy
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from composer.core.errors import UserError
from composer.engine.codegen.verify import SEED, example_inputs
from composer.engine.inference.infer import Inference

TOLERANCE = 1e-4
# Two float32 runs that add in another order differ by their rounding: 1e-4 and more where outputs are in the hundreds,
# as those of a fresh ResNet-50. Then both are compared with float64. Over all templates, with fresh and trained
# weights, a correct program was 0.5 to 2.8 times as far from float64 as the model itself.
ROUNDING = 4.0


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far the outputs of a program are from those of the model.

    Args:
        difference: largest absolute difference of an output.
        allowed: largest difference that is accepted: `TOLERANCE`, or more where rounding explains it.
        batch: the batch at which it was measured.
        note: the comparison with float64, where one was needed.
    """

    difference: float
    allowed: float
    batch: int
    note: str = ""

    @property
    def ok(self) -> bool:
        """Whether the program computes the same."""
        return self.difference <= self.allowed

    @property
    def message(self) -> str:
        """The difference in words."""
        return f"max |diff| {self.difference:.2g}{self.note}"


def random_samples(inference: Inference, batch: int) -> tuple[Tensor, ...]:
    """Return random inputs for a batch of different samples, whatever batch the inference was computed for."""
    samples = [example_inputs(inference, SEED + index) for index in range(batch)]
    return tuple(torch.cat([sample[name][:1] for sample in samples]) for name in samples[0])


def measure_agreement(
    name: str,
    model: nn.Module,
    run: Callable[..., Sequence[Tensor]],
    inference: Inference,
    batches: Iterable[int],
) -> Agreement:
    """Compare a program with the model it was converted from.

    Args:
        name: what to call the program in an error.
        model: the model in evaluation mode.
        run: the program: takes the main inputs, returns the outputs in order.
        inference: of the model's design.
        batches: batch sizes to compare at.

    Returns:
        The first disagreement, or else the largest difference.

    Raises:
        UserError: if the model's outputs are not finite, so that nothing can be compared.
    """
    worst = Agreement(0.0, TOLERANCE, 0)
    for batch in batches:
        inputs = random_samples(inference, batch)
        expected, actual = outputs_of(model, inputs), list(run(*inputs))
        if not all(bool(tensor.isfinite().all()) for tensor in expected):
            raise UserError(f"{name} cannot be checked: the model's outputs for random inputs are not finite")
        agreement = Agreement(_distance(actual, expected), TOLERANCE, batch)
        if not agreement.ok:
            agreement = _allow_rounding(agreement, model, inputs, expected, actual)
        if not agreement.ok:
            return agreement
        worst = max(worst, agreement, key=lambda candidate: candidate.difference)
    return worst


def check_agreement(
    name: str, model: nn.Module, run: Callable[..., Sequence[Tensor]], inference: Inference, batches: Iterable[int]
) -> Agreement:
    """Compare a program with its model before it is written; arguments as in `measure_agreement`.

    Raises:
        UserError: if the outputs differ by more than rounding explains, or the model's are not finite.
    """
    agreement = measure_agreement(name, model, run, inference, batches)
    if not agreement.ok:
        raise UserError(
            f"{name} differs from the model by {agreement.difference:.2g} at batch {agreement.batch}, "
            f"expected at most {TOLERANCE:g}; nothing was written"
        )
    return agreement


def outputs_of(model: Callable[..., object], inputs: Sequence[Tensor]) -> list[Tensor]:
    """Return the outputs of a model as a list, also where there is one."""
    with torch.no_grad():
        outputs = model(*inputs)
    return list(outputs) if isinstance(outputs, (tuple, list)) else [outputs]  # type: ignore[list-item]


def _distance(a: Sequence[Tensor], b: Sequence[Tensor]) -> float:
    """Return the largest absolute difference; infinite where shapes differ or a number is not finite."""
    if [tensor.shape for tensor in a] != [tensor.shape for tensor in b]:
        return float("inf")
    pairs = zip(a, b, strict=True)
    largest = max((float((x.double() - y.double()).abs().max()) for x, y in pairs if x.numel()), default=0.0)
    return float("inf") if math.isnan(largest) else largest


def _allow_rounding(
    agreement: Agreement,
    model: nn.Module,
    inputs: Sequence[Tensor],
    expected: Sequence[Tensor],
    actual: Sequence[Tensor],
) -> Agreement:
    """Accept a difference if the program is about as close to the model in float64 as the model in float32 is."""
    double = copy.deepcopy(model).double()
    try:
        exact = outputs_of(double, [tensor.double() if tensor.is_floating_point() else tensor for tensor in inputs])
    except RuntimeError:  # a block creates float32 tensors itself: then nothing excuses the difference
        return agreement
    model_error, program_error = _distance(expected, exact), _distance(actual, exact)
    if not program_error <= ROUNDING * model_error:
        return agreement
    note = f", from float64 {program_error:.2g}, where the model itself is {model_error:.2g} away"
    return Agreement(agreement.difference, agreement.difference, agreement.batch, note)
