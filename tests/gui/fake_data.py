"""Answers about a dataset of coloured squares, without torch: 1,200 images of three classes."""

import base64
import struct
import zlib

from composer.core import json_rpc
from composer.core.data_facts import DataFacts, FieldFacts, PartFacts

CLASSES = ("bird", "cat", "dog")
COLORS = ((220, 120, 40), (60, 140, 220), (80, 170, 90))
# Samples of each class, by part.
COUNTS = {"train": (500, 300, 100), "val": (100, 60, 20), "test": (60, 40, 20)}


def png(width: int, height: int, color: tuple[int, int, int]) -> str:
    """Return an image with a bright left half, as base64 text."""
    bright = bytes(min(255, value + 60) for value in color)
    line = b"\0" + bright * (width // 2) + bytes(color) * (width - width // 2)
    parts = [b"\x89PNG\r\n\x1a\n"]
    for kind, data in (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(line * height)),
        (b"IEND", b""),
    ):
        parts += [struct.pack(">I", len(data)), kind, data, struct.pack(">I", zlib.crc32(kind + data))]
    return base64.b64encode(b"".join(parts)).decode()


def facts(source: str) -> DataFacts:
    """Return the facts of the dataset."""
    return DataFacts(
        source=source,
        fields={"image": FieldFacts("image"), "label": FieldFacts("label", (), "int64")},
        classes=CLASSES,
        parts={name: PartFacts(sum(counts), counts) for name, counts in COUNTS.items()},
        channels=3,
        sizes=((320, 240), (1024, 768), (4000, 3000)),
        broken=(("cat/torn.jpg", "the file is cut off"), ("dog/notes.png", "it is no image")),
        notes=("A fifth of the training images is held out for validation",),
        digest="0123456789abcdef",
        mean=(0.48, 0.45, 0.41),
        std=(0.23, 0.22, 0.22),
        fit="crop",
    )


def label_of(part: str, index: int) -> int:
    """Return the class of a sample: those of a class follow each other."""
    for number, count in enumerate(COUNTS[part]):
        if index < count:
            return number
        index -= count
    raise IndexError(index)


def answer(method: str, params: dict) -> dict:
    """Return the response to a request."""
    source = params.get("data", "")
    if source == "npz":
        return {"error": json_rpc.error(None, json_rpc.USER_ERROR, "data npz needs the option file")["error"]}
    if "missing" in str(source):
        message = f"data {source!r} cannot be read: there is no such folder; choose another one"
        return {"error": json_rpc.error(None, json_rpc.USER_ERROR, message)["error"]}
    if method == "data_facts":
        return {"result": facts(str(source)).to_json()}
    if method == "data_samples":
        return {"result": {"samples": samples(params)}}
    number = label_of(params["part"], params["index"])
    original = {"png": png(80, 60, COLORS[number]), "width": 1024, "height": 768, "crop": [0.125, 0.0, 0.75, 1.0]}
    seen = png(32, 32, COLORS[number])
    draws = [{"png": seen, "label": CLASSES[number]} for _ in range(params["draws"])]
    if params["epoch"] > 1:
        draws[0]["label"] = "62 % cat, 38 % dog"
    return {"result": {"original": original, "seen": {"png": seen}, "draws": draws, "label": CLASSES[number]}}


def samples(params: dict) -> list[dict]:
    """Return the requested samples of a part."""
    part, label = params["part"], params["label"]
    counts = COUNTS[part]
    first, end = (0, sum(counts)) if label is None else (sum(counts[:label]), sum(counts[: label + 1]))
    indices = range(first, end)[params["offset"] : params["offset"] + params["count"]]
    return [
        {
            "index": index,
            "name": f"{CLASSES[label_of(part, index)]}/{index:04}.png",
            "label": CLASSES[label_of(part, index)],
            "png": png(params["size"], params["size"] * 3 // 4, COLORS[label_of(part, index)]),
        }
        for index in indices
    ]
