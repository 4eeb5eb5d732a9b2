"""A block, its counterpart, and the conversions between the two."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

TOKENS, IMAGE = (8, 196, 192), (4, 3, 112, 112)
MAP, WINDOWED = (8, 64, 28, 28), (4, 96, 28, 28)


@dataclass(frozen=True)
class Pair:
    """A block and its counterpart.

    Args:
        block: name of the block; several joined by " + " are measured together.
        ours: arguments of the block, or of each.
        theirs: where the counterpart is ("package.module:Class"), or "package:name" of
            tests.benchmarks.pairs.counterparts.
        arguments: of the counterpart.
        shapes: of our inputs, or of the only one.
        order: our parameters in the order of theirs, if it differs. `a+b`: theirs holds both, one after the other;
            `a*3`: the next three of theirs make it up; `a=b`: theirs is both.
        rearrange: what turns the parameter of theirs into that of ours, by our name.
        without: parts of theirs that are left out, ours having none.
        prepare: a last change of theirs, before parameters are copied.
        join: how several of our blocks become one module.
        turn: what makes our input theirs.
        result: what makes our output theirs; None: the same as `turn`, for maps.
        call: how theirs is called.
        contiguous: our map is stored channel by channel although theirs is not: batch norm is slow on the other layout.
        training: results are compared in training, both drawing the same random numbers.
        note: what else a reader of the row should know.
        label: distinguishes two pairs of one block.
    """

    block: str
    ours: dict[str, Any] | tuple[dict[str, Any], ...]
    theirs: str
    arguments: dict[str, Any]
    shapes: tuple[Any, ...]
    order: str = ""
    rearrange: dict[str, Callable[[Tensor], Tensor]] | None = None
    without: tuple[str, ...] = ()
    prepare: Callable[[nn.Module], None] | None = None
    join: Callable[..., nn.Module] = nn.Sequential
    turn: Callable[[Tensor], Tensor] | None = None
    result: Callable[[Tensor], Tensor] | None = None
    call: Callable[..., Any] = nn.Module.__call__
    contiguous: bool = False
    training: bool = False
    note: str = ""
    label: str = ""

    @property
    def blocks(self) -> list[str]:
        """Return the names of the measured blocks."""
        return self.block.split(" + ")

    @property
    def inputs(self) -> tuple[tuple[int, ...], ...]:
        """Return the shape of each input."""
        return self.shapes if isinstance(self.shapes[0], tuple) else (self.shapes,)


def sized(module: nn.Module, x: Tensor) -> Tensor:
    """Call a module that takes tokens and the size of their square map."""
    side = round(x.shape[1] ** 0.5)
    output = module(x, (side, side))
    return output[0] if isinstance(output, tuple) else output


def positions(module: Any, x: Tensor) -> Tensor:
    """Run what timm's vision transformers do between their patches and their layers."""
    return module._pos_embed(x)


def channels_last(x: Tensor) -> Tensor:
    """A map (N, C, H, W) as (N, H, W, C)."""
    return x.permute(0, 2, 3, 1).contiguous()


def tokens(x: Tensor) -> Tensor:
    """A map as the sequence of its positions."""
    return x.flatten(2).transpose(1, 2).contiguous()


def grid(x: Tensor) -> Tensor:
    """Return a sequence as the square map that it was flattened from, without a copy."""
    side = round(x.shape[1] ** 0.5)
    return x.transpose(1, 2).unflatten(2, (side, side))


def words(layers: str) -> str:
    """Weight and bias of each layer."""
    return " ".join(
        "+".join(f"{part}.{kind}" for part in layer.split("+"))
        for layer in layers.split()
        for kind in ("weight", "bias")
    )
