"""Proof that an exported Python file is the drawn network.

A clean process, which cannot import `composer` (nor `blocks`, unless the file is the package form), loads the file and
fixed weights and records outputs in evaluation and training mode and all gradients. This process records the same from
`interpret`, which walks the graph node by node. The file is proved if no number differs.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from composer.core.errors import DesignError, UserError
from composer.core.files.design_file import design_hash
from composer.core.graph import Design
from composer.engine.codegen import probe
from composer.engine.codegen.interpreter import interpret
from composer.engine.codegen.proof import Proof
from composer.engine.inference.infer import Inference, Inferrer

SEED = 20260101
BATCH = 2


def verify_source(
    design: Design,
    path: Path,
    *,
    package: bool = False,
    weights: dict[str, Tensor] | None = None,
    inferrer: Inferrer | None = None,
) -> Proof:
    """Compare exported Python with the drawn network.

    Args:
        design: a design without errors.
        path: the exported file, which is run where it is.
        package: whether the file may import the blocks (target ``package``).
        weights: a trained state_dict; fresh weights by default.
        inferrer: its memo is used; a new one by default.

    Returns:
        The `Proof`; a difference is reported in it and not raised.

    Raises:
        DesignError: if the design has errors.
        UserError: if the exported source does not run.
    """
    inferrer = inferrer or Inferrer()
    inference = inferrer.infer(design, BATCH)
    if inference.errors:
        raise DesignError(inference.errors[0])

    # 1. Build the drawn network without generated source, and take its weights and inputs.
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        drawn = interpret(inference)
        inputs = example_inputs(inference)
        if weights is not None:
            drawn.load_state_dict(weights)
        state = {name: tensor.clone().contiguous() for name, tensor in drawn.state_dict().items()}
        # 2. Run it on one thread, as the clean process does: the order of a sum depends on the number of threads.
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            expected = probe.probe(drawn, list(inputs.values()), SEED)
        finally:
            torch.set_num_threads(threads)

    # 3. Run the exported source with the same weights and inputs in the clean process.
    search = _search_path(inference) if package else []
    report, record = _run_clean(path, state, inputs, search)

    # 4. Compare number by number.
    diffs = {key: _difference(expected.get(key), record.get(key)) for key in {*expected, *record}}

    def largest(*kinds: str) -> float:
        return max((diff for key, diff in diffs.items() if key.startswith(kinds)), default=0.0)

    return Proof(
        keys_match=not report["missing"] and not report["unexpected"],
        params=report["params"],
        params_expected=inference.facts.totals.params,
        differences={
            "forward (eval)": largest("eval.output"),
            "forward (train)": largest("train.output", "buffer"),
            "gradients": largest("eval.grad", "train.grad"),
        },
        design=design_hash(design),
        torch=torch.__version__,
    )


def example_inputs(inference: Inference, seed: int = SEED) -> dict[str, Tensor]:
    """Return random tensors like the main inputs; integers are 0 or 1, which are valid in any vocabulary."""
    generator = torch.Generator().manual_seed(seed)
    tensors = {}
    for id in inference.design.main.inputs:
        value = inference.root.values[id, ""]
        dtype = getattr(torch, value.dtype)
        if dtype.is_floating_point:
            tensors[id] = torch.randn(value.shape, generator=generator, dtype=torch.float32).to(dtype)
        else:
            tensors[id] = torch.randint(0, 2, value.shape, generator=generator).to(dtype)
    return tensors


def _search_path(inference: Inference) -> list[str]:
    """Return the folders from which the package form imports its blocks, those of custom blocks included."""
    graphs = (inference.design.main, *inference.design.graphs.values())
    blocks = {node.block for graph in graphs for node in graph.nodes.values() if node.subgraph is None}
    specs = [spec for block in sorted(blocks) if (spec := inference.catalog.get(block)) is not None]
    # A block is imported as package.category.file: the folder that holds the package is three levels up.
    return list(dict.fromkeys(str(spec.path.parents[2]) for spec in specs))


def _run_clean(
    path: Path, state: dict[str, Tensor], inputs: dict[str, Tensor], search: list[str]
) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Run an exported file in the clean process; return its report and the recorded tensors."""
    with tempfile.TemporaryDirectory(prefix="netcomposer-verify-") as name:
        folder = Path(name)
        save_file(state, folder / "weights.safetensors")
        save_file({id: tensor.contiguous() for id, tensor in inputs.items()}, folder / "inputs.safetensors")
        request = {
            "source": str(path.resolve()),
            "folder": name,
            "inputs": list(inputs),
            "seed": SEED,
            "refused": ["composer"] if search else ["composer", "blocks"],
            "search": search,
        }
        (folder / "request.json").write_text(json.dumps(request), encoding="utf-8")
        command = [sys.executable, "-I", probe.__file__, str(folder / "request.json")]
        process = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
        if process.returncode != 0:
            last = process.stderr.strip().splitlines()[-1:] or [f"exit code {process.returncode}"]
            raise UserError(f"the exported source does not run standalone: {last[0]}")
        return json.loads((folder / "report.json").read_text()), load_file(folder / "record.safetensors")


def _difference(a: Tensor | None, b: Tensor | None) -> float:
    """Return the largest absolute difference; infinite where a tensor is missing, has another shape or holds NaN."""
    if a is None or b is None or a.shape != b.shape:
        return float("inf")
    if a.numel() == 0 or torch.equal(a, b):
        return 0.0
    diff = (a.double() - b.double()).abs()
    return float("inf") if diff.isnan().any() else float(diff.max())
