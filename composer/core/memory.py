"""Memory of a training step, computed from facts: weights, gradients, optimizer states, activations saved for backward.

Weights are float32. SGD stores one number for each trained parameter (its momentum), AdamW two (running means of the
gradient and of its square); the step counter that AdamW stores for each tensor is left out. The framework's own memory
and workspaces of kernels are not included.
"""

from dataclasses import dataclass

from composer.core.errors import UserError
from composer.core.facts import NodeFacts, Totals
from composer.core.graph import Training
from composer.core.training_extensions import optimizers

BYTES_PER_PARAM = 4
# The optimizers whose memory is always reported.
COMPARED = ("adamw", "sgd")


def compared(training: Training) -> tuple[str, ...]:
    """Return the optimizers to report memory for: those that are always reported, and that of the design."""
    own = optimizers().get(training.optimizer.name)
    usable = own is not None and not own.problem
    return tuple(dict.fromkeys((*COMPARED, *([training.optimizer.name] if usable else []))))


@dataclass(frozen=True, slots=True)
class TrainingMemory:
    """Bytes of each part; those of the activations at the batch size of the facts."""

    weights: int
    buffers: int
    gradients: int
    optimizer: int
    activations: int

    @property
    def total(self) -> int:
        """Sum of all parts."""
        return self.weights + self.buffers + self.gradients + self.optimizer + self.activations


def frozen(facts: NodeFacts | Totals) -> int:
    """Return the number of parameters that are not trained."""
    return facts.params - facts.params_trainable


def gradient_bytes(facts: NodeFacts | Totals) -> int:
    """Return the bytes of the gradients."""
    return facts.params_trainable * BYTES_PER_PARAM


def optimizer_bytes(facts: NodeFacts | Totals, optimizer: str = "adamw") -> int:
    """Return the bytes of the states of an optimizer.

    >>> totals = Totals(params=10, params_trainable=10)
    >>> optimizer_bytes(totals, "sgd"), optimizer_bytes(totals, "adamw")
    (40, 80)

    Raises:
        UserError: if there is no such optimizer.
    """
    declaration = optimizers().get(optimizer)
    if declaration is None or declaration.problem:
        raise UserError(f"optimizer {optimizer!r} is unknown; choose one of: {', '.join(optimizers())}")
    return facts.params_trainable * BYTES_PER_PARAM * int(declaration.values["states"])


def training_memory(facts: NodeFacts | Totals, optimizer: str = "adamw") -> TrainingMemory:
    """Compute the memory of a training step at the batch size of the facts."""
    return TrainingMemory(
        weights=facts.params * BYTES_PER_PARAM,
        buffers=facts.buffers * BYTES_PER_PARAM,
        gradients=gradient_bytes(facts),
        optimizer=optimizer_bytes(facts, optimizer),
        activations=facts.activation_bytes,
    )
