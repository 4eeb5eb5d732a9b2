"""Capture: one forward pass that records every attention map, gate and branch weight, whichever block computed it.

Attention needs no help from the blocks: scaled_dot_product_attention is forced into its math form, and a dispatch mode
sees every softmax. A stack that hooks maintain holds the running modules; the path of a module starts with its node.
Maps that are not a softmax (gates, branch weights, segments) are declared by the blocks as submodule outputs and
recorded there. Weights that a block never materializes (linear attention) are a method of the block, called only here,
with the inputs of its forward.
"""

import inspect
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils._python_dispatch import TorchDispatchMode

from composer.core.blocks.block_file import BlockSpec
from composer.core.blocks.catalog import Catalog
from composer.core.blocks.map_kinds import map_kinds
from composer.core.token_layout import Grid, TokenLayout, cells
from composer.engine.maps.captured_map import CapturedMap
from composer.engine.maps.layout_tracker import LayoutTracker, ModuleCall
from composer.engine.maps.token_layout import MAX_LEADING, as_token_matrix, guess_layout, token_count, windows_of

# Limits of memory. A map beyond MAP_BYTES is averaged over heads, then its queries are thinned out.
MAP_BYTES = 64 * 2**20
TOTAL_BYTES = 512 * 2**20
# Of a map that a method of a block computes; beyond it queries are left out before they are computed.
COMPUTED_BYTES = 2**30
SOFTMAX = "softmax"
# The kind of a softmax that no block declares.
UNDECLARED = "token_pairs"
GUESSED = "where the tokens are in the image is guessed from their number, because no block declares it"


