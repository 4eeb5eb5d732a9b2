"""A training step of a generated model, against the same network written by hand."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from blocks.basic.layer_norm import LayerNorm
from blocks.head.token_classifier_head import TokenClassifierHead
from blocks.position.learned_position import LearnedPosition
from blocks.stems.patch_embed import PatchEmbed
from blocks.transformer.transformer_encoder_layer import TransformerEncoderLayer
from composer.engine.codegen.build import build
from tests.benchmarks import designs
from tests.benchmarks.measure import Row, compare

# Small tokens and many layers: the time goes into Python and dispatch as much as into arithmetic, so that overhead
# shows.
SIZE, PATCH, DIM, DEPTH, HEADS, BATCH = 64, 8, 192, 12, 3, 8


class HandWrittenBlocks(nn.Module):
    """The network as a person would write it from the blocks."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = PatchEmbed(3, DIM, PATCH)
        self.position = LearnedPosition((SIZE // PATCH) ** 2, DIM)
        self.layers = nn.Sequential(*[TransformerEncoderLayer(DIM, HEADS) for _ in range(DEPTH)])
        self.norm = LayerNorm(DIM)
        self.head = TokenClassifierHead(DIM, 1000)

    def forward(self, image: Tensor) -> Tensor:
        return self.head(self.norm(self.layers(self.position(self.patches(image)))))


class PlainLayer(nn.Module):
    """A transformer layer from torch alone."""

    def __init__(self) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(DIM), nn.LayerNorm(DIM)
        self.qkv, self.proj = nn.Linear(DIM, 3 * DIM), nn.Linear(DIM, DIM)
        self.mlp = nn.Sequential(nn.Linear(DIM, 4 * DIM), nn.GELU(), nn.Linear(4 * DIM, DIM))

    def forward(self, x: Tensor) -> Tensor:
        batch, tokens, dim = x.shape
        q, k, v = self.qkv(self.norm1(x)).reshape(batch, tokens, 3, HEADS, dim // HEADS).permute(2, 0, 3, 1, 4)
        x = x + self.proj(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(batch, tokens, dim))
        return x + self.mlp(self.norm2(x))


class Plain(nn.Module):
    """The network from torch alone."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, DIM, PATCH, PATCH)
        self.position = nn.Parameter(torch.zeros(1, (SIZE // PATCH) ** 2, DIM))
        self.layers = nn.Sequential(*[PlainLayer() for _ in range(DEPTH)])
        self.norm = nn.LayerNorm(DIM)
        self.head = nn.Linear(DIM, 1000)

    def forward(self, image: Tensor) -> Tensor:
        x = self.patches(image).flatten(2).transpose(1, 2) + self.position
        return self.head(self.norm(self.layers(x)).mean(1))


def step(model: nn.Module, images: Tensor) -> Callable[[], None]:
    def run() -> None:
        model.zero_grad(set_to_none=True)
        model(images).sum().backward()

    return run


def run() -> list[Row]:
    """Forward and backward of a small ViT; forward alone against the hand-written blocks too."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        torch.manual_seed(0)
        images = torch.randn(BATCH, 3, SIZE, SIZE)
        generated = build(designs.vit("vit", size=SIZE, patch=PATCH, dim=DIM, depth=DEPTH, heads=HEADS))
        by_hand, plain = HandWrittenBlocks(), Plain()
        ours = step(generated, images)
        rows = [
            compare(
                "generated step / hand-written blocks", ours, step(by_hand, images), rounds=25, warm=3, target=1.02
            ),
            compare("generated step / torch alone", ours, step(plain, images), rounds=25, warm=3, target=1.02),
        ]
        with torch.no_grad():
            forward = compare(
                "generated forward / hand-written blocks",
                lambda: generated(images),
                lambda: by_hand(images),
                rounds=25,
                warm=3,
                target=1.02,
            )
        return [*rows, forward, *published(images, ours)]
    finally:
        torch.set_num_threads(threads)


def published(images: Tensor, ours: Callable[[], None]) -> list[Row]:
    """The same network from the packages that most people use, where they are installed."""
    rows = []
    try:
        from timm.models.vision_transformer import VisionTransformer

        model = VisionTransformer(
            SIZE,
            PATCH,
            embed_dim=DIM,
            depth=DEPTH,
            num_heads=HEADS,
            class_token=False,
            global_pool="avg",
            fc_norm=False,
        )
        rows.append(compare("generated step / timm", ours, step(model, images), rounds=15, warm=2))
    except (ImportError, RuntimeError):  # a torchvision built for another torch raises RuntimeError
        pass
    try:
        from vit_pytorch import ViT

        model = ViT(
            image_size=SIZE,
            patch_size=PATCH,
            num_classes=1000,
            dim=DIM,
            depth=DEPTH,
            heads=HEADS,
            mlp_dim=4 * DIM,
            pool="mean",
        )
        rows.append(compare("generated step / vit-pytorch", ours, step(model, images), rounds=15, warm=2))
    except (ImportError, RuntimeError):
        pass
    return rows
