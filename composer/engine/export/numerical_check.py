"""Whether an exported program computes what the model computes: checked on random samples before the file is put in place."""

import copy
from collections.abc import Callable, Iterable, Sequence

import torch
from torch import Tensor, nn

from composer.core.errors import UserError
from composer.engine.codegen.verify import SEED, example_inputs
from composer.engine.inference.infer import Inference

TOLERANCE = 1e-4
# Two runs in float32 that add in another order differ by what each of them rounds: 1e-4 and more where outputs are in the hundreds, as
# those of a fresh ResNet-50. Then both are held against float64. Over all templates, with fresh weights and with trained ones, a correct
# program was 0.5 to 2.8 times as far from it as the model itself.
ROUNDING = 4.0


def samples(inference: Inference, size: int) -> tuple[Tensor, ...]:
    """Random inputs, no two samples alike, whatever batch the inference was made for."""
    parts = [example_inputs(inference, SEED + index) for index in range(size)]
    return tuple(torch.cat([part[name][:1] for part in parts]) for name in parts[0])


def check_agreement(
    what: str, model: nn.Module, run: Callable[..., Sequence[Tensor]], inference: Inference, sizes: Iterable[int]
) -> str:
    """Hold a program against the model it was made from.

    Args:
        what: what the program is called in an error.
        model: the model, in evaluation mode.
        run: the program: takes the main inputs, returns the outputs in order.
        inference: of the model's design.
        sizes: batch sizes to try.

    Returns:
        The largest difference, in words.

    Raises:
        UserError: if the outputs differ by more than 1e-4 and rounding does not explain it, or are not finite.
    """
    worst, note = 0.0, ""
    for size in sizes:
        given = samples(inference, size)
        expected, seen = outputs(model, given), list(run(*given))
        if not all(bool(tensor.isfinite().all()) for tensor in expected):
            raise UserError(
                f"{what} cannot be checked: the model gives numbers that are not finite for random input; nothing was written"
            )
        diff = _distance(seen, expected)
        if not diff <= TOLERANCE:
            own, other = _from_float64(model, given, expected, seen)
            if not other <= ROUNDING * own:
                raise UserError(
                    f"{what} differs from the model by {diff:.2g} at batch {size}, expected at most {TOLERANCE:g}; nothing was written"
                )
            note = f", from float64 {other:.2g}, where the model itself is {own:.2g} away"
        worst = max(worst, diff)
    return f"max |diff| {worst:.2g}{note}"


def outputs(model: Callable[..., object], given: Sequence[Tensor]) -> list[Tensor]:
    """Outputs of a model as a list, also where there is one."""
    with torch.no_grad():
        found = model(*given)
    return list(found) if isinstance(found, (tuple, list)) else [found]  # type: ignore[list-item]


def _distance(a: Sequence[Tensor], b: Sequence[Tensor]) -> float:
    if [tensor.shape for tensor in a] != [tensor.shape for tensor in b]:
        return float("inf")
    return max(
        (float((x.double() - y.double()).abs().max()) for x, y in zip(a, b, strict=True) if x.numel()), default=0.0
    )


def _from_float64(
    model: nn.Module, given: Sequence[Tensor], expected: Sequence[Tensor], seen: Sequence[Tensor]
) -> tuple[float, float]:
    """How far the model's outputs and the program's are from those of the model in float64."""
    wide = copy.deepcopy(model).double()
    try:
        exact = outputs(wide, [tensor.double() if tensor.is_floating_point() else tensor for tensor in given])
    except RuntimeError:  # a block that makes a float32 tensor of its own: then nothing excuses the difference
        return 0.0, float("inf")
    return _distance(expected, exact), _distance(seen, exact)
