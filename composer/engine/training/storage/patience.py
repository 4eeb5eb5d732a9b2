"""Waiting for a run folder that cannot be written: the disk is full, or a network share does not answer.

Hours of training must not end because somebody else filled the disk for a minute. The network, the optimizer and the
counters stay in memory meanwhile, so nothing is lost.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from composer.core.errors import UserError
from composer.core.files.run_owner import TakenOverError
from composer.engine.training.control import Control

RETRY_SECONDS = 3.0


class StoppedWaitingError(UserError):
    """The run was stopped while its folder could not be written."""


@dataclass
class Patience:
    """Repeats a write that fails until it works.

    Args:
        control: ``stop`` ends the wait; every other command repeats the write immediately.
        on_wait: receives the reason when a wait begins, and each time that it changes.
        on_recovery: called when the write has worked after all.

    Attributes:
        active: whether writes are repeated; before the first step a failure refuses the start instead.
        waited: seconds spent waiting; reset by whoever reads it.
    """

    control: Control
    on_wait: Callable[[str], None]
    on_recovery: Callable[[], None]
    active: bool = False
    waited: float = 0.0

    def persist(self, write: Callable[[], None]) -> None:
        """Run a write until it works.

        Raises:
            TakenOverError: if the run belongs to another process by now.
            StoppedWaitingError: if a command to stop arrives before it works.
            UserError: if it fails while writes are not repeated.
        """
        began, reason = time.monotonic(), ""
        while True:
            try:
                write()
                break
            except TakenOverError:
                raise
            except (UserError, OSError) as error:
                if not self.active:
                    raise
                message = str(error)
            # A run that is stopped anyway, such as by the end of its parent process, gets a second attempt, no more.
            if self.control.stop and reason:
                raise StoppedWaitingError(
                    f"stopped while nothing could be saved ({message}); --resume continues from the last checkpoint"
                )
            if message != reason:
                self.on_wait(f"{message}; training waits and tries again every {RETRY_SECONDS:g} s")
                reason = message
            self.control.wait(RETRY_SECONDS)
        if reason:
            self.waited += time.monotonic() - began
            self.on_recovery()
