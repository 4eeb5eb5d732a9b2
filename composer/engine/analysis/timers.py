"""Timers and memory gauges of nested calls: the calls inside a call never add up to more than that call."""

import time
from collections.abc import Callable

import torch

Seconds = dict[str, float]


class HostTimes:
    """Measures by the processor's clock, without the time that measuring itself takes.

    Args:
        wait: returns once the device has finished its work; does nothing on a CPU.
        clock: returns seconds.
    """

    def __init__(
        self, wait: Callable[[], object] = lambda: None, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self._wait, self._clock = wait, clock
        self._open: list[tuple[str, float]] = []
        self._seconds: Seconds = {}
        self._lost = 0.0

    def enter(self, name: str) -> None:
        """Start timing a call."""
        self._wait()
        started = self._clock()
        self._open.append((name, started - self._lost))
        self._lost += self._clock() - started

    def leave(self) -> None:
        """End the innermost call."""
        self._wait()
        ended = self._clock()
        name, start = self._open.pop()
        self._seconds[name] = self._seconds.get(name, 0.0) + (ended - self._lost - start)
        self._lost += self._clock() - ended

    def take(self) -> Seconds:
        """Return the seconds of each name since the last time, summed over its calls; no call may be open."""
        seconds, self._seconds, self._lost = self._seconds, {}, 0.0
        return seconds


class CudaTimes:
    """Measures on a CUDA stream by events: nothing waits for the device between calls, so measuring does not slow it.

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
        """Start timing a call."""
        if not self._open:
            torch.cuda.synchronize(self._device)
        self._open.append((name, self._event()))

    def leave(self) -> None:
        """End the innermost call."""
        end = self._event()
        name, start = self._open.pop()
        self._pairs.append((name, start, end))

    def take(self) -> Seconds:
        """Return the seconds of each name since the last time, summed over its calls; no call may be open."""
        torch.cuda.synchronize(self._device)
        seconds: Seconds = {}
        for name, start, end in self._pairs:
            seconds[name] = seconds.get(name, 0.0) + start.elapsed_time(end) / 1000
        self._pairs = []
        return seconds


class PeakMemory:
    """Measures the peak memory of each call beyond the memory at its start; the allocator records a single peak.

    Args:
        held: returns the bytes allocated now.
        peak: returns the most bytes allocated at once since the last reset.
        reset: sets the peak to the bytes allocated now.

    Attributes:
        peaks: bytes by name, the largest of its calls.
    """

    def __init__(self, held: Callable[[], int], peak: Callable[[], int], reset: Callable[[], object]) -> None:
        self._held, self._peak, self._reset = held, peak, reset
        self._open: list[tuple[str, int, int]] = []  # name, bytes at the start, peak so far
        self.peaks: dict[str, int] = {}

    @classmethod
    def of_cuda(cls, device: torch.device) -> "PeakMemory":
        """Measure torch's allocator on a CUDA device."""
        return cls(
            lambda: torch.cuda.memory_allocated(device),
            lambda: torch.cuda.max_memory_allocated(device),
            lambda: torch.cuda.reset_peak_memory_stats(device),
        )

    def enter(self, name: str) -> None:
        """Start timing a call."""
        self._raise_to(self._peak())
        self._reset()
        held = self._held()
        self._open.append((name, held, held))

    def leave(self) -> None:
        """End the innermost call."""
        self._raise_to(self._peak())
        self._reset()
        name, before, peak = self._open.pop()
        self.peaks[name] = max(self.peaks.get(name, 0), peak - before)
        self._raise_to(peak)

    def _raise_to(self, peak: int) -> None:
        if self._open:
            name, before, so_far = self._open[-1]
            self._open[-1] = (name, before, max(so_far, peak))
