"""Progress of slow work on data, such as reading a folder of images, for whoever waits for it and may cancel it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

ProgressReport = Callable[[float, str], None]
_report: ContextVar[ProgressReport | None] = ContextVar("data_progress", default=None)


@contextmanager
def progress_to(report: ProgressReport) -> Iterator[None]:
    """Send the progress of the body to a function; what it raises ends the body."""
    token = _report.set(report)
    try:
        yield
    finally:
        _report.reset(token)


def report_progress(fraction: float, message: str) -> None:
    """Report a fraction from 0 to 1 and what is being done."""
    if (report := _report.get()) is not None:
        report(fraction, message)
