"""What colours the cards: a cost, estimated or measured, or the health of a training."""

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QObject, Signal

from composer.core import roofline, units
from composer.core.device_profiles import DeviceProfile
from composer.core.diff import Diff
from composer.core.facts import NodeFacts
from composer.core.node_health import NodeHealth
from composer.core.run_records import HEALTH

COSTS = {
    "params": "Parameters",
    "macs": "MACs",
    "activation_bytes": "Activation memory",
    "estimated": "Roofline time",
    "measured": "Measured time",
}
HEATS = {"": "No heat map", **COSTS, **{name: metric.title for name, metric in HEALTH.items()}}
# How to get the values of a heat map that has none.
HOW_TO_ENABLE = {
    "estimated": "Choose a device under Time",
    "measured": "Measure under Time",
    **dict.fromkeys(HEALTH, "Train the network; the values arrive after each epoch"),
}


class CostLens(QObject):
    """The display of costs and health that the costs panel and the canvas share.

    Args:
        parent: Qt parent.

    Attributes:
        heat: what colours the cards, a key of `HEATS`; empty for nothing.
        device: the device of the roofline estimate; None for no estimate.
        precision: the precision of the estimate.
        measured: measured times in seconds, by path from the main graph inwards, such as ``stage_1/conv``.
        peaks: peak memory in bytes, by path, where the device reports it.
        measured_whole: measured time of the whole pass, in seconds.
        measured_overhead: how much longer a pass took because its nodes were measured, in seconds.
        measured_where: device and batch size of the measurement.
        health: the health of the nodes in the latest training of the network; None for none.
        health_epoch: the epoch that it is of.

    Signals:
        changed: any of the attributes.
    """

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.heat = ""
        self.device: DeviceProfile | None = None
        self.precision = "fp32"
        self.measured: dict[str, float] = {}
        self.peaks: dict[str, int] = {}
        self.measured_whole = 0.0
        self.measured_overhead = 0.0
        self.measured_where = ""
        self.health: NodeHealth | None = None
        self.health_epoch = 0

    @property
    def title(self) -> str:
        """What the colours mean."""
        return f"{HEATS[self.heat]}, epoch {self.health_epoch}" if self.heat in HEALTH else HEATS[self.heat]

    def available(self, heat: str) -> bool:
        """Whether there are values for a heat map."""
        if heat in HEALTH:
            return self.health is not None and heat in self.health.names
        return not (heat == "estimated" and self.device is None) and not (heat == "measured" and not self.measured)

    def set_heat(self, heat: str) -> None:
        """Colour the cards by a key of `HEATS`."""
        if heat != self.heat:
            self.heat = heat
            self.changed.emit()

    def set_device(self, device: DeviceProfile | None, precision: str = "fp32") -> None:
        """Estimate times for a device; a precision that it lacks becomes ``fp32``."""
        self.device = device
        self.precision = precision if device is not None and precision in device.peaks else "fp32"
        self._apply()

    def set_measured(self, reply: Mapping[str, Any] | None) -> None:
        """Set the result of a measurement; None clears it."""
        nodes = reply["nodes"] if reply is not None else ()
        self.measured = {node["id"]: node["milliseconds"] / 1000 for node in nodes}
        self.peaks = {node["id"]: node["peak_bytes"] for node in nodes if node.get("peak_bytes") is not None}
        self.measured_whole = reply["milliseconds"] / 1000 if reply is not None else 0.0
        self.measured_overhead = reply["overhead"] / 1000 if reply is not None else 0.0
        self.measured_where = f"{reply['device']}, batch {reply['batch']}" if reply is not None else ""
        self._apply()

    def set_health(self, health: NodeHealth | None, epoch: int) -> None:
        """Set the health of the nodes after an epoch; None clears it."""
        self.health, self.health_epoch = health, epoch
        self._apply()

    def on_design(self, change: Diff, _initiator: object) -> None:
        """Clear the measured times when the network changes."""
        if change.structural and self.measured:
            self.set_measured(None)

    def estimate(self, facts: NodeFacts) -> roofline.Roofline | None:
        """Return the roofline estimate of a node on the selected device; None without a device."""
        return roofline.estimate(facts, self.device, self.precision) if self.device is not None and facts.ok else None

    def value(self, cost: str, id: str, facts: NodeFacts | None, instance_path: Sequence[str] = ()) -> float | None:
        """Return one cost of a node, or one value of its health.

        Args:
            cost: a key of `HEATS`.
            id: the node.
            facts: its facts, if there are any.
            instance_path: ids from the main graph to its graph; times are measured for each instance of a sub-graph.

        Returns:
            The value, as `format_cost` takes it; None if it is unknown.
        """
        if cost in HEALTH:
            return self.health.value((*instance_path, id), cost) if self.health is not None else None
        if facts is None or not facts.ok:
            return None
        if cost == "measured":
            return self.measured.get("/".join((*instance_path, id)))
        if cost == "estimated":
            estimate = self.estimate(facts)
            return estimate.seconds if estimate is not None else None
        return float(getattr(facts, cost))

    def _apply(self) -> None:
        if not self.available(self.heat):
            self.heat = ""
        self.changed.emit()


def format_cost(cost: str, value: float) -> str:
    """Return a cost or a value of health as text, with its unit."""
    if cost in HEALTH:
        return HEALTH[cost].write(value)
    if cost in ("estimated", "measured"):
        return units.short_time(value)
    return units.memory(value) if cost.endswith("_bytes") else units.count(value)


def scale_of(cost: str) -> str:
    """Return the kind of scale that shows a cost or a value of health: ``linear``, ``share`` or ``log``."""
    if cost not in HEALTH:
        return "linear"
    # Gradient norms of the nodes of one network differ by powers of ten.
    return "share" if HEALTH[cost].unit == "%" else "log"
