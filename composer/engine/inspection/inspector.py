"""The window's requests for sample images and captured maps, and what the worker caches between them."""

import atexit
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from composer.core.blocks.identify import identify
from composer.core.files.design_file import design_hash
from composer.core.files.design_json import from_json
from composer.core.files.run_folder import BEST, LAST
from composer.core.graph import Design
from composer.core.training_inputs import IMAGE
from composer.engine.inference.infer import Inferrer
from composer.engine.inspection.inspection import inspect_image, write_maps
from composer.engine.inspection.subject import Subject, open_design, open_run
from composer.engine.training.data.inputs import load_for
from composer.engine.training.datasets.image_format import png_base64
from composer.engine.training.datasets.progress import progress_to
from composer.engine.training.monitoring.samples import sample_numbers
from composer.engine.training.storage.run import Run

# Folders of earlier replies that the window may still have open.
MAX_FOLDERS = 4
SAMPLES = 24
SAMPLE_SIZE = 64

Report = Callable[[float, str], None]


class Inspector:
    """Answers the window's requests to look into a network.

    Caches the network of the last request, for a person who clicks from image to image, and removes the folders of
    its replies when the process ends.

    Args:
        inferrer: the worker's, whose memo is used.
    """

    def __init__(self, inferrer: Inferrer) -> None:
        self.inferrer = inferrer
        self._subject_key: object = None
        self._subject: Subject | None = None
        self._folders: list[Path] = []

    def sample_images(self, params: Mapping[str, Any], progress: Report) -> dict[str, Any]:
        """Return validation images of the dataset that a design trains on, as PNG, some of each class.

        Args:
            params: ``design``, and optionally ``count``.
            progress: receives a fraction and a message.
        """
        design = from_json(params["design"])
        progress(0.1, "loading the data")
        with progress_to(progress):
            data = load_for(design, streamed=True)
        rows = []
        for index in sample_numbers(data.val, int(params.get("count") or SAMPLES)):  # of all classes, in any order
            batch = data.val.take(slice(index, index + 1))
            image = data.image_format().to_image(batch[IMAGE][0], SAMPLE_SIZE)
            rows.append({"index": index, "label": data.label(batch, 0), "png_base64": png_base64(image)})
        return {"images": rows}

    def capture_maps(self, params: Mapping[str, Any], progress: Report) -> dict[str, Any]:
        """Capture the maps of one image and write them to files.

        Args:
            params: ``design``, ``run`` (a folder, or None for untrained weights), ``image`` (``{"path"}``, or
                ``{"sample"}`` with ``part``, by default ``val``), ``nodes``.
            progress: receives a fraction and a message.
        """
        design = from_json(params["design"])
        notes: list[str] = []
        progress(0.1, "loading the network")
        with progress_to(progress):
            subject = self._load_subject(design, params.get("run"))
        if subject.trained and design_hash(subject.design) != design_hash(design):
            notes.append("the design has changed since this run; the maps are of the network that was trained")
        if subject.weights is not None:
            notes += subject.weights.remarks
        else:
            notes.append("the network is not trained yet: its weights are random")
        progress(0.5, "running the network")
        image = params.get("image") or {}
        inspection = inspect_image(
            subject,
            self.inferrer.catalog,
            image=Path(image["path"]) if image.get("path") else None,
            sample=image.get("sample"),
            part=image.get("part", "val"),
            nodes=params.get("nodes"),
        )
        notes += inspection.notes
        progress(0.8, "writing the maps")
        folder = self._new_folder()
        entries = write_maps(inspection, folder)
        return {
            "image_png": str(folder / "image.png"),
            "image_size": list(inspection.image.shape[1:]),
            "prediction": [{"label": label, "probability": share} for label, share in inspection.prediction],
            "label": inspection.label,
            "trained": subject.trained,
            "notes": notes,
            "folder": str(folder),
            "maps": entries,
        }

    def _load_subject(self, design: Design, run_path: str | None) -> Subject:
        """Return the network, from the cache while nothing about it has changed."""
        run = Run.open(run_path) if run_path else None
        network = identify(design if run is None else run.design(), self.inferrer.catalog)
        key: object = (network.key, design.training)
        if run is not None:
            weights = next((path for path in (run.path / BEST, run.path / LAST) if path.exists()), run.path)
            key = (run.path, network.key, weights, weights.stat().st_mtime_ns)
        if self._subject is None or self._subject_key != key:
            subject = (
                open_run(run, self.inferrer, force=True) if run is not None else open_design(design, self.inferrer)
            )
            self._subject_key, self._subject = key, subject
        return self._subject

    def _new_folder(self) -> Path:
        """Create a folder for a reply and remove the oldest ones."""
        if not self._folders:
            atexit.register(self.remove_folders)
        self._folders.append(Path(tempfile.mkdtemp(prefix="netcomposer_maps_")))
        while len(self._folders) > MAX_FOLDERS:
            shutil.rmtree(self._folders.pop(0), ignore_errors=True)
        return self._folders[-1]

    def remove_folders(self) -> None:
        """Remove the folders of all replies."""
        for folder in self._folders:
            shutil.rmtree(folder, ignore_errors=True)
        self._folders.clear()
