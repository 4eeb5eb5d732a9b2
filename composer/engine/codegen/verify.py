"""Proof that exported source is the drawn network: run in a clean process, held against the graph walked node by node.

The clean process refuses to import `composer` and `blocks`, loads the same weights into the exported class and computes outputs in
evaluation and training mode and all gradients; this process computes the same from `interpret`. Zero difference is expected.
"""

import json
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from composer.core.blocks.catalog import Catalog
from composer.core.errors import DesignError, UserError
from composer.core.files.design_file import design_hash
from composer.core.graph import Design
from composer.engine import library
from composer.engine.codegen.generate import class_name, generate
from composer.engine.codegen.interpreter import interpret
from composer.engine.inference.infer import Inference, Inferrer

SEED = 20260101
BATCH = 2

# Runs in the clean process. `probe` is the same function on both sides: its source is sent along.
_SCRIPT = """
import importlib.util, json, sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("composer", "blocks"):
            raise ImportError(f"{name} is out of reach on purpose")

sys.meta_path.insert(0, Refuse())
import torch
from safetensors.torch import load_file, save_file

torch.set_num_threads(1)

{probe}

folder, name, inputs = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
spec = importlib.util.spec_from_file_location("exported", folder + "/model.py")
module = importlib.util.module_from_spec(spec)
sys.modules["exported"] = module
spec.loader.exec_module(module)
model = getattr(module, name)()
weights = load_file(folder + "/weights.safetensors")
missing, unexpected = model.load_state_dict(weights, strict=False)
tensors = load_file(folder + "/inputs.safetensors")
found = probe(model, [tensors[key] for key in inputs], {seed})
save_file(found, folder + "/found.safetensors")
report = dict(missing=missing, unexpected=unexpected, params=sum(p.numel() for p in model.parameters()))
json.dump(report, open(folder + "/report.json", "w"))
"""

_PROBE = '''
def probe(model, inputs, seed):
    """Outputs in evaluation and training mode, and the gradient of every parameter in both."""
    found = {}
    for mode in ("eval", "train"):
        model.train(mode == "train")
        model.zero_grad(set_to_none=True)
        torch.manual_seed(seed)
        try:
            result = model(*inputs)
        except ValueError as error:
            if mode == "train" and "more than 1 value per channel" in str(error):
                continue
            raise
        outputs = result if isinstance(result, tuple) else (result,)
        loss = 0
        for index, tensor in enumerate(outputs):
            found[f"{mode}.output.{index}"] = tensor.detach().clone().contiguous()
            if tensor.is_floating_point() and tensor.requires_grad:
                weight = torch.linspace(-1, 1, tensor.numel(), dtype=tensor.dtype).view(tensor.shape)
                loss = loss + (tensor * weight).sum()
        if isinstance(loss, torch.Tensor):
            loss.backward()
        for name, parameter in model.named_parameters():
            if parameter.grad is not None:
                found[f"{mode}.grad.{name}"] = parameter.grad.clone().contiguous()
    for name, buffer in model.named_buffers():
        found[f"buffer.{name}"] = buffer.clone().contiguous()
    return found
'''


@dataclass(frozen=True, slots=True)
class Proof:
    """What the comparison found.

    Args:
        ok: whether keys, counts and every number agree exactly.
        keys_match: whether the exported model has exactly the weights of the drawn one.
        params: number of parameters of the exported model.
        params_expected: number of parameters that inference counted.
        eval_diff: largest difference of an output in evaluation mode.
        train_diff: largest difference of an output or buffer in training mode.
        grad_diff: largest difference of a gradient.
        design: hash of the design.
        torch: version of torch.
    """

    ok: bool
    keys_match: bool
    params: int
    params_expected: int
    eval_diff: float
    train_diff: float
    grad_diff: float
    design: str
    torch: str

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)

    def sentence(self) -> str:
        """The result in one line."""
        keys = "keys match" if self.keys_match else "KEYS DIFFER"
        return (
            f"{'verified' if self.ok else 'NOT EQUAL'}: {keys}, {self.params:,} parameters, max |diff| forward {self.eval_diff:g} (eval) "
            f"{self.train_diff:g} (train), gradients {self.grad_diff:g}"
        )


