"""What devices can do at best: peak arithmetic and memory bandwidth, as their makers state them. Pure data.

Peaks are without structured sparsity; ``tf32``, ``bf16`` and ``fp16`` are those of the tensor cores with sums in
float32. A precision is listed only if the source states its peak, or one from which it follows by a ratio that is
stated here.
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
        source: the document the figures come from, and what in it has to be read with care.
        url: where it is published; empty for a profile measured here.
    """

    key: str
    title: str
    memory: int
    bandwidth: float
    peaks: Mapping[str, float] = field(default_factory=dict)
    source: str = ""
    url: str = ""


# One chip, GH100 with 132 multiprocessors. With the figure after the point that its datasheets leave out: NVIDIA H100
# Tensor Core GPU Architecture whitepaper v1.04, tables 1 and 3.
_HOPPER = {"fp32": 66.9 * TERA, "tf32": 494.7 * TERA, "bf16": 989.4 * TERA, "fp16": 989.4 * TERA}

PROFILES: dict[str, DeviceProfile] = {
    profile.key: profile
    for profile in (
        DeviceProfile(
            "a100",
            "NVIDIA A100 80GB SXM",
            80 * GIGA,
            2039 * GIGA,
            {"fp32": 19.5 * TERA, "tf32": 156 * TERA, "bf16": 312 * TERA, "fp16": 312 * TERA},
            "NVIDIA A100 Tensor Core GPU Datasheet, 2188504, May 2022",
            "https://www.nvidia.com/content/dam/en-zz/Solutions/Data-Center/a100/pdf/nvidia-a100-datasheet-nvidia-us-2188504-web.pdf",
        ),
        DeviceProfile(
            "h100",
            "NVIDIA H100 SXM",
            80 * GIGA,
            3350 * GIGA,
            _HOPPER,
            "NVIDIA H100 Tensor Core GPU Datasheet, 2023 (which prints twice the tensor peaks, for sparse matrices)",
            "https://resources.nvidia.com/en-us-hopper-architecture/nvidia-h100-datasheet",
        ),
        DeviceProfile(
            "h200",
            "NVIDIA H200 SXM",
            141 * GIGA,
            4800 * GIGA,
            _HOPPER,
            "NVIDIA H200 Tensor Core GPU Datasheet, 3367400, July 2024 (which prints twice the tensor peaks, for sparse"
            " matrices)",
            "https://resources.nvidia.com/en-us-data-center-overview-mc/en-us-data-center-overview/hpc-datasheet-sc23-h200",
        ),
        DeviceProfile(
            "rtx4090",
            "NVIDIA GeForce RTX 4090",
            24 * GIGA,
            1008 * GIGA,
            {"fp32": 82.6 * TERA, "tf32": 82.6 * TERA, "bf16": 165.2 * TERA, "fp16": 165.2 * TERA},
            "NVIDIA Ada GPU Architecture whitepaper v2, appendix A, 2022",
            "https://images.nvidia.com/aem-dam/Solutions/geforce/ada/nvidia-ada-gpu-architecture.pdf",
        ),
        DeviceProfile(
            "t4",
            "NVIDIA T4",
            16 * GIGA,
            320 * GIGA,
            {"fp32": 8.1 * TERA, "fp16": 65 * TERA},
            "NVIDIA T4 product page (320+ GB/s, as 256 bits at 10 Gbit/s give; its datasheet of 2019 prints 300)",
            "https://www.nvidia.com/en-us/data-center/tesla-t4/",
        ),
        DeviceProfile(
            "orin",
            "NVIDIA Jetson AGX Orin 64GB",
            64 * GIGA,
            204.8 * GIGA,
            {"fp32": 5.32 * TERA, "fp16": 42.5 * TERA},
            "NVIDIA Jetson AGX Orin Series Technical Brief v1.2, 2022, and Data Sheet DS-10662-001 v1.6"
            " (fp16: half of its 85 TFLOPS, which like its 170 INT8 TOPS are for sparse matrices)",
            "https://www.nvidia.com/content/dam/en-zz/Solutions/gtcf21/jetson-orin/nvidia-jetson-agx-orin-technical-brief.pdf",
        ),
    )
}
