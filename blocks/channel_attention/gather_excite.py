"""Gather-Excite: context gathered from a neighbourhood of each channel gates the positions of that neighbourhood.

Hu, Shen, Albanie, Sun, Vedaldi, "Gather-Excite: Exploiting Feature Context in Convolutional Neural Networks", NeurIPS
2018, arXiv:1810.12348. theta-minus gathers by average pooling, theta by depthwise convolutions, theta-plus adds an SE
bottleneck. The last gathering convolution has no ReLU (as in timm), so that gates below one half are possible. The gate
is computed before the nearest-neighbour upsampling, which gives the same values for less work.
"""

from typing import Annotated, Literal

from torch import Tensor, nn
from torch.nn import functional as F

from blocks._shared.choices import check_choice
from blocks.spec import block


@block(
    shape="b c h w -> b c h w",
    paper=(
        "Gather-Excite: Exploiting Feature Context in Convolutional Neural Networks, Hu et al., 2018, arXiv:1810.12348"
    ),
    maps={"gate": "channel"},
    tags=("ge", "genet", "context", "gating"),
    aliases={"channels": "c", "height": "h", "width": "w"},
)
class GatherExcite(nn.Module):
    """Gate each channel by context gathered over neighbourhoods or over the whole map.

    Args:
        channels: number of input channels C.
        height: rows of the map; only theta and theta-plus with global extent are tied to it.
        width: columns of the map; only theta and theta-plus with global extent are tied to it.
        mode: theta-minus has no parameters, theta gathers by convolution, theta-plus also excites through a bottleneck.
        extent: side of a neighbourhood in pixels; 0 is the whole map.
        reduction: ratio r of the bottleneck of theta-plus; its width is C / r rounded down, at least 1.

    Shape: input (N, C, H, W), output (N, C, H, W).

    Raises:
        ValueError: if mode or extent is unknown, or the map has another size than a global gathering kernel.
    """

    def __init__(
        self,
        channels: int,
        height: int,
        width: int,
        mode: Literal["theta-minus", "theta", "theta-plus"] = "theta-plus",
        extent: Literal[0, 2, 4, 8] = 0,
        reduction: Annotated[int, (1, 64)] = 16,
    ) -> None:
        super().__init__()
        check_choice("mode", mode, "theta-minus", "theta", "theta-plus")
        if extent not in (0, 2, 4, 8):
            raise ValueError(f"extent: {extent} is not one of 0 (the whole map), 2, 4, 8")
        self.kernel = (height, width) if extent == 0 and mode != "theta-minus" else None
        self.gather = nn.Sequential()
        if mode == "theta-minus":
            pool = (
                nn.AvgPool2d(2 * extent - 1, extent, extent - 1, count_include_pad=False)
                if extent
                else nn.AdaptiveAvgPool2d(1)
            )
            self.gather.append(pool)
        elif self.kernel is not None:
            self.gather.append(nn.Conv2d(channels, channels, self.kernel, groups=channels, bias=False))
            self.gather.append(nn.BatchNorm2d(channels))
        else:
            for step in range(extent.bit_length() - 1):
                if step:
                    self.gather.append(nn.ReLU())
                self.gather.append(nn.Conv2d(channels, channels, 3, 2, 1, groups=channels, bias=False))
                self.gather.append(nn.BatchNorm2d(channels))
        self.excite: nn.Module = nn.Identity()
        if mode == "theta-plus":
            hidden = max(1, channels // reduction)
            self.excite = nn.Sequential(nn.Conv2d(channels, hidden, 1), nn.ReLU(), nn.Conv2d(hidden, channels, 1))
        self.gate = nn.Sigmoid()

    def forward(self, x: Tensor) -> Tensor:
        """Gate `x` (N, C, H, W); returns the same shape."""
        size = x.shape[2:]
        if self.kernel is not None and tuple(size) != self.kernel:
            raise ValueError(
                f"map {tuple(size)} does not have the size {self.kernel} of the gathering kernel; "
                f"theta-minus takes any size"
            )
        gate = self.gate(self.excite(self.gather(x)))
        return x * (gate if gate.shape[2:] == (1, 1) else F.interpolate(gate, size))
