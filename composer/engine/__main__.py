"""The engine worker: one long-lived process that answers the window's requests for facts, source, maps and files."""

import atexit
import os
import threading
from collections.abc import Mapping
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from composer.core.facts import NodeFacts
from composer.core.files.design_delta import DeltaReader, OutOfSync
from composer.core.files.design_json import from_json
from composer.core.graph import Design
from composer.engine.inference.gc_freeze import imports_without_gc
from composer.engine.protocol import Channel, Handler, Progress

if TYPE_CHECKING:
    from composer.engine.inspection.inspector import Inspector
    from composer.engine.training.storage.weights import Weights

Params = Mapping[str, Any]
# The window shows this many repairs of one error.
MAX_REPAIRS = 4


class Engine:
    """State of the worker between requests; each public method answers the request of its name.

    Attributes:
        inferrer: its memo serves every request.
        sent_facts: the facts that the window has, by path; `facts` sends only differences from them.
        reader: reads designs that the window sends as differences from the one before.
    """

    def __init__(self) -> None:
        from composer.engine.inference.infer import Inferrer

        self.inferrer = Inferrer.with_disk_cache()
        self.sent_facts: dict[str, NodeFacts] = {}
        self.reader = DeltaReader()

    def facts(self, params: Params, progress: Progress) -> dict[str, Any]:
        """Infer a design; return the facts that differ from those of the last answer."""
        try:
            design = self.reader.read(params["design"])
        except OutOfSync:
            return {"again": True}
        inference = self.inferrer.infer(design, params.get("batch", 1))
        current = dict(inference.facts.nodes)
        reset = bool(params.get("reset")) or not self.sent_facts
        before = {} if reset else self.sent_facts
        changed = {path: facts for path, facts in current.items() if path not in before or before[path] != facts}
        self.sent_facts = current
        totals = inference.facts.totals
        return {
            "revision": params.get("revision", 0),
            "reset": reset,
            "changed": {path: facts.to_json() for path, facts in changed.items()},
            "removed": [path for path in before if path not in current],
            "totals": asdict(totals),
            "problems": [[p.message, p.node, p.graph, p.level] for p in inference.structural],
        }

    def reload_blocks(self, params: Params, progress: Progress) -> dict[str, Any]:
        """Read custom blocks again after a change of their files or of the trust in them."""
        self.inferrer.reload()
        return {}

    def preview(self, params: Params, progress: Progress) -> dict[str, Any]:
        """Infer another design than the shown one; `sent_facts` stays unchanged."""
        inference = self.inferrer.infer(from_json(params["design"]), params.get("batch", 1))
        return {
            "errors": inference.errors,
            "totals": asdict(inference.facts.totals),
            "facts": {path: facts.to_json() for path, facts in inference.facts.nodes.items()}
            if params.get("facts")
            else {},
        }

    def repairs(self, params: Params, progress: Progress) -> dict[str, Any]:
        """Search for repairs of one item."""
        from composer.engine.repair.search import find_repairs

        design, limit = from_json(params["design"]), params.get("limit", MAX_REPAIRS)
        graph = params.get("graph", "")
        # Reporting progress also notices that the request was cancelled.
        repairs = find_repairs(self.inferrer, design, params["id"], graph, limit=limit, step=lambda: progress(0.0))
        return {"repairs": [asdict(repair) for repair in repairs]}

    def source(self, params: Params, progress: Progress) -> dict[str, Any]:
        """Generate the Python source of a design."""
        from composer.engine.codegen.generate import generate

        inference = self.inferrer.infer(from_json(params["design"]))
        return {"source": generate(inference, inline=params.get("inline", True))}

    def layers(self, params: Params, progress: Progress) -> dict[str, Any]:
        """Return the table of the layers of the built model."""
        from composer.engine.analysis.layers import layer_table

        return {"text": layer_table(from_json(params["design"]), params.get("batch", 1), self.inferrer)}

    def export(self, params: Params, progress: Progress) -> dict[str, Any]:
        """Write a design to a file; see `engine.export` for the targets."""
        from composer.engine.export import export

        design, path = from_json(params["design"]), Path(params["path"])
        weights = self._load_weights(design, params)
        exported = export(
            design,
            params["target"],
            path,
            weights=weights,
            inferrer=self.inferrer,
            verify=params.get("verify", False),
            source=Path(params["source"]) if params.get("source") else None,
            force=params.get("replace", False),
        )
        proof = exported.proof.to_json() if exported.proof is not None else None
        return {"path": str(path), "message": exported.message, "proof": proof}

    def verify(self, params: Params, progress: Progress) -> dict[str, Any]:
        """Compare the source that an export would write with the drawn network."""
        from composer.engine.export import export_text, verify_text

        design, target = from_json(params["design"]), params.get("target", "python")
        weights = self._load_weights(design, params)
        text = export_text(design, target, self.inferrer)
        return verify_text(design, target, text, weights=weights, inferrer=self.inferrer).to_json()

    def fit(self, params: Params, progress: Progress) -> dict[str, Any]:
        """Search for the largest setting of the variables under a budget."""
        from composer.engine.analysis.fit import fit

        result = fit(
            from_json(params["design"]),
            params=params.get("params"),
            macs=params.get("macs"),
            vary=params.get("vary", ()),
            inferrer=self.inferrer,
            progress=progress,
        )
        return {
            "best": asdict(result.best),
            "table": [asdict(row) for row in result.table],
            "evaluations": result.evaluations,
        }

    def profile(self, params: Params, progress: Progress) -> dict[str, Any]:
        """Measure time and memory of every node."""
        import torch

        from composer.engine.analysis.profile import profile
        from composer.engine.device import choose

        device = choose(params.get("device", "auto")).name
        torch.set_num_threads(os.cpu_count() or 1)  # as a standalone program would use
        design, batch = from_json(params["design"]), params.get("batch", 1)
        return asdict(profile(design, device=device, batch=batch, inferrer=self.inferrer, progress=progress))

    def device_profile(self, params: Params, progress: Progress) -> dict[str, Any]:
        """Measure peak arithmetic and bandwidth of a device of this machine, for the roofline."""
        from composer.engine.analysis.device_benchmark import measure_profile

        return asdict(measure_profile(params.get("device", "auto")))

    def sample_images(self, params: Params, progress: Progress) -> dict[str, Any]:
        """Return sample images of a dataset."""
        return self._inspector.sample_images(params, progress)

    def run_samples(self, params: Params, progress: Progress) -> dict[str, Any]:
        """Return samples of the data of a run, by their numbers."""
        from composer.engine.inspection.run_samples import run_samples

        progress(0.0, "loading the data")
        run, size = Path(params["run"]), params.get("size", 72)
        return {"samples": run_samples(run, params["part"], params["indices"], size)}

    def data_facts(self, params: Params, progress: Progress) -> dict[str, Any]:
        """Return what is known of a dataset."""
        from composer.engine.training.data.gallery import data_facts

        return data_facts(params, progress)

    def data_samples(self, params: Params, progress: Progress) -> dict[str, Any]:
        """Return thumbnails of samples of a dataset."""
        from composer.engine.training.data.gallery import data_samples

        return data_samples(params, progress)

    def data_preview(self, params: Params, progress: Progress) -> dict[str, Any]:
        """Return one sample of a design's data as the network sees it, with augmented versions."""
        from composer.engine.training.preview.preview import data_preview

        return data_preview(params)

    def evaluate(self, params: Params, progress: Progress) -> dict[str, Any]:
        """Measure a run on a part of its data, and write its predictions to a file of the window."""
        from composer.core.files.atomic import write_atomically
        from composer.engine.evaluation.evaluate import evaluate

        progress(0.0, "loading the network and the data")
        run, part, out = Path(params["run"]), params.get("part", "val"), Path(params["out"])
        device = params.get("device", "auto")
        result = evaluate(
            run, part=part, device=device, progress=lambda done, samples: progress(done / samples, "measuring")
        )
        write_atomically(out, lambda file: file.write(result.archive()))
        return {"file": str(out), "notes": list(result.notes)}

    def capture_maps(self, params: Params, progress: Progress) -> dict[str, Any]:
        """Capture the attention maps of an image."""
        return self._inspector.capture_maps(params, progress)

    def _load_weights(self, design: Design, params: Params) -> "Weights | None":
        """Return the weights of the requested run; None for fresh ones."""
        if not params.get("run"):
            return None
        from composer.engine.training.storage.weights import load_weights

        run, force = Path(params["run"]), params.get("force", False)
        return load_weights(run, design, self.inferrer.catalog, force=force)

    @cached_property
    def _inspector(self) -> "Inspector":
        from composer.engine.inspection.inspector import Inspector

        return Inspector(self.inferrer)

    def handlers(self) -> dict[str, Handler]:
        """Return the handlers of all requests by name: every public method but this one."""
        return {
            name: getattr(self, name) for name in vars(type(self)) if not name.startswith("_") and name != "handlers"
        }


def _import_torch(channel: Channel) -> None:
    """Import torch and send the window the devices of this machine.

    Runs in a thread beside the first requests, because facts of blocks with cached costs need no torch, whose import
    takes a second. A request that needs torch first imports `run_block`, as this function does, so that two threads
    never import the same modules in different orders.
    """
    with imports_without_gc():
        import torch

        import composer.engine.inference.run_block  # noqa: F401 - see above

    # The window and a training run share the machine, and inference on the meta device gains nothing from threads.
    torch.set_num_threads(max(1, (os.cpu_count() or 2) // 2))
    from composer.engine.device import devices

    channel.notify("torch", torch=torch.__version__, devices=devices())


def main() -> None:
    """Serve requests on stdin until it closes."""
    channel = Channel.stdio()
    engine = Engine()
    channel.notify("ready")
    threading.Thread(target=_import_torch, args=(channel,), name="torch", daemon=True).start()
    channel.serve(engine.handlers(), newest_only=frozenset({"facts", "source"}))


if __name__ == "__main__":
    main()
    # Run the exit handlers, then exit hard: unloading torch takes about a second, and the parent is waiting.
    atexit._run_exitfuncs()
    os._exit(0)
