"""What devices can do at best: peak arithmetic and memory bandwidth, as their makers state them. Pure data.

Peaks are without structured sparsity; ``tf32``, ``bf16`` and ``fp16`` are those of the tensor cores with sums in float32.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

TERA = 10**12
GIGA = 10**9


@dataclass(frozen=True, slots=True)
class DeviceProfile:
    """One device.

    Args:
        key: short name on the command line.
        title: full name.
        memory: bytes of its memory.
        bandwidth: bytes a second between memory and chip.
        peaks: FLOP/s by precision; ``fp32`` is always there.
        source: the document the figures come from.
    """

    key: str
    title: str
    memory: int
    bandwidth: float
    peaks: Mapping[str, float] = field(default_factory=dict)
    source: str = ""


PROFILES: dict[str, DeviceProfile] = {
    profile.key: profile
    for profile in (
        DeviceProfile(
            "a100",
            "NVIDIA A100 80GB SXM",
            80 * GIGA,
            2039 * GIGA,
            {"fp32": 19.5 * TERA, "tf32": 156 * TERA, "bf16": 312 * TERA, "fp16": 312 * TERA},
            "NVIDIA A100 Tensor Core GPU Datasheet, 2021",
        ),
        DeviceProfile(
            "h100",
            "NVIDIA H100 SXM",
            80 * GIGA,
            3350 * GIGA,
            {"fp32": 67 * TERA, "tf32": 494.7 * TERA, "bf16": 989.4 * TERA, "fp16": 989.4 * TERA},
            "NVIDIA H100 Tensor Core GPU Datasheet, 2023 (which prints twice the tensor peaks, for sparse matrices)",
        ),
        DeviceProfile(
            "h200",
            "NVIDIA H200 SXM",
            141 * GIGA,
            4800 * GIGA,
            {"fp32": 67 * TERA, "tf32": 494.7 * TERA, "bf16": 989.4 * TERA, "fp16": 989.4 * TERA},
            "NVIDIA H200 Tensor Core GPU Datasheet, 2023 (which prints twice the tensor peaks, for sparse matrices)",
        ),
        DeviceProfile(
            "rtx4090",
            "NVIDIA GeForce RTX 4090",
            24 * GIGA,
            1008 * GIGA,
            {"fp32": 82.6 * TERA, "tf32": 82.6 * TERA, "bf16": 165.2 * TERA, "fp16": 165.2 * TERA},
            "NVIDIA Ada GPU Architecture whitepaper, appendix A, 2022",
        ),
        DeviceProfile(
            "t4",
            "NVIDIA T4",
            16 * GIGA,
            320 * GIGA,
            {"fp32": 8.1 * TERA, "fp16": 65 * TERA},
            "NVIDIA T4 Tensor Core GPU Datasheet and Product Brief, 2019",
        ),
        DeviceProfile(
            "orin",
            "NVIDIA Jetson AGX Orin 64GB",
            64 * GIGA,
            204.8 * GIGA,
            {"fp32": 5.3 * TERA, "fp16": 42.5 * TERA},
            "NVIDIA Jetson AGX Orin Series Technical Brief v1.2, 2022 (fp16: a quarter of its 170 sparse INT8 TOPS)",
        ),
    )
}
