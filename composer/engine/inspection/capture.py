"""Capture: one forward pass that brings back every attention map, gate and choice, whatever block made it.

Attention is found without the blocks' help: scaled_dot_product_attention is forced into its math form, and a dispatch mode sees
every softmax. Which module is at work is known from a stack that hooks keep; the first part of its path is the node. What is no
softmax (gates, branch weights, segment choices) is declared by the blocks as submodule outputs and taken there. Weights that a block
never holds as a whole (linear attention) are a method of the block, called only here with what its forward was given.
"""

import inspect
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils._python_dispatch import TorchDispatchMode

from composer.core.blocks.block_file import BlockSpec
from composer.core.blocks.catalog import Catalog

MAP_BYTES = 64 * 2**20  # of one map; larger ones are averaged over heads, then thinned out
TOTAL_BYTES = 512 * 2**20
COMPUTED_BYTES = (
    2**30
)  # of a map that a method of the block makes; beyond it queries are left out before they are computed
MAX_PREFIX = 8  # class, distillation and register tokens in front of the patches
SOFTMAX = "softmax"
PAIRS = ("token_pairs", "signed_pairs")
WINDOWED = ("windows", "grid")

Grid = tuple[int, int]


@dataclass(frozen=True)
class CapturedMap:
    """A map as the block made it.

    Args:
        node: id of the node of the main graph.
        layer: path of the module that declared the map.
        name: the softmax, or the submodule or method within the layer.
        call: how many maps of this name the layer had given before in the same pass.
        kind: token_pairs, windows, grid, channel, channel_pairs, spatial, branch, local or segment; signed_pairs and signed_local are
            weights of either sign, whose sums mean nothing.
        data: float32 on the CPU, batch first; pairs are (N, heads, queries, keys), windows (N * parts, heads, tokens, tokens).
        batch: N.
        shape: shape before anything was averaged or left out.
        queries: tokens in front of the grid, and the grid of the queries; None where they are no places of an image.
        keys: the same of the keys.
        size: height and width of the map that was cut into windows.
        window: side of the windows.
        shift: by how much the map was rolled before it was cut.
        stride: only every n-th query was kept.
        notes: what the viewer should know.
    """

    node: str
    layer: str
    name: str
    call: int
    kind: str
    data: Tensor
    batch: int
    shape: tuple[int, ...]
    queries: tuple[int, Grid] | None = None
    keys: tuple[int, Grid] | None = None
    size: Grid = (0, 0)
    window: Grid = (0, 0)
    shift: Grid = (0, 0)
    stride: int = 1
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Frame:
    """A module at work."""

    path: str
    module: nn.Module
    spec: BlockSpec | None
    inputs: tuple[tuple[int, ...], ...]


@torch.no_grad()
def capture(
    model: nn.Module,
    inputs: Tensor | Sequence[Tensor],
    catalog: Catalog,
    node_blocks: Mapping[str, str] | None = None,
    nodes: Sequence[str] | None = None,
) -> tuple[Any, list[CapturedMap]]:
    """Run a model once in evaluation mode and record its maps; the model and torch's switches are left as they were.

    Args:
        model: a built design, or any module.
        inputs: what its `forward` takes.
        catalog: says which maps a block declares; modules are blocks by their class name.
        node_blocks: module path to block name, where the class name does not say it.
        nodes: only maps of these nodes; None for all.

    Returns:
        The model's output and the maps in the order in which they were made.
    """
    tensors = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
    recorder = _Recorder(catalog, dict(node_blocks or {}), None if nodes is None else frozenset(nodes), tensors)
    modes = [(module, module.training) for module in model.modules()]
    fastpath = torch.backends.mha.get_fastpath_enabled()
    try:
        model.eval()
        # The fast path of torch's own transformer layers is one fused operation without a visible softmax.
        torch.backends.mha.set_fastpath_enabled(False)
        with recorder.watch(model), sdpa_kernel([SDPBackend.MATH]), recorder:
            output = model(*tensors)
    finally:
        torch.backends.mha.set_fastpath_enabled(fastpath)
        for module, training in modes:
            module.training = training
    return output, recorder.maps


