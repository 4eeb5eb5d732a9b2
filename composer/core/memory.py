"""Memory of a training step, worked out from facts: weights, gradients, what the optimizer keeps, what is saved for backward.

Weights are float32. SGD keeps one number a trained parameter (its momentum), AdamW two (running means of the gradient and of its
square); what AdamW keeps a tensor (its step) is left out. The framework's own memory and workspaces of kernels are not in it.
"""

from dataclasses import dataclass

from composer.core.errors import UserError
from composer.core.facts import NodeFacts, Totals
from composer.core.training_settings import OPTIMIZERS

BYTES_PER_PARAM = 4


@dataclass(frozen=True, slots=True)
class TrainingMemory:
    """Bytes of each part; `activations` are those at the batch of the facts."""

    weights: int
    buffers: int
    gradients: int
    optimizer: int
    activations: int

    @property
    def total(self) -> int:
        """All of it."""
        return self.weights + self.buffers + self.gradients + self.optimizer + self.activations


def frozen(facts: NodeFacts | Totals) -> int:
    """Number of parameters that are not trained."""
    return facts.params - facts.params_trainable


def gradient_bytes(facts: NodeFacts | Totals) -> int:
    """Bytes of the gradients of the trained parameters."""
    return facts.params_trainable * BYTES_PER_PARAM


def optimizer_bytes(facts: NodeFacts | Totals, optimizer: str = "adamw") -> int:
    """Bytes that an optimizer keeps: ``sgd`` (with momentum) or ``adamw``.

    >>> optimizer_bytes(Totals(params=10, params_trainable=10), "sgd"), optimizer_bytes(Totals(params=10, params_trainable=10), "adamw")
    (40, 80)

    Raises:
        UserError: if the optimizer is neither.
    """
    if optimizer not in OPTIMIZERS:
        raise UserError(f"optimizer {optimizer!r} is unknown; choose one of: {', '.join(OPTIMIZERS)}")
    return facts.params_trainable * BYTES_PER_PARAM * OPTIMIZERS[optimizer].states


def training_memory(facts: NodeFacts | Totals, optimizer: str = "adamw") -> TrainingMemory:
    """Memory of a training step at the batch of the facts."""
    return TrainingMemory(
        weights=facts.params * BYTES_PER_PARAM,
        buffers=facts.buffers * BYTES_PER_PARAM,
        gradients=gradient_bytes(facts),
        optimizer=optimizer_bytes(facts, optimizer),
        activations=facts.activation_bytes,
    )
