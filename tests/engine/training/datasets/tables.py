"""Tables of images for tests: parquet files and the cache of the Hugging Face Hub."""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

PIXELS = np.random.RandomState(0).randint(0, 256, (60, 12, 10, 3)).astype(np.uint8)


def png(pixels: np.ndarray) -> bytes:
    """Return pixels as the bytes of a PNG file."""
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


def table(part: slice = slice(None), *, names: tuple[str, ...] = ("cat", "dog", "eel")) -> Any:
    """Return a table as Hugging Face writes it: structs of bytes and path, and named classes in the metadata."""
    import pyarrow as pa

    pixels = PIXELS[part]
    images = [{"bytes": png(image), "path": f"{number}.png"} for number, image in enumerate(pixels)]
    features = {"image": {"_type": "Image"}, "label": {"names": list(names), "_type": "ClassLabel"}}
    metadata = {"huggingface": json.dumps({"info": {"features": features}})}
    labels = np.arange(60)[part] % len(names)
    return pa.table({"image": images, "label": pa.array(labels)}).replace_schema_metadata(metadata)


def shown(data: Any, part: str) -> np.ndarray:
    """Return the pixels (N, H, W, C) of a part as the network sees them."""
    image = data.parts()[part].take(slice(None))["image"]
    return np.rint(data.image_format().denormalize(image).permute(0, 2, 3, 1).numpy() * 255).astype(np.uint8)


def write_hub_cache(home: Path, name: str, tables: dict[str, Any]) -> None:
    """Write a dataset into the cache of `datasets`, as it is after a download."""
    import pyarrow as pa

    folder = home / "datasets" / name.replace("/", "___") / "default" / "0.0.0" / "0123456789abcdef"
    folder.mkdir(parents=True)
    short = name.rsplit("/", maxsplit=1)[-1]
    splits = {}
    for part, rows in tables.items():
        with pa.ipc.new_stream(folder / f"{short}-{part}.arrow", rows.schema) as writer:
            writer.write_table(rows)
        splits[part] = {"name": part, "num_bytes": rows.nbytes, "num_examples": len(rows), "dataset_name": short}
    features = json.loads(rows.schema.metadata[b"huggingface"])["info"]["features"]
    info = {
        "features": features,
        "builder_name": "parquet",
        "dataset_name": short,
        "config_name": "default",
        "version": {"version_str": "0.0.0", "major": 0, "minor": 0, "patch": 0},
        "splits": splits,
    }
    (folder / "dataset_info.json").write_text(json.dumps(info))