def verify(
    design: Design, text: str | None = None, *, weights: dict[str, Tensor] | None = None, catalog: Catalog | None = None
) -> Proof:
    """Hold exported source against the drawn network.

    Args:
        design: a design without errors.
        text: the exported source; generated afresh by default.
        weights: a trained state_dict; fresh weights by default.
        catalog: the known blocks.

    Returns:
        The `Proof`; it never raises because numbers differ.

    Raises:
        DesignError: if the design has errors.
        UserError: if the exported source does not run.
    """
    found = catalog or library.catalog()
    inference = Inferrer(found).infer(design, BATCH)
    if inference.errors:
        raise DesignError(inference.errors[0])
    text = text if text is not None else generate(inference, found)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        drawn = interpret(inference, found)
        inputs = example_inputs(inference)
        if weights is not None:
            drawn.load_state_dict(weights)
        state = {name: tensor.clone().contiguous() for name, tensor in drawn.state_dict().items()}
        threads = torch.get_num_threads()
        torch.set_num_threads(1)  # as in the clean process: the order of a sum depends on the number of threads
        try:
            expected = _probe(drawn, list(inputs.values()))
        finally:
            torch.set_num_threads(threads)
    with tempfile.TemporaryDirectory(prefix="netcomposer-verify-") as folder:
        report, seen = _run_clean(Path(folder), text, class_name(design, found), state, inputs)
    diffs = {key: _difference(expected.get(key), seen.get(key)) for key in {*expected, *seen}}

    def worst(*kinds: str) -> float:
        return max((diff for key, diff in diffs.items() if key.startswith(kinds)), default=0.0)

    keys_match = not report["missing"] and not report["unexpected"]
    params = inference.facts.totals.params
    numbers = (worst("eval.output"), worst("train.output", "buffer"), worst("eval.grad", "train.grad"))
    return Proof(
        ok=keys_match and report["params"] == params and not any(numbers),
        keys_match=keys_match,
        params=report["params"],
        params_expected=params,
        eval_diff=numbers[0],
        train_diff=numbers[1],
        grad_diff=numbers[2],
        design=design_hash(design),
        torch=torch.__version__,
    )


def example_inputs(inference: Inference, seed: int = SEED) -> dict[str, Tensor]:
    """Random tensors of the shapes and dtypes of the main inputs; whole numbers are 0 or 1, which any vocabulary holds."""
    generator = torch.Generator().manual_seed(seed)
    found = {}
    for id in inference.design.main.inputs:
        value = inference.root.values[id, ""]
        dtype = getattr(torch, value.dtype)
        if dtype.is_floating_point:
            found[id] = torch.randn(value.shape, generator=generator, dtype=torch.float32).to(dtype)
        else:
            found[id] = torch.randint(0, 2, value.shape, generator=generator).to(dtype)
    return found


def _probe(model: nn.Module, inputs: list[Tensor]) -> dict[str, Tensor]:
    scope: dict[str, Any] = {"torch": torch}
    exec(_PROBE, scope)  # noqa: S102 - our own text above; the clean process runs the same
    found: dict[str, Tensor] = scope["probe"](model, inputs, SEED)
    return found


def _run_clean(
    folder: Path, text: str, name: str, state: dict[str, Tensor], inputs: dict[str, Tensor]
) -> tuple[Any, dict[str, Tensor]]:
    (folder / "model.py").write_text(text, encoding="utf-8")
    save_file(state, folder / "weights.safetensors")
    save_file({id: tensor.contiguous() for id, tensor in inputs.items()}, folder / "inputs.safetensors")
    script = _SCRIPT.replace("{probe}", _PROBE).replace("{seed}", str(SEED))
    command = [sys.executable, "-I", "-c", script, str(folder), name, json.dumps(list(inputs))]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    if done.returncode != 0:
        last = done.stderr.strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
        raise UserError(f"the exported source does not run by itself: {last[0]}")
    return json.loads((folder / "report.json").read_text()), load_file(folder / "found.safetensors")


def _difference(a: Tensor | None, b: Tensor | None) -> float:
    if a is None or b is None or a.shape != b.shape:
        return float("inf")
    if a.numel() == 0 or torch.equal(a, b):
        return 0.0
    diff = (a.double() - b.double()).abs()
    return float("inf") if diff.isnan().any() else float(diff.max())