@torch.no_grad()
def capture(
    model: nn.Module,
    inputs: Tensor | Sequence[Tensor],
    catalog: Catalog,
    node_blocks: Mapping[str, str] | None = None,
    nodes: Sequence[str] | None = None,
) -> tuple[Any, list[CapturedMap]]:
    """Run a model once in evaluation mode and record its maps; the model and torch's switches are restored afterwards.

    Args:
        model: a built design, or any module.
        inputs: inputs of its `forward`.
        catalog: the blocks, which declare their maps; modules are matched by class name.
        node_blocks: module path to block name, where the class name differs.
        nodes: record only maps of these nodes; None for all.

    Returns:
        The model's output and the maps in the order in which they were computed.
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
    """Observes every operation and every module call of one pass.

    Attributes:
        stack: running modules, innermost last.
        layouts: where the tokens of each tensor are in the image.
        map_sizes: sizes of the feature maps so far, newest last; tokens of unknown layout may be laid out like one of
            them.
        maps: the maps recorded so far.
        computing: whether a block's method is computing a map, so that its own operations are not recorded.
    """

    def __init__(
        self, catalog: Catalog, node_blocks: dict[str, str], nodes: frozenset[str] | None, inputs: tuple[Tensor, ...]
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.catalog = catalog
        self.node_blocks = node_blocks
        self.nodes = nodes
        self.batch = int(inputs[0].shape[0]) if inputs and inputs[0].ndim else 1
        self.image: Grid | None = next(((t.shape[-2], t.shape[-1]) for t in inputs if t.ndim == 4), None)
        self.stack: list[ModuleCall] = []
        self.layouts = LayoutTracker(inputs, self.batch)
        self.map_sizes: list[Grid] = []
        self.maps: list[CapturedMap] = []
        self.calls: dict[tuple[str, str], int] = {}
        self.bytes = 0
        self.computing = False

    # -- operations --------------------------------------------------------------------------------------------------

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        name = func._schema.name
        if name in ("aten::_softmax", "aten::_safe_softmax"):
            self.record_softmax(out, args[1] if len(args) > 1 else (kwargs or {}).get("dim", -1))
        elif name.startswith("aten::_scaled_dot_product_attention_math"):
            self.record_softmax(out[1], -1)  # devices that fuse the math form return the weights
        return out

    def record_softmax(self, weights: Tensor, dim: int) -> None:
        """Record a softmax if it is attention: of the innermost block that declares one, or of a block without maps."""
        if not self.recording():
            return
        declared = next((f for f in reversed(self.stack) if f.spec is not None and SOFTMAX in f.spec.maps), None)
        if declared is not None:
            assert declared.spec is not None
            self.record(declared, SOFTMAX, declared.spec.maps[SOFTMAX], weights)
            return
        block = next((f for f in reversed(self.stack) if f.spec is not None), None)
        block_has_maps = block is not None and block.spec is not None and block.spec.maps
        if weights.ndim < 3 or dim % weights.ndim != weights.ndim - 1 or block_has_maps:
            return
        # A softmax over features or landmarks is not attention between positions: both sides must be the tokens.
        if block is None or weights.shape[-1] == weights.shape[-2] == token_count(block.shapes):
            self.record(block or self.stack[-1], SOFTMAX, UNDECLARED, weights)

    # -- modules -----------------------------------------------------------------------------------------------------

    @contextmanager
    def watch(self, model: nn.Module) -> Iterator[None]:
        """Maintain the stack of modules, and record the outputs that blocks declare, while the model runs."""
        with ExitStack() as hooks:
            hooked: set[int] = set()
            for path, module in model.named_modules():
                spec = self.catalog.get(self.node_blocks.get(path) or type(module).__name__) if path else None
                hooks.callback(module.register_forward_pre_hook(self.enter_hook(path, spec), with_kwargs=True).remove)
                for name, kind in (spec.maps if spec is not None else {}).items():
                    part = _submodule(module, name)
                    if part is not None and id(part) not in hooked:
                        hooked.add(id(part))  # a block inside a block may declare the same output
                        hooks.callback(part.register_forward_hook(self.output_hook(path, name, kind)).remove)
                    owner, method = _method(module, name)
                    if owner is not None:
                        hook = self.method_hook(path, name, kind, method)
                        hooks.callback(owner.register_forward_hook(hook, with_kwargs=True).remove)
                # always_call: a forward that raises leaves the stack as well.
                hooks.callback(module.register_forward_hook(self.on_exit, always_call=True).remove)
            yield

    def enter_hook(self, path: str, spec: BlockSpec | None) -> Any:
        """Return a hook that pushes a module on the stack."""

        def hook(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
            self.stack.append(self.layouts.enter(path, module, spec, args, kwargs, self.stack))

        return hook

    def on_exit(self, module: nn.Module, args: Any, output: Any) -> None:
        """Pop a module from the stack."""
        self.layouts.leave(self.stack.pop(), output)
        if isinstance(output, Tensor) and output.ndim == 4:
            self.map_sizes.append((output.shape[-2], output.shape[-1]))

    def output_hook(self, path: str, name: str, kind: str) -> Any:
        """Return a hook that records the output of a submodule."""

        def hook(_module: nn.Module, _args: Any, output: Any) -> None:
            owner = next((frame for frame in self.stack if frame.path == path), None)
            if owner is not None and isinstance(output, Tensor) and self.recording():
                self.record(owner, name, kind, output)

        return hook

    def method_hook(self, path: str, name: str, kind: str, method: Any) -> Any:
        """Return a hook that has a block compute a map from the inputs of its forward."""

        def hook(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], _output: Any) -> None:
            owner = next((frame for frame in self.stack if frame.path == path), None)
            if owner is None or not self.recording():
                return
            every = 1
            if map_kinds()[kind].layout == "tokens":
                tokens = token_count(self.stack[-1].shapes)
                heads = getattr(module, owner.spec.heads) if owner.spec is not None and owner.spec.heads else 1
                full_bytes = 4 * self.batch * tokens**2 * heads
                every = math.ceil(full_bytes / COMPUTED_BYTES) or 1
                kwargs = {**kwargs, "every": every}
            self.computing = True
            try:
                value = method(*args, **kwargs)
            finally:
                self.computing = False
            self.record(owner, name, kind, value, every)

        return hook

    def recording(self) -> bool:
        """Return whether maps of the running node are requested, and no map is being computed for its own sake."""
        if self.computing or not self.stack:
            return False
        return self.nodes is None or any(frame.path.split(".")[0] in self.nodes for frame in self.stack)

    # -- recording ---------------------------------------------------------------------------------------------------

    def record(self, frame: ModuleCall, name: str, kind: str, value: Tensor, stride: int = 1) -> None:
        """Copy a map to the CPU, within the limits of memory.

        Args:
            frame: the module that declares it.
            name: the softmax, submodule or method.
            kind: name of the kind of map.
            value: the map; only every `stride`-th query of it.
            stride: see `value`.
        """
        call = self.calls.get((frame.path, name), 0)
        self.calls[frame.path, name] = call + 1
        location: dict[str, Any] = {}
        notes: list[str] = []
        data = value.detach()
        # 1. Bring matrices into one layout, and find out where their queries and keys are in the image.
        if map_kinds()[kind].layout == "tokens":
            data = as_token_matrix(data, self.batch)
            # Of thinned queries no row is a row of the image.
            location["queries"] = self.layout(frame, "queries", data.shape[-2], notes) if stride == 1 else None
            location["keys"] = self.layout(frame, "keys", data.shape[-1], notes)
        elif map_kinds()[kind].layout == "windows":
            kind, data, location = self.locate_windows(kind, data, notes)
            if not location:
                return
        elif map_kinds()[kind].layout == "footprint":
            location["size"] = next((shape[-2:] for shape in frame.shapes if len(shape) == 4), (0, 0))
        # 2. Reduce what is too large: average the heads, then leave out queries, then give up.
        layout = map_kinds()[kind].layout
        limit = min(MAP_BYTES, TOTAL_BYTES - self.bytes) // 4
        if data.numel() > limit and layout and data.shape[1] > 1:
            data = data.float().mean(1, keepdim=True)
            notes.append(f"heads averaged: the whole map would take {value.numel() * 4 / 2**20:.0f} MB")
        if data.numel() > limit and layout == "tokens" and limit > 0:
            further = math.ceil(data.numel() / limit)
            data, stride = data[..., ::further, :], stride * further
        if stride > 1:
            location["stride"], location["queries"] = stride, None
            notes.append(f"only one query in {stride} is stored")
        if data.numel() > limit or data.numel() == 0:
            return
        self.bytes += data.numel() * 4
        # 3. Copy, even where nothing has to move: the model may go on to work in place.
        data = data.to("cpu", torch.float32, copy=True)
        node, shape = frame.path.split(".")[0], tuple(value.shape)
        self.maps.append(
            CapturedMap(node, frame.path, name, call, kind, data, self.batch, shape, notes=tuple(notes), **location)
        )

    def layout(self, frame: ModuleCall, side: str, tokens: int, notes: list[str]) -> TokenLayout | None:
        """Return where the queries or keys of a block are in the image; a guess is noted.

        Args:
            frame: the block.
            side: ``queries`` or ``keys``.
            tokens: their number.
            notes: receives the note.
        """
        layout = self.layouts.of_attention(frame, side, tokens)
        if layout is None:
            maps = [*self.map_sizes, *((shape[-2], shape[-1]) for shape in frame.shapes if len(shape) == 4)]
            layout = guess_layout(tokens, maps, self.image)
            if layout is not None and GUESSED not in notes:
                notes.append(GUESSED)
        return layout

    def locate_windows(self, kind: str, data: Tensor, notes: list[str]) -> tuple[str, Tensor, dict[str, Any]]:
        """Locate attention in the innermost module that cuts a map into windows.

        Tokens in front of the positions of each window (SepViT, RegionViT) are left out, because they have no position
        in the image. Attention of such a module among its windows is attention between the cells of a coarser map.

        Returns:
            Kind, weights and location fields of the map; no location if the weights do not fit the windows.
        """
        for frame in reversed(self.stack):
            shape = next((shape for shape in frame.shapes if len(shape) == 4), None)
            attributes = frame.spec.windows if frame.spec is not None else ()
            if shape is None or not attributes or data.ndim != 4:
                continue
            windows = windows_of(frame.module, attributes, (shape[-2], shape[-1]))
            leading = data.shape[-1] - windows.window[0] * windows.window[1]
            if data.shape[0] == self.batch * windows.count and 0 <= leading <= MAX_LEADING:
                if leading:
                    data = data[..., leading:, leading:]
                    notes.append("the windows' own tokens are left out, so sums over positions are below 1")
                return kind, data, {"size": windows.size, "window": windows.window, "shift": windows.shift}
            if data.shape[0] == self.batch and data.shape[-2] == data.shape[-1] == windows.count:
                return UNDECLARED, data, {"queries": cells(windows.cells), "keys": cells(windows.cells)}
            break
        return kind, data, {}


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
