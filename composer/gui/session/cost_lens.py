"""Through what costs are seen: which of them colours the cards, the device of the estimate, the times that were measured."""

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QObject, Signal

from composer.core import roofline, units
from composer.core.device_profiles import DeviceProfile
from composer.core.diff import Diff
from composer.core.facts import NodeFacts

HEATS = {
    "": "No heat map",
    "params": "Parameters",
    "macs": "MACs",
    "activation_bytes": "Activation memory",
    "estimated": "Roofline time",
    "measured": "Measured time",
}


class CostLens(QObject):
    """What the costs panel and the canvas share; times are in seconds."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.heat = ""
        self.device: DeviceProfile | None = None
        self.precision = "fp32"
        self.measured: dict[str, float] = {}  # by path from the main graph inwards: stage_1/conv
        self.peaks: dict[str, int] = {}  # bytes by path, where the device can say
        self.measured_whole = 0.0
        self.measured_overhead = 0.0  # how much longer a pass took while its nodes were measured
        self.measured_where = ""

    def available(self, heat: str) -> bool:
        """Whether there are numbers for a heat map."""
        return not (heat == "estimated" and self.device is None) and not (heat == "measured" and not self.measured)

    def set_heat(self, heat: str) -> None:
        """Colour the cards by one of `HEATS`."""
        if heat != self.heat:
            self.heat = heat
            self.changed.emit()

    def set_device(self, device: DeviceProfile | None, precision: str = "fp32") -> None:
        """Estimate times for a device; a precision that it does not have becomes ``fp32``."""
        self.device = device
        self.precision = precision if device is not None and precision in device.peaks else "fp32"
        self._settle()

    def set_measured(self, answer: Mapping[str, Any] | None) -> None:
        """Take over what a measurement found; None forgets it."""
        nodes = answer["nodes"] if answer is not None else ()
        self.measured = {node["id"]: node["milliseconds"] / 1000 for node in nodes}
        self.peaks = {node["id"]: node["peak_bytes"] for node in nodes if node.get("peak_bytes") is not None}
        self.measured_whole = answer["milliseconds"] / 1000 if answer is not None else 0.0
        self.measured_overhead = answer["overhead"] / 1000 if answer is not None else 0.0
        self.measured_where = f"{answer['device']}, batch {answer['batch']}" if answer is not None else ""
        self._settle()

    def on_design(self, change: Diff, _initiator: object) -> None:
        """Forget times of a network that is no more."""
        if change.structural and self.measured:
            self.set_measured(None)

    def estimate(self, facts: NodeFacts) -> roofline.Roofline | None:
        """Least time of a node on the chosen device; None without one."""
        return roofline.estimate(facts, self.device, self.precision) if self.device is not None and facts.ok else None

    def value(self, cost: str, id: str, facts: NodeFacts | None, instance_path: Sequence[str] = ()) -> float | None:
        """One cost of a node.

        Args:
            cost: a key of `HEATS`.
            id: the node.
            facts: what is known of it.
            instance_path: ids from the main graph to the sub-graph it stands in; times are measured for each use of a sub-graph.

        Returns:
            A number as `written` takes it, None where it is not known.
        """
        if facts is None or not facts.ok:
            return None
        if cost == "measured":
            return self.measured.get("/".join((*instance_path, id)))
        if cost == "estimated":
            found = self.estimate(facts)
            return found.seconds if found is not None else None
        return float(getattr(facts, cost))

    def _settle(self) -> None:
        if not self.available(self.heat):
            self.heat = ""
        self.changed.emit()


def written(cost: str, value: float) -> str:
    """A cost as people write it."""
    if cost in ("estimated", "measured"):
        return units.short_time(value)
    return units.memory(value) if cost.endswith("_bytes") else units.count(value)
