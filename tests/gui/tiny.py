"""A network that learns digits in a second, and runs as the training process writes them."""

import json
import os
import socket
from pathlib import Path

from composer.core.files.design_file import design_hash, save
from composer.core.graph import Design, Graph, Input, Node, Output, Training, Wire
from composer.core.run_records import declared_head


def tiny(epochs: int = 1) -> Design:
    """Stem and head for 8 x 8 images."""
    nodes = {
        "stem": Node("stem", "ConvStem", {"out_channels": 8}),
        "head": Node("head", "ClassifierHead", {"num_classes": 10}),
    }
    wires = (Wire("image", "stem"), Wire("stem", "head"), Wire("head", "logits"))
    main = Graph({"image": Input("image", (1, 8, 8))}, nodes, {"logits": Output("logits")}, wires)
    return Design("Tiny", main, training=Training(epochs=epochs, batch_size=128, augment=(), warmup_epochs=0.0))


def write_run(
    folder: Path,
    design: Design,
    *,
    state: str = "done",
    epochs: int = 3,
    steps: int = 12,
    pid: int = 0,
    created: float = 1e9,
) -> Path:
    """A run folder, made without training."""
    (folder / "checkpoints").mkdir(parents=True)
    save(design, folder / "design.yaml")
    settings = {
        "training": {"data": "digits", "epochs": epochs, "batch_size": 64},
        "created": created,
        "design_hash": design_hash(design),
    }
    (folder / "settings.json").write_text(json.dumps(settings))
    total = epochs * steps
    head = declared_head("classification")
    lines: list[dict[str, object]] = [head.to_record()]
    for epoch in range(1, epochs + 1):
        first = (epoch - 1) * steps + 1
        same = {"kind": "step", "steps": total, "epoch": epoch, "lr": 0.1, "samples_per_s": 100.0}
        lines += [
            {**same, "step": step, "x": step / steps, "loss": 2 / step, "time": step}
            for step in range(first, first + steps)
        ]
        metrics = {
            "train": {"loss": 1 / epoch, "accuracy": 0.8},
            "val": {"loss": 1.1 / epoch, "accuracy": 1 - 0.3 / epoch},
        }
        record = {"kind": "epoch", "epoch": epoch, "epochs": epochs, "step": epoch * steps, "metrics": metrics}
        lines.append({**record, "x": float(epoch), "seconds": 1.0, "time": epoch * steps})
    (folder / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (folder / "checkpoints" / "last.pt").write_bytes(b"weights")
    best = {"metric": head.primary.to_json(), "value": 1 - 0.3 / epochs, "epoch": epochs}
    now = {
        "state": state,
        "epoch": epochs,
        "epochs": epochs,
        "steps": total,
        "pid": pid or os.getpid(),
        "host": socket.gethostname(),
        "best": best,
        "device_label": "CPU",
    }
    (folder / "state.json").write_text(json.dumps(now))
    return folder
