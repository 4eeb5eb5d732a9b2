"""The result of comparing a written file with the drawn network."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Proof:
    """Result of comparing a written file with the drawn network; every export target that can be proved returns one.

    Attributes:
        keys_match: whether the file holds exactly the weights of the drawn network, by name.
        params: number of parameters in the file; None if they cannot be counted there.
        params_expected: number of parameters that inference counted.
        differences: largest absolute difference of each compared quantity, by its name in the message,
            such as ``forward (eval)``; infinite where a shape differs or a value is not a number.
        design: hash of the design.
        torch: version of torch.
        tolerances: largest accepted difference of each quantity; those without one must be equal.
        scope: what is proved: the code, the code with these weights, or that they were trained in this network too.
        trained_here: whether the weights were trained in this network; None if they are fresh.
    """

    keys_match: bool
    params: int | None
    params_expected: int
    differences: Mapping[str, float]
    design: str
    torch: str
    tolerances: Mapping[str, float] = field(default_factory=dict)
    scope: str = ""
    trained_here: bool | None = None

    @property
    def ok(self) -> bool:
        """Whether weights, counts and every compared number agree."""
        equal = all(value <= self.tolerances.get(name, 0.0) for name, value in self.differences.items())
        return self.keys_match and self.params in (None, self.params_expected) and equal

    @property
    def message(self) -> str:
        """The result in one line."""
        verdict = "verified" if self.ok else "NOT EQUAL"
        keys = "keys match" if self.keys_match else "KEYS DIFFER"
        numbers = ", ".join(f"{name} {difference:g}" for name, difference in self.differences.items())
        count = f", {self.params:,} parameters" if self.params is not None else ""
        return f"{verdict}: {keys}{count}, max |diff| {numbers}" + (f"; {self.scope}" if self.scope and self.ok else "")

    def to_json(self) -> dict[str, Any]:
        """Return plain values, the verdict and the message included."""
        return {**asdict(self), "ok": self.ok, "message": self.message}
