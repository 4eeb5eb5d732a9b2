"""The table of layers that torchinfo prints, for a design."""

import torchinfo

from composer.core.graph import Design
from composer.engine.codegen.build import instantiate
from composer.engine.inference.infer import Inferrer


def layer_table(design: Design, batch: int = 1, inferrer: Inferrer | None = None) -> str:
    """torchinfo's table of the built model.

    Args:
        design: a design without errors.
        batch: size of the batch axis.
        inferrer: its memo is used; a new one by default.

    Returns:
        The table as text; computed on the meta device, so that no size is too large.

    Raises:
        composer.core.errors.DesignError: if the design has errors.
    """
    import torch

    inference = (inferrer or Inferrer()).infer(design, batch)
    model = instantiate(inference, device="meta")
    inputs = [inference.root.values[id, ""] for id in design.main.inputs]
    tensors = [torch.empty(value.shape, dtype=getattr(torch, value.dtype), device="meta") for value in inputs]
    result = torchinfo.summary(
        model,
        input_data=tensors,
        device="meta",
        verbose=0,
        depth=3,
        col_names=("output_size", "num_params", "mult_adds"),
        row_settings=("var_names",),
    )
    return str(result)
