"""Run a model once and record its outputs, gradients and buffers: the program of the clean process of `verify`.

`verify` imports `probe` to run the drawn network. It runs this file as a script (``python -I probe.py request.json``)
to run the exported one, so both sides execute the same function. The script imports nothing of `composer`.
"""

import importlib.util
import json
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn


def probe(model: nn.Module, inputs: Sequence[Tensor], seed: int) -> dict[str, Tensor]:
    """Record outputs and parameter gradients in evaluation and training mode, then the buffers.

    Args:
        model: the model; its gradients are overwritten.
        inputs: its arguments.
        seed: torch's seed before each pass, so that dropout draws the same numbers on both sides.

    Returns:
        Tensors under names such as ``eval.output.0``, ``train.grad.head.weight`` and ``buffer.norm.running_mean``.
    """
    record: dict[str, Tensor] = {}
    for mode in ("eval", "train"):
        model.train(mode == "train")
        model.zero_grad(set_to_none=True)
        torch.manual_seed(seed)
        try:
            result = model(*inputs)
        except ValueError as error:
            # Batch statistics of a single value do not exist: such a network runs in evaluation mode only.
            if mode == "train" and "more than 1 value per channel" in str(error):
                continue
            raise
        loss: Any = 0
        for index, tensor in enumerate(result if isinstance(result, tuple) else (result,)):
            record[f"{mode}.output.{index}"] = tensor.detach().clone().contiguous()
            if tensor.is_floating_point() and tensor.requires_grad:
                # A different weight for each element, so that no permutation of the outputs has the same loss.
                weight = torch.linspace(-1, 1, tensor.numel(), dtype=tensor.dtype).view(tensor.shape)
                loss = loss + (tensor * weight).sum()
        if isinstance(loss, Tensor):
            loss.backward()  # type: ignore[no-untyped-call]
        for name, parameter in model.named_parameters():
            if parameter.grad is not None:
                record[f"{mode}.grad.{name}"] = parameter.grad.clone().contiguous()
    for name, buffer in model.named_buffers():
        record[f"buffer.{name}"] = buffer.clone().contiguous()
    return record


class RefusedImports:
    """Import hook that makes packages unreachable.

    Args:
        packages: names of top-level packages.
    """

    def __init__(self, packages: Sequence[str]) -> None:
        self.packages = frozenset(packages)

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        """Raise ImportError for a refused package; leave every other name to the finders that follow."""
        if name.split(".", maxsplit=1)[0] in self.packages:
            raise ImportError(f"{name} is out of reach on purpose")
        return None


def model_class(module: ModuleType) -> type[nn.Module]:
    """Return the model of an exported module: the last `nn.Module` that it defines."""
    classes = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, nn.Module) and value.__module__ == module.__name__
    ]
    return classes[-1]


def main(request: dict[str, Any]) -> None:
    """Load the exported file, run it and write `record.safetensors` and `report.json`.

    Args:
        request: ``source`` (the exported file), ``folder`` (holds weights.safetensors and inputs.safetensors, receives
            the results), ``inputs`` (names in order), ``seed``, ``refused`` (packages that must not be imported) and
            ``search`` (folders to import packages from).
    """
    sys.meta_path.insert(0, RefusedImports(request["refused"]))
    sys.path.extend(request["search"])
    sys.dont_write_bytecode = True  # leave no __pycache__ beside the user's file
    torch.set_num_threads(1)
    folder = Path(request["folder"])
    # A loader of its own, because the file may have any suffix.
    loader = SourceFileLoader("exported", request["source"])
    spec = importlib.util.spec_from_file_location("exported", request["source"], loader=loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["exported"] = module
    loader.exec_module(module)
    model = model_class(module)()
    missing, unexpected = model.load_state_dict(load_file(folder / "weights.safetensors"), strict=False)
    tensors = load_file(folder / "inputs.safetensors")
    record = probe(model, [tensors[name] for name in request["inputs"]], request["seed"])
    save_file(record, folder / "record.safetensors")
    params = sum(parameter.numel() for parameter in model.parameters())
    report = {"missing": missing, "unexpected": unexpected, "params": params}
    (folder / "report.json").write_text(json.dumps(report), encoding="utf-8")


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
