"""An engine that needs no torch: answers as the real one does, a little wrongly where a test asks for it."""

import json
import os
import sys
import time
from pathlib import Path

import fake_data

from composer.core import json_rpc
from composer.core.files.design_delta import DeltaReader, OutOfSync
from composer.core.files.design_json import to_json

READER = DeltaReader()
LINES = 12_000
# What a test can cancel: with a design of the name "hang" these never end.
LONG = ("fit", "verify", "profile", "export")


def placed(design: dict, graph: dict, prefix: str = "") -> list[tuple[str, list]]:
    """Path and row of each node, a sub-graph before what is in it."""
    paths = []
    for row in graph["nodes"]:
        paths.append((prefix + row[0], row))
        if row[1].startswith("graph:"):
            paths += placed(design, design["graphs"][row[1].removeprefix("graph:")], f"{prefix}{row[0]}/")
    return paths


def facts(params: dict) -> dict:
    design = params["design"]
    changed, problems = {}, []
    for id, block, node_params, *_ in design["main"]["nodes"]:
        shape = (params["batch"], 8, 16, 16)
        error = "num_heads: 5 does not divide dim 64" if node_params.get("num_heads") == 5 else None
        warning = "reads tokens as channels" if node_params.get("num_heads") == 7 else None
        repair = {
            "label": "Set num_heads to 4",
            "edits": [{"edit": "set_params", "arguments": {"id": id, "params": {"num_heads": 4}}}],
        }
        changed[id] = {
            "block": block,
            "resolved": {**node_params, "in_channels": 3, "dim": 64},
            "inferred": ["in_channels"],
            "outputs": [{"port": "out", "shape": shape, "dtype": "float32"}],
            "params": 0 if error else 1000 * (1 + len(changed)),
            "macs": 2000 * params["batch"],
            "activation_bytes": 4000 * params["batch"],
            "error": error,
            "warning": warning,
            "repairs": [repair] if error or warning else [],
        }
    if not design["main"]["outputs"]:
        problems.append(["the design has no output; add one and wire the last node to it", None, "", "error"])
    total = sum(node["params"] for node in changed.values())
    totals = {
        "params": total,
        "params_trainable": total,
        "macs": 2000 * len(changed) * params["batch"],
        "activation_bytes": 0,
    }
    for path, (_, block, *_) in placed(design, design["main"]):
        changed.setdefault(path, {"block": block, "params": 10, "macs": 20, "activation_bytes": 40})
    return {
        "revision": params["revision"],
        "reset": True,
        "changed": changed,
        "removed": [],
        "totals": totals,
        "problems": problems,
    }


def send(message: dict) -> None:
    print(json_rpc.encode(message), flush=True)


def progress(id: int, fraction: float, text: str) -> None:
    send(json_rpc.notification(json_rpc.PROGRESS, {"id": id, "fraction": fraction, "message": text}))


def failure(message: str, **data: str) -> dict:
    """The error part of a response."""
    return {"error": json_rpc.error(None, json_rpc.USER_ERROR, message, **data)["error"]}


def proof_of(design: dict) -> dict:
    """A proof, which fails if the first node is called ``wrong``."""
    ok = design["main"]["nodes"][0][0] != "wrong"
    differences = {"forward (eval)": 0.0 if ok else 0.5, "forward (train)": 0.0, "gradients": 0.0}
    numbers = {"params": 3000, "params_expected": 3000, "differences": differences}
    message = "verified: keys match" if ok else "NOT EQUAL: keys match"
    return {"ok": ok, "keys_match": True, **numbers, "design": "abc", "torch": "0", "message": message}


def answer(message: dict) -> dict:
    params = message.get("params", {})
    match message["method"]:
        case "facts":
            try:
                design = to_json(READER.read(params["design"]))
            except OutOfSync:
                return {"result": {"again": True}}
            return {"result": facts({**params, "design": design})}
        case "preview":
            known = facts({"batch": 1, "revision": 0, **params})
            errors = [node["error"] for node in known["changed"].values() if node["error"]]
            return {
                "result": {
                    "errors": errors,
                    "totals": known["totals"],
                    "facts": known["changed"] if params.get("facts") else {},
                }
            }
        case "repairs":
            node = facts({"batch": 1, "revision": 0, **params})["changed"].get(params["id"])
            return {"result": {"repairs": node["repairs"] if node else []}}
        case "source":
            return {
                "result": {
                    "source": '"""A model\nof two lines."""\n\nclass Model(nn.Module):\n    # built\n'
                    "    self.conv_stem = ConvStem(3)\n" * 3
                }
            }
        case "reload_blocks":
            return {"result": {}}
        case "echo":
            return {"result": params}
        case "fail":
            return failure("this went wrong", trace="Traceback: here")
        case "long":
            return {"result": {"lines": ["x" * 80] * LINES}}
        case "export":
            Path(params["path"]).write_text("exported", encoding="utf-8")
            proof = proof_of(params["design"]) if params.get("verify") else None
            return {"result": {"path": params["path"], "proof": proof}}
        case "fit":
            if params["params"] is not None and params["params"] < 1000:
                return failure("no setting meets the budget; the nearest is width 8")
            values = [dict.fromkeys(params["vary"], width) for width in (96, 48)]
            table = [
                {"values": setting, "params": 900_000 // (1 + n), "macs": 10_000} for n, setting in enumerate(values)
            ]
            return {"result": {"best": table[0], "table": table, "evaluations": 2}}
        case "verify":
            return {"result": proof_of(params["design"])}
        case "profile":
            nodes = [
                {"id": path, "milliseconds": 1.5 + n, "share": 0.5, "peak_bytes": 2048}
                for n, (path, _) in enumerate(placed(params["design"], params["design"]["main"]))
            ]
            whole = {"milliseconds": 4.0, "overhead": 0.25, "peak_bytes": 4096}
            return {"result": {"nodes": nodes, **whole, "device": params["device"], "batch": params["batch"]}}
        case "device_profile":
            figures = {"memory": 0, "bandwidth": 1e9, "peaks": {"fp32": 1e9}, "source": "measured just now"}
            return {"result": {"key": "this", "title": "Fake CPU", **figures}}
        case "data_facts" | "data_samples" | "data_preview":
            return fake_data.answer(message["method"], params)
        case "die":
            print("out of memory", file=sys.stderr, flush=True)
            os._exit(3)
    return failure(f"unknown method {message['method']}")


def main() -> None:
    print("a stray print of a library", flush=True)
    devices = [{"name": "cpu", "label": "Fake CPU"}]
    send(json_rpc.notification("ready", {"torch": "0", "devices": devices}))
    cancelled: list[int] = []
    for line in sys.stdin:
        message = json.loads(line)
        if message["method"] == json_rpc.CANCEL:
            cancelled.append(message["params"]["id"])
        elif message.get("method") == "hang" or (
            message.get("method") in LONG and message["params"]["design"]["name"] == "hang"
        ):
            progress(message["id"], 0.5, "half")
            time.sleep(60)
        elif message.get("method") == "slow":
            for step in range(3):
                progress(message["id"], step / 3, f"step {step}")
            send(json_rpc.result(message["id"], {"done": True}))
        elif message.get("method") == "cancelled":
            send(json_rpc.result(message["id"], {"ids": cancelled}))
        else:
            send({"jsonrpc": "2.0", "id": message["id"], **answer(message)})


if __name__ == "__main__":
    main()
