"""Stopwatches and memory gauges of calls within calls: what is inside a call never counts as more than the call."""

import time
from collections.abc import Callable

import torch

Found = dict[str, float]


class HostTimes:
    """Times by the processor's clock, which stands still while the meter itself works.

    Args:
        wait: returns once the device has done all that it was given; nothing to wait for on a CPU.
        clock: seconds.
    """

    def __init__(
        self, wait: Callable[[], object] = lambda: None, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self._wait, self._clock = wait, clock
        self._open: list[tuple[str, float]] = []
        self._found: Found = {}
        self._lost = 0.0

    def enter(self, name: str) -> None:
        """A call begins."""
        self._wait()
        begun = self._clock()
        self._open.append((name, begun - self._lost))
        self._lost += self._clock() - begun

    def leave(self) -> None:
        """The call that began last ends."""
        self._wait()
        ended = self._clock()
        name, start = self._open.pop()
        self._found[name] = self._found.get(name, 0.0) + (ended - self._lost - start)
        self._lost += self._clock() - ended

    def take(self) -> Found:
        """Seconds by name, calls of one name added, since the last time; no call is open."""
        found, self._found, self._lost = self._found, {}, 0.0
        return found


class CudaTimes:
    """Times on a CUDA stream, by events: nothing waits for the device between two calls, so it works as it does unmeasured.

    Args:
        device: the CUDA device.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._open: list[tuple[str, torch.cuda.Event]] = []
        self._pairs: list[tuple[str, torch.cuda.Event, torch.cuda.Event]] = []

    def _event(self) -> torch.cuda.Event:
        event = torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]
        event.record(torch.cuda.current_stream(self._device))
        return event

    def enter(self, name: str) -> None:
        """A call begins."""
        if not self._open:
            torch.cuda.synchronize(self._device)
        self._open.append((name, self._event()))

    def leave(self) -> None:
        """The call that began last ends."""
        end = self._event()
        name, begin = self._open.pop()
        self._pairs.append((name, begin, end))

    def take(self) -> Found:
        """Seconds by name, calls of one name added, since the last time; no call is open."""
        torch.cuda.synchronize(self._device)
        found: Found = {}
        for name, begin, end in self._pairs:
            found[name] = found.get(name, 0.0) + begin.elapsed_time(end) / 1000
        self._pairs = []
        return found


class PeakMemory:
    """The most that each call held at once beyond what was held when it began, from an allocator that keeps one peak alone.

    Args:
        held: bytes allocated now.
        peak: most bytes allocated at once since the last reset.
        reset: makes what is allocated now the peak.
    """

    def __init__(self, held: Callable[[], int], peak: Callable[[], int], reset: Callable[[], object]) -> None:
        self._held, self._peak, self._reset = held, peak, reset
        self._open: list[tuple[str, int, int]] = []  # name, bytes at its beginning, peak so far
        self.found: dict[str, int] = {}

    @classmethod
    def of_cuda(cls, device: torch.device) -> "PeakMemory":
        """The gauge of torch's allocator on a CUDA device."""
        return cls(
            lambda: torch.cuda.memory_allocated(device),
            lambda: torch.cuda.max_memory_allocated(device),
            lambda: torch.cuda.reset_peak_memory_stats(device),
        )

    def enter(self, name: str) -> None:
        """A call begins."""
        self._raise_to(self._peak())
        self._reset()
        held = self._held()
        self._open.append((name, held, held))

    def leave(self) -> None:
        """The call that began last ends."""
        self._raise_to(self._peak())
        self._reset()
        name, before, peak = self._open.pop()
        self.found[name] = max(self.found.get(name, 0), peak - before)
        self._raise_to(peak)

    def _raise_to(self, peak: int) -> None:
        if self._open:
            name, before, known = self._open[-1]
            self._open[-1] = (name, before, max(known, peak))
