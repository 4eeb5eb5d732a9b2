"""What keeps a design from being trained, with the edit that removes it."""

from dataclasses import dataclass

from composer.core.facts import Repair


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Something that keeps a design from being trained.

    Args:
        message: one sentence.
        repair: an edit of the main graph that removes it; None if there is no obvious one.
    """

    message: str
    repair: Repair | None = None
