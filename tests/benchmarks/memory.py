"""Peak memory of a piece of code in its own process."""

import sys
from pathlib import Path
from types import TracebackType


class Peak:
    """Measure how much the resident memory of this process rises inside a `with` block, in `megabytes`."""

    megabytes = 0.0

    def __enter__(self) -> "Peak":
        if sys.platform == "linux":
            Path("/proc/self/clear_refs").write_text(
                "5"
            )  # forgets the peak so far, so that imports before do not hide ours
        self.before = resident()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.megabytes = max(0.0, peak() - self.before)


def _status(key: str) -> float:
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(key))
    return int(line.split()[1]) / 1024


def peak() -> float:
    """Return the largest resident memory so far, in MB."""
    if sys.platform == "linux":
        return _status("VmHWM:")
    import resource

    scale = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / scale


def resident() -> float:
    """Return the current resident memory in MB; on other systems than Linux the largest so far."""
    return _status("VmRSS:") if sys.platform == "linux" else peak()
