"""The table of the layers of a built model: torchinfo lists them, the figures are those of `summary`.

torchinfo's own multiply-adds are not shown: it counts a Linear once for each sample instead of for each token
(torchinfo#77), and attention not at all, so that they are up to 87 times too low for networks of tokens.
"""

from collections import deque
from dataclasses import dataclass

import torch
import torchinfo

from composer.core.errors import UserError
from composer.core.graph import Design
from composer.core.limits import nesting
from composer.core.text_table import align
from composer.core.units import memory
from composer.engine.codegen.build import instantiate
from composer.engine.inference.infer import Inference, Inferrer
from composer.engine.inference.module_macs import module_macs

DEPTH = 3
MAX_NESTING = 12  # torchinfo visits all inner modules of a module twice
NAME_WIDTH = 72


@dataclass(frozen=True, slots=True)
class ModelLayer:
    """One call of a module.

    Args:
        path: attribute of the parent; empty for the model.
        type: name of its class.
        depth: number of modules around it.
        shape: shape of its output; empty if it was not called.
        params: its parameters, those of inner modules included; None where it was listed before.
        macs: multiply-adds of the whole batch, those of inner modules included; None if it was not called.
    """

    path: str
    type: str
    depth: int
    shape: tuple[int, ...]
    params: int | None
    macs: int | None


def model_layers(inference: Inference) -> list[ModelLayer]:
    """Return the modules of a design's model in the order of their calls, to a depth of `DEPTH`; the model is first.

    Raises:
        composer.core.errors.DesignError: if the design has errors.
    """
    if (depth := nesting(inference.design)) > MAX_NESTING:
        raise UserError(
            f"sub-graphs are nested {depth} deep, expected at most {MAX_NESTING} for torchinfo's table of layers; "
            "leave out --layers"
        )
    model = instantiate(inference, device="meta").eval()
    inputs = [inference.root.values[id, ""] for id in inference.design.main.inputs]
    tensors = [torch.empty(value.shape, dtype=getattr(torch, value.dtype), device="meta") for value in inputs]
    calls = module_macs(model, tensors)
    listed = torchinfo.summary(model, input_data=tensors, device="meta", verbose=0, depth=DEPTH)
    layers, before = [], set()
    for info in listed.summary_list:
        if info.depth > DEPTH:
            continue
        macs = calls.get(info.module, deque())
        params = None if info.module in before else sum(parameter.numel() for parameter in info.module.parameters())
        before.add(info.module)
        shape = tuple(info.output_size) if info.executed else ()
        layers.append(
            ModelLayer(
                info.var_name if info.depth else "",
                info.class_name,
                info.depth,
                shape,
                params,
                macs.popleft() if info.executed and macs else None,
            )
        )
    return layers


def layer_table(design: Design, batch: int = 1, inferrer: Inferrer | None = None) -> str:
    """Return the table of layers as text.

    Args:
        design: a design without errors.
        batch: size of the batch axis.
        inferrer: its memo is used; a new one by default.

    Returns:
        The table; computed on the meta device, so that no size is too large.

    Raises:
        composer.core.errors.DesignError: if the design has errors.
    """
    inference = (inferrer or Inferrer()).infer(design, batch)
    rows = [("layer", "output", "params", "MACs")]
    for layer in model_layers(inference):
        name = f"{layer.path} ({layer.type})" if layer.path else layer.type
        params = "listed above" if layer.params is None else f"{layer.params:,}"
        macs = "-" if layer.macs is None else f"{layer.macs:,}"
        rows.append(("  " * layer.depth + name, "x".join(map(str, layer.shape)), params, macs))
    totals = inference.facts.totals
    rows.append(("total", "", f"{totals.params:,}", f"{totals.macs:,}"))
    kinds = (
        f"{totals.params_trainable:,} parameters are trainable, {totals.params - totals.params_trainable:,} are frozen"
    )
    notes = [
        f"{kinds}; activations {memory(totals.activation_bytes)}; batch {batch}",
        "layers as torchinfo lists them; each figure is counted as in summary and includes the inner layers",
    ]
    if any(row[3] == "-" for row in rows):
        notes.append("- : counted in the layer around it, or not called as a module")
    return "\n".join([*align(rows, right={2, 3}, max_width=NAME_WIDTH), "", *notes])
