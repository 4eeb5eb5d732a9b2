"""The engine worker: one long-lived process that answers the window's questions about shapes, costs, source and attention."""

import os
from collections.abc import Mapping
from typing import Any

from composer.core.design_file import dumps, write_atomically
from composer.core.facts import NodeFacts
from composer.core.wire_json import from_json
from composer.engine.protocol import Channel, Progress


class Engine:
    """What the worker keeps between requests: the memo, and what it told the window last."""

    def __init__(self) -> None:
        from composer.engine.infer import Inferrer

        self.inferrer = Inferrer()
        self.told: dict[str, NodeFacts] = {}

    def facts(self, params: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
        """Facts of a design, as far as they differ from the last answer."""
        inference = self.inferrer.infer(from_json(params["design"]), params.get("batch", 1))
        now = dict(inference.facts.nodes)
        reset = bool(params.get("reset")) or not self.told
        before = {} if reset else self.told
        changed = {path: facts for path, facts in now.items() if path not in before or before[path] != facts}
        self.told = now
        totals = inference.facts.totals
        return {
            "revision": params.get("revision", 0),
            "reset": reset,
            "changed": {path: facts.to_json() for path, facts in changed.items()},
            "removed": [path for path in before if path not in now],
            "totals": {
                "params": totals.params,
                "params_trainable": totals.params_trainable,
                "macs": totals.macs,
                "activation_bytes": totals.activation_bytes,
            },
            "problems": [[p.message, p.node, p.graph, p.level] for p in inference.structural],
        }

    def source(self, params: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
        """The generated Python text."""
        from composer.engine.codegen import generate

        inference = self.inferrer.infer(from_json(params["design"]))
        return {"source": generate(inference, self.inferrer.catalog, inline=params.get("inline", True))}

    def layers(self, params: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
        """The table that torchinfo prints."""
        from composer.engine.layers import layer_table

        return {"text": layer_table(from_json(params["design"]), params.get("batch", 1))}

    def export(self, params: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
        """Write a design to a file as YAML or Python."""
        from pathlib import Path

        target = params["target"]
        design = from_json(params["design"])
        text = dumps(design) if target == "yaml" else self.source(params, progress)["source"]
        write_atomically(Path(params["path"]), lambda file: file.write(text.encode()))
        return {"path": params["path"]}

    def images(self, params: Mapping[str, Any], progress: Progress) -> Any:
        """Sample images of a data set."""
        from composer.engine.capture import handlers_images

        return handlers_images(params, progress)

    def capture(self, params: Mapping[str, Any], progress: Progress) -> Any:
        """Attention maps of an image."""
        from composer.engine.capture import handlers_capture

        return handlers_capture(params, progress)


def main() -> None:
    """Serve requests on stdin until it closes."""
    channel = Channel.stdio()
    import torch

    # The window's own work and a training run share the machine: inference on the meta device gains nothing from threads.
    torch.set_num_threads(max(1, (os.cpu_count() or 2) // 2))
    from composer.engine.device import devices

    engine = Engine()
    channel.send({"event": "ready", "torch": torch.__version__, "devices": devices()})
    handlers = {
        "facts": engine.facts,
        "source": engine.source,
        "layers": engine.layers,
        "export": engine.export,
        "images": engine.images,
        "capture": engine.capture,
    }
    channel.serve(handlers, newest_only=frozenset({"facts", "source"}))


if __name__ == "__main__":
    main()