class _Recorder(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Sees every operation and every module call of one pass."""

    def __init__(
        self, catalog: Catalog, node_blocks: dict[str, str], nodes: frozenset[str] | None, inputs: tuple[Tensor, ...]
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.catalog = catalog
        self.node_blocks = node_blocks
        self.nodes = nodes
        self.batch = int(inputs[0].shape[0]) if inputs and inputs[0].ndim else 1
        self.image: Grid | None = next(((t.shape[-2], t.shape[-1]) for t in inputs if t.ndim == 4), None)
        self.stack: list[_Frame] = []
        self.seen: list[Grid] = []  # sizes of the maps so far, newest last: tokens are laid out like one of them
        self.maps: list[CapturedMap] = []
        self.calls: dict[tuple[str, str], int] = {}
        self.bytes = 0
        self.computing = False

    # -- operations -----------------------------------------------------------------------------------------------------

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        name = func._schema.name
        if name in ("aten::_softmax", "aten::_safe_softmax"):
            self.softmax(out, args[1] if len(args) > 1 else (kwargs or {}).get("dim", -1))
        elif name.startswith("aten::_scaled_dot_product_attention_math"):
            self.softmax(out[1], -1)  # devices that keep the math form in one operation give the weights back
        return out

    def softmax(self, weights: Tensor, dim: int) -> None:
        """Keep a softmax if it is attention: of the innermost block that declares one, or of a block that declares nothing."""
        if not self.wanted():
            return
        declared = next((f for f in reversed(self.stack) if f.spec is not None and SOFTMAX in f.spec.maps), None)
        if declared is not None:
            assert declared.spec is not None
            self.keep(declared, SOFTMAX, declared.spec.maps[SOFTMAX], weights)
            return
        block = next((f for f in reversed(self.stack) if f.spec is not None), None)
        if (
            weights.ndim < 3
            or dim % weights.ndim != weights.ndim - 1
            or (block is not None and block.spec is not None and block.spec.maps)
        ):
            return
        # A softmax over features, or over landmarks, is no attention between places: both sides must be the tokens.
        if block is None or weights.shape[-1] == weights.shape[-2] == _tokens(block.inputs):
            self.keep(block or self.stack[-1], SOFTMAX, "token_pairs", weights)

    # -- modules --------------------------------------------------------------------------------------------------------

    @contextmanager
    def watch(self, model: nn.Module) -> Iterator[None]:
        """Keep the stack of modules, and take the outputs that blocks declare, while the model runs."""
        with ExitStack() as hooks:
            taken: set[int] = set()
            for path, module in model.named_modules():
                spec = self.catalog.get(self.node_blocks.get(path) or type(module).__name__) if path else None
                hooks.callback(module.register_forward_pre_hook(self.entered(path, spec), with_kwargs=True).remove)
                for name, kind in (spec.maps if spec is not None else {}).items():
                    part = _submodule(module, name)
                    if part is not None and id(part) not in taken:
                        taken.add(id(part))  # a block inside a block may declare the same output
                        hooks.callback(part.register_forward_hook(self.declared(path, name, kind)).remove)
                    owner, method = _method(module, name)
                    if owner is not None:
                        hook = self.computed(path, name, kind, method)
                        hooks.callback(owner.register_forward_hook(hook, with_kwargs=True).remove)
                # always_call: a forward that raises leaves the stack as well.
                hooks.callback(module.register_forward_hook(self.left, always_call=True).remove)
            yield

    def entered(self, path: str, spec: BlockSpec | None) -> Any:
        """A hook that notes that a module begins."""

        def hook(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
            shapes = tuple(tuple(value.shape) for value in (*args, *kwargs.values()) if isinstance(value, Tensor))
            self.stack.append(_Frame(path, module, spec, shapes))

        return hook

    def left(self, module: nn.Module, args: Any, output: Any) -> None:
        """Note that a module ended."""
        self.stack.pop()
        if isinstance(output, Tensor) and output.ndim == 4:
            self.seen.append((output.shape[-2], output.shape[-1]))

    def declared(self, path: str, name: str, kind: str) -> Any:
        """A hook that takes the output of a submodule."""

        def hook(_module: nn.Module, _args: Any, output: Any) -> None:
            owner = next((frame for frame in self.stack if frame.path == path), None)
            if owner is not None and isinstance(output, Tensor) and self.wanted():
                self.keep(owner, name, kind, output)

        return hook

    def computed(self, path: str, name: str, kind: str, method: Any) -> Any:
        """A hook that has a block compute a map from what its forward was given."""

        def hook(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], _output: Any) -> None:
            owner = next((frame for frame in self.stack if frame.path == path), None)
            if owner is None or not self.wanted():
                return
            every = 1
            if kind in PAIRS:
                tokens = _tokens(self.stack[-1].inputs)
                heads = getattr(module, owner.spec.heads) if owner.spec is not None and owner.spec.heads else 1
                whole = 4 * self.batch * tokens**2 * heads
                every = math.ceil(whole / COMPUTED_BYTES) or 1
                kwargs = {**kwargs, "every": every}
            self.computing = True
            try:
                value = method(*args, **kwargs)
            finally:
                self.computing = False
            self.keep(owner, name, kind, value, every)

        return hook

    def wanted(self) -> bool:
        """Whether the node at work was asked for, and is not only computing a map."""
        if self.computing or not self.stack:
            return False
        return self.nodes is None or any(frame.path.split(".")[0] in self.nodes for frame in self.stack)

    # -- keeping --------------------------------------------------------------------------------------------------------

    def keep(self, frame: _Frame, name: str, kind: str, value: Tensor, stride: int = 1) -> None:
        """Copy a map, of which only every `stride`-th query is there, to the CPU, within the limits of memory."""
        call = self.calls.get((frame.path, name), 0)
        self.calls[frame.path, name] = call + 1
        more: dict[str, Any] = {}
        notes: list[str] = []
        data = value.detach()
        if kind in PAIRS:
            data = as_pairs(data, self.batch)
            more["queries"], more["keys"] = self.layout(data.shape[-2], frame), self.layout(data.shape[-1], frame)
        elif kind in WINDOWED:
            kind, data, more = self.windows(kind, data, notes)
            if not more:
                return
        limit = min(MAP_BYTES, TOTAL_BYTES - self.bytes) // 4
        if data.numel() > limit and kind in (*PAIRS, *WINDOWED) and data.shape[1] > 1:
            data = data.float().mean(1, keepdim=True)
            notes.append(f"heads averaged: the whole map would take {value.numel() * 4 / 2**20:.0f} MB")
        if data.numel() > limit and kind in PAIRS and limit > 0:
            further = math.ceil(data.numel() / limit)
            data, stride = data[..., ::further, :], stride * further
        if stride > 1:
            more["stride"], more["queries"] = stride, None
            notes.append(f"only every {stride}th query kept")
        if data.numel() > limit or data.numel() == 0:
            return
        self.bytes += data.numel() * 4
        # A copy even where nothing has to move: the model may go on to work in place.
        data = data.to("cpu", torch.float32, copy=True)
        node = frame.path.split(".")[0]
        self.maps.append(
            CapturedMap(
                node, frame.path, name, call, kind, data, self.batch, tuple(value.shape), notes=tuple(notes), **more
            )
        )

    def layout(self, tokens: int, frame: _Frame) -> tuple[int, Grid] | None:
        """Where tokens lie in the image: leading tokens without a place, and the grid of the others."""
        own = [shape[-2:] for shape in frame.inputs if len(shape) == 4]
        return token_layout(tokens, [*self.seen, *((h, w) for h, w in own)], self.image)

    def windows(self, kind: str, data: Tensor, notes: list[str]) -> tuple[str, Tensor, dict[str, Any]]:
        """Kind, weights and places of attention in the innermost module that cuts a map into windows; no places where it fits none.

        Tokens in front of the places of each window (SepViT, RegionViT) are left out, because no place of the image is theirs.
        Attention of such a module among its windows is attention between the cells of a coarser map.
        """
        for frame in reversed(self.stack):
            shape = next((shape for shape in frame.inputs if len(shape) == 4), None)
            attributes = frame.spec.windows if frame.spec is not None else ()
            if shape is None or not attributes or data.ndim != 4:
                continue
            height, width = shape[-2:]
            window, shift = _pair(getattr(frame.module, attributes[0])), (0, 0)
            if len(attributes) > 1:
                shift = _pair(getattr(frame.module, attributes[1]))
            cells = (math.ceil(height / window[0]), math.ceil(width / window[1]))
            parts, leading = cells[0] * cells[1], data.shape[-1] - window[0] * window[1]
            if data.shape[0] == self.batch * parts and 0 <= leading <= MAX_PREFIX:
                if leading:
                    data = data[..., leading:, leading:]
                    notes.append(
                        "the windows' own tokens are left out; what places pay to them is missing from their sums"
                    )
                # Where one window holds a whole axis nothing is rolled along it.
                shift = (shift[0] if height > window[0] else 0, shift[1] if width > window[1] else 0)
                return kind, data, {"size": (height, width), "window": window, "shift": shift}
            if data.shape[0] == self.batch and data.shape[-2] == data.shape[-1] == parts:
                return "token_pairs", data, {"queries": (0, cells), "keys": (0, cells)}
            break
        return kind, data, {}


def as_pairs(weights: Tensor, batch: int) -> Tensor:
    """Attention of any layout (N, ..., queries, keys) or (N * heads, queries, keys) as (N, heads, queries, keys)."""
    leading = math.prod(weights.shape[:-2])
    rows = batch if leading % batch == 0 else 1
    return weights.reshape(rows, leading // rows, *weights.shape[-2:])


def token_layout(tokens: int, maps: Sequence[Grid], image: Grid | None) -> tuple[int, Grid] | None:
    """Find the grid of a sequence of tokens.

    Args:
        tokens: how many there are.
        maps: sizes of the maps that came before, newest last.
        image: size of the image; a grid without a map has its proportions.

    Returns:
        Number of leading tokens that are no places (class token, registers), and height and width; None if nothing fits.
    """
    for prefix in range(min(MAX_PREFIX, tokens - 1) + 1):
        places = tokens - prefix
        # A map of one place would make every short sequence a grid.
        grid = next((grid for grid in reversed(maps) if grid[0] * grid[1] == places and places > 1), None)
        if grid is not None:
            return prefix, grid
        if image is not None and places > 1:
            height = math.isqrt(places * image[0] // image[1])
            if height and height * height * image[1] == places * image[0] and height * (places // height) == places:
                return prefix, (height, places // height)
    return None


def _submodule(module: nn.Module, path: str) -> nn.Module | None:
    if path == SOFTMAX:
        return None
    try:
        return module.get_submodule(path)
    except AttributeError:
        return None  # the parameters leave this part of the block out


def _method(module: nn.Module, path: str) -> tuple[nn.Module | None, Any]:
    owner, _, name = path.rpartition(".")
    part = _submodule(module, owner)
    return (part, getattr(part, name)) if inspect.isfunction(getattr(type(part), name, None)) else (None, None)


def _tokens(shapes: tuple[tuple[int, ...], ...]) -> int:
    if not shapes:
        return 0
    return shapes[0][1] if len(shapes[0]) == 3 else math.prod(shapes[0][2:])


def _pair(value: Any) -> Grid:
    return (int(value[0]), int(value[1])) if isinstance(value, tuple | list) else (int(value), int(value))
