"""How a worker process ended, in words."""

import signal
from dataclasses import dataclass

CAUSES = {
    "SIGKILL": "killed by force, as the system does when memory runs out",
    "SIGTERM": "asked to end by another program",
    "SIGINT": "interrupted",
    "SIGSEGV": "crashed by an invalid memory access",
    "SIGABRT": "aborted by one of its libraries",
    "SIGBUS": "crashed by an invalid memory access, as with a full disk or shared memory",
    "SIGFPE": "crashed by an arithmetic error",
    "SIGILL": "crashed by an instruction that this CPU does not have",
}


@dataclass(frozen=True, slots=True)
class ProcessOutcome:
    """The end of a process.

    Args:
        code: its exit code; the number of the signal if one ended it.
        crashed: whether a signal ended it.
        started: whether it could be started at all.
        last_line: the last line that it wrote to stderr.
    """

    code: int = 0
    crashed: bool = False
    started: bool = True
    last_line: str = ""

    @property
    def successful(self) -> bool:
        """Whether it ended by itself without an error."""
        return self.started and not self.crashed and self.code == 0

    def describe(self, name: str) -> str:
        """Return one clause that says why the process ended.

        Args:
            name: what the process is called, such as "the training".
        """
        if not self.started:
            return f"{name} could not be started"
        if self.crashed:
            signal_name = _signal_name(self.code)
            cause = CAUSES.get(signal_name)
            text = f"{name} was {cause} ({signal_name})" if cause else f"{name} was ended by {signal_name}"
            return f"{text}: {self.last_line}" if self.last_line else text
        return self.last_line or f"{name} ended with exit code {self.code}"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # Windows reports exit codes of crashes, which are no signals
        return f"signal {number}"
