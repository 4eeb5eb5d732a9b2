"""Lower bounds of the run time of nodes: the roofline of Williams, Waterman, Patterson, 2009,
doi:10.1145/1498765.1498785.

A node takes at least the time of its arithmetic at the device's peak, and at least that of the bytes that its
operations move at the device's bandwidth; the larger of the two is the estimate. Real times are longer: the estimate
does not include launches of small operations and imperfect kernels.
"""

from dataclasses import dataclass

from composer.core.device_profiles import PROFILES, DeviceProfile
from composer.core.errors import UserError
from composer.core.facts import NodeFacts, Totals

_BYTES = {"fp32": 4, "tf32": 4, "bf16": 2, "fp16": 2}


@dataclass(frozen=True, slots=True)
class Roofline:
    """The estimate of one node.

    Args:
        seconds: least time of a forward pass.
        bound: ``compute`` or ``memory``, whichever takes longer.
        flops: its FLOPs.
        moved_bytes: bytes that its operations move in the requested precision.
    """

    seconds: float
    bound: str
    flops: int
    moved_bytes: int

    @property
    def intensity(self) -> float:
        """FLOPs per byte."""
        return self.flops / self.moved_bytes if self.moved_bytes else 0.0


def intensity(facts: NodeFacts | Totals) -> float:
    """Return the arithmetic intensity in FLOPs per byte, in float32.

    >>> intensity(NodeFacts(macs=100, moved_bytes=50))
    4.0
    """
    return facts.flops / facts.moved_bytes if facts.moved_bytes else 0.0


def estimate(facts: NodeFacts, device: DeviceProfile, precision: str = "fp32") -> Roofline:
    """Estimate the least time of a node on a device.

    Args:
        facts: facts of the node, at the batch size of interest.
        device: one of `device_profiles.PROFILES`, or a measured one.
        precision: one of the device's peaks.

    Raises:
        UserError: if the device has no such precision.
    """
    if precision not in device.peaks:
        raise UserError(f"precision {precision!r}: {device.title} has {', '.join(device.peaks)}")
    moved = facts.moved_bytes * _BYTES[precision] // 4
    compute, memory = facts.flops / device.peaks[precision], moved / device.bandwidth
    return Roofline(max(compute, memory), "compute" if compute > memory else "memory", facts.flops, moved)


def ridge(device: DeviceProfile, precision: str = "fp32") -> float:
    """Return the intensity in FLOPs per byte above which the arithmetic of a device is the limit."""
    return device.peaks[precision] / device.bandwidth


def find(key: str) -> DeviceProfile:
    """Return a profile by its key.

    Raises:
        UserError: if there is none.
    """
    if key not in PROFILES:
        raise UserError(f"device {key!r} is unknown; choose one of: this, {', '.join(PROFILES)}")
    return PROFILES[key]
