"""An engine that needs no torch: answers `sample_images` and `capture_maps` with maps of several kinds."""

import base64
import json
import struct
import sys
import tempfile
import zlib
from pathlib import Path

import numpy as np

from composer.core import json_rpc

HEADS = ("mean of heads", "head 1", "head 2")
FOLDER = Path(tempfile.mkdtemp(prefix="netcomposer-fake-maps-", dir=sys.argv[1]))


def png(side: int, grey: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    rows = b"".join(b"\0" + bytes([grey]) * side for _ in range(side))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def saved(name: str, array: np.ndarray) -> str:
    np.save(FOLDER / f"{name}.npy", array.astype(np.float32))
    return str(FOLDER / f"{name}.npy")


def entry(
    layer: str,
    kind: str,
    images: np.ndarray,
    titles: list[str],
    *,
    over: bool,
    queries: np.ndarray | None = None,
    bars: tuple[str, np.ndarray] | None = None,
) -> dict:
    node, grid = layer.partition(".")[0], list(images.shape[1:])
    query_files = None
    if queries is not None:
        query_files = {"file": saved(f"{layer}-queries", queries), "grid": list(queries.shape[1:3])}
    bar_file = None
    if bars is not None:
        bar_file = {"file": saved(f"{layer}-bars", bars[1]), "title": f"{kind} bars", "axis": bars[0]}
    shape = [1, 2, 16, 16]
    return {
        "node": node,
        "layer": layer,
        "call": 0,
        "kind": kind,
        "title": f"{layer}: {kind}",
        "shape": shape,
        "grid": grid,
        "over_image": over,
        "file": "",
        "images": {"file": saved(f"{layer}-{kind}", images), "titles": titles},
        "bars": bar_file,
        "queries": query_files,
        "notes": [],
    }


def failure(message: str, **data: str) -> dict:
    """The error part of a response."""
    return {"error": json_rpc.error(None, json_rpc.USER_ERROR, message, **data)["error"]}


def capture_maps(params: dict) -> dict:
    if "path" in params["image"] and not Path(params["image"]["path"]).is_file():
        return failure(f"{Path(params['image']['path']).name}: file not found", trace="Traceback: here")
    if str(params["run"]).endswith("torn"):
        return failure("best.pt is not a readable checkpoint", trace="")
    (FOLDER / "image.png").write_bytes(png(64, 90))
    queries = np.zeros((2, 4, 4, 4, 4))
    for row in range(4):
        for column in range(4):
            queries[:, row, column, row, column] = [1.0, 0.5]  # each position attends to itself
    heads = np.stack([np.full((4, 4), 0.2), np.arange(16.0).reshape(4, 4), np.eye(4)])
    maps = [
        entry(
            "stem",
            "channel",
            np.linspace(0, 1, 24)[None, None],
            ["gate of each channel"],
            over=False,
            bars=("channel", np.linspace(0, 1, 24)),
        ),
        entry("attn", "token_pairs", heads, [f"received, {which}" for which in HEADS], over=True, queries=queries),
        entry(
            "stage.0.sk",
            "branch",
            np.array([[[0.2, 0.4], [0.8, 0.6]]]),
            ["weights"],
            over=False,
            bars=("branch", np.array([0.3, 0.7])),
        ),
        entry(
            "dend",
            "segment",
            np.array([[[0.0, 2.0, 1.0]] * 3 + [[3.0, 2.0, 1.0]]]),
            ["response"],
            over=False,
            bars=("segment", np.array([1.0, 3.0, 0.0])),
        ),
    ]
    prediction = [{"label": "9", "probability": 0.9}, {"label": "3", "probability": 0.1}]
    notes = (
        ["the network is not trained yet: its weights are random"]
        if params["run"] is None
        else [f"run {Path(params['run']).name}"]
    )
    result = {
        "image_png": str(FOLDER / "image.png"),
        "image_size": [16, 16],
        "prediction": prediction,
        "label": "9",
        "trained": params["run"] is not None,
        "notes": notes,
        "folder": str(FOLDER),
        "maps": maps,
    }
    return {"result": result}


def sample_images(params: dict) -> dict:
    if len(params["design"]["main"]["inputs"]) > 1:
        return failure("the design has 2 inputs, but image data fills exactly one", trace="")
    rows = [
        {"index": index, "label": str(index), "png_base64": base64.b64encode(png(16, 20 * index)).decode()}
        for index in range(6)
    ]
    return {"result": {"images": rows}}


def facts(params: dict) -> dict:
    totals = {"params": 0, "params_trainable": 0, "macs": 0, "activation_bytes": 0}
    return {
        "result": {
            "revision": params["revision"],
            "reset": True,
            "changed": {},
            "removed": [],
            "totals": totals,
            "problems": [],
        }
    }


print(json_rpc.encode(json_rpc.notification("ready", {"torch": "0", "devices": []})), flush=True)
for line in sys.stdin:
    message = json.loads(line)
    if message["method"] != json_rpc.CANCEL:
        answer = {"sample_images": sample_images, "capture_maps": capture_maps, "facts": facts}[message["method"]](
            message["params"]
        )
        print(json_rpc.encode({"jsonrpc": "2.0", "id": message["id"], **answer}), flush=True)
