"""Compilation of a network by torch.compile, tried before a run starts."""

import torch
from lightning_fabric import Fabric
from torch import nn

from composer.engine.training.data.inputs import NamedInputs
from composer.engine.training.datasets.splits import Batch
from composer.engine.training.memory_phrases import is_out_of_memory
from composer.engine.training.objectives import Objective


def compile_network(
    inputs: NamedInputs, fabric: Fabric, model: nn.Module, objective: Objective, batch: Batch
) -> str | None:
    """Compile a network and make one step with it that leaves no trace.

    Args:
        inputs: the network with its inputs; it is compiled afterwards unless that failed.
        fabric: has placed it.
        model: it, as Fabric wraps it.
        objective: what it learns.
        batch: a batch of the usual size.

    Returns:
        Why the network cannot be compiled here, in a sentence; None if it is.
    """
    network = inputs.network
    buffers = {name: buffer.clone() for name, buffer in network.named_buffers()}
    was_training = model.training
    inputs.compiled = torch.compile(network.forward)
    try:
        with torch.random.fork_rng(devices=[fabric.device] if fabric.device.type == "cuda" else []):
            model.train()
            fabric.backward(objective.loss(model, batch, 0)[0])
    except Exception as error:
        inputs.compiled = None
        if is_out_of_memory(error):
            raise
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        reason = next((line for line in lines if "compiler" in line.lower() or "triton" in line.lower()), lines[0])
        return f"torch.compile does not work here ({reason:.160}); training goes on without it"
    finally:
        model.train(was_training)
        network.zero_grad(set_to_none=True)
        for name, buffer in network.named_buffers():
            buffer.copy_(buffers[name])
    return None
