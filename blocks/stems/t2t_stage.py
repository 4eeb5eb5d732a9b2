"""One stage of tokens-to-token: neighbouring positions are unfolded into one token, then the tokens attend to each
other.

Yuan et al., "Tokens-to-Token ViT: Training Vision Transformers from Scratch on ImageNet", ICCV 2021, arXiv:2101.11986.
token_dim=64 is the paper's T2T transformer: queries, keys and values of that width, and the skip connection carries the
values, as the widths of input and output differ. Empty token_dim is vit-pytorch 1.26: the tokens keep the unfolded
width, the skip connection carries them, no output projection, a last layer norm.
The paper's final unfold and projection is a strided convolution (OverlapPatchEmbed, kernel 3, stride 2, no norm).
"""

from typing import Annotated

from torch import Tensor, nn
from torch.nn import functional as F

from blocks._shared.choices import check_positive
from blocks._shared.scaled_dot_product import attend
from blocks.spec import block
from blocks.transformer.mlp import Mlp


@block(
    shape="b c h w -> b token_dim (h+2*(stride//2)-kernel_size)//stride+1 (w+2*(stride//2)-kernel_size)//stride+1",
    tokens={"queries": "grid", "keys": "grid"},
    paper=(
        "Tokens-to-Token ViT: Training Vision Transformers from Scratch on ImageNet, Yuan et al., 2021, "
        "arXiv:2101.11986"
    ),
    maps={"softmax": "token_pairs"},
    tags=("t2t", "tokens to token", "soft split", "unfold"),
    aliases={"channels": "c"},
)
class T2TStage(nn.Module):
    """Unfold overlapping patches into tokens, let them attend to each other, and reshape them to a map.

    Args:
        channels: number of input channels.
        kernel_size: side of a patch.
        stride: distance between patches; the padding is half of it.
        token_dim: output width; empty: the unfolded width C * kernel_size ** 2.
        mlp_ratio: ratio of the hidden width of the MLP to the token width.
        norm_eps: term under the root of the layer norms.

    Shape: input (N, C, H, W), output (N, token_dim, H', W') with H' = floor((H + 2 * (stride // 2) - kernel_size) /
    stride) + 1.

    Raises:
        ValueError: if token_dim is not positive or the map is smaller than one patch.
    """

    def __init__(
        self,
        channels: int,
        kernel_size: Annotated[int, (1, 32)] = 3,
        stride: Annotated[int, (1, 32)] = 2,
        token_dim: int | None = 64,
        mlp_ratio: Annotated[float, (0.25, 16)] = 1.0,
        norm_eps: Annotated[float, (0.0, 1.0)] = 1e-5,
    ) -> None:
        super().__init__()
        self.kernel_size, self.stride = kernel_size, stride
        width = channels * kernel_size**2
        dim = width if token_dim is None else token_dim
        check_positive(token_dim=dim)
        self.keep_width = token_dim is None
        self.norm1 = nn.LayerNorm(width, eps=norm_eps)
        self.qkv = nn.Linear(width, 3 * dim, bias=False)
        self.proj = nn.Identity() if self.keep_width else nn.Linear(dim, dim)
        self.norm2 = nn.LayerNorm(dim, eps=norm_eps)
        self.mlp = Mlp(dim, mlp_ratio)
        self.norm3 = nn.LayerNorm(dim, eps=norm_eps) if self.keep_width else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """Transform `x` (N, C, H, W); returns (N, token_dim, H', W')."""
        padding = self.stride // 2
        height, width = ((size + 2 * padding - self.kernel_size) // self.stride + 1 for size in x.shape[2:])
        if height < 1 or width < 1:
            raise ValueError(
                f"map {tuple(x.shape[2:])} is smaller than a patch of kernel_size {self.kernel_size} "
                f"with padding {padding}"
            )
        tokens = F.unfold(x, self.kernel_size, padding=padding, stride=self.stride).transpose(1, 2)
        query, key, value = self.qkv(self.norm1(tokens)).unsqueeze(1).chunk(3, dim=-1)
        attended = attend(query, key, value).squeeze(1)
        # The sum has the memory layout of its first term, and the unfolded tokens are stored channel by channel.
        tokens = self.proj(attended) + (tokens if self.keep_width else value.squeeze(1))
        tokens = self.norm3(tokens + self.mlp(self.norm2(tokens)))
        return tokens.transpose(1, 2).unflatten(2, (height, width))
