"""Image datasets of the Hugging Face Hub, from the cache on this computer or downloaded on request.

Q. Lhoest et al., "Datasets: A Community Library for Natural Language Processing", EMNLP 2021, arXiv:2109.02846.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any, Literal

from composer.core.data_facts import PARTS
from composer.core.errors import UserError
from composer.engine.training.datasets import dataset
from composer.engine.training.datasets.encoded_images import EncodedDataset, EncodedImages, images_of_tables
from composer.engine.training.datasets.extra import missing_package
from composer.engine.training.datasets.image_folder.listing import PART_OF


@dataset(title="Hugging Face Hub", fields=("image", "label"))
class HubDataset(EncodedDataset):
    """A dataset of labelled images by its name on the Hugging Face Hub, such as mnist or owner/name.

    It is read from the cache on this computer; nothing is downloaded unless the option says so. Needs datasets.

    Args:
        name: name of the dataset on the Hub.
        config: name of its configuration, where it has several.
        download: whether it is downloaded if it is not in the cache.
        image_column: name of the column of images; empty recognizes it.
        label_column: name of the column of labels; empty recognizes it.
        fit: how images of other proportions meet the input.
        val_share: share of the training samples that is held out for validation, where the dataset has no such part.
        test_share: share of the samples that is held out for the test, where the dataset has no such part.
        split_seed: seed of the division into parts; runs with other seeds cannot be compared.
    """

    def __init__(
        self,
        name: str,
        config: str = "",
        download: bool = False,
        image_column: str = "",
        label_column: str = "",
        fit: Literal["crop", "pad", "stretch"] = "crop",
        val_share: Annotated[float, (0.01, 0.5)] = 0.1,
        test_share: Annotated[float, (0, 0.5)] = 0.1,
        split_seed: Annotated[int, (0, 2147483647)] = 0,
    ) -> None:
        self.name = name
        self.config = config
        self.download = download
        self.columns = (image_column, label_column)
        super().__init__(fit, val_share, test_share, split_seed)

    def images(self) -> EncodedImages:
        """Read the images."""
        return _read(self.name, self.config, self.download, self.columns)


@lru_cache(maxsize=1)
def _read(name: str, config: str, download: bool, columns: tuple[str, str]) -> EncodedImages:
    """Read a dataset.

    Raises:
        UserError: if it is not there, or holds no labelled images.
    """
    try:
        library = import_module("datasets")
    except ImportError as error:
        raise missing_package("hub", "datasets", error) from None
    where = f"hub:{name}"
    with _quiet(library), _offline(library, not download):
        splits = _load(library, where, name, config, download)
        tables: dict[str, tuple[Any, Path]] = {}
        for split, rows in splits.items():
            part = PART_OF.get(str(split).lower())
            if part is not None and part not in tables:
                # A selection of rows is written out, so that the table has them in their order.
                rows = rows if rows._indices is None else rows.flatten_indices()
                tables[part] = (rows.data.table, Path())
    if "train" not in tables:
        raise UserError(f"{where}: has the parts {', '.join(map(str, splits))}, but none to train on")
    return images_of_tables({part: tables[part] for part in PARTS if part in tables}, *columns, where=where)


def _load(library: ModuleType, where: str, name: str, config: str, download: bool) -> Any:
    """Return the splits of a dataset by name."""
    cache = Path(library.config.HF_DATASETS_CACHE) / name.replace("/", "___")
    try:
        splits = library.load_dataset(name, config or None)
    except (ConnectionError, FileNotFoundError):  # also the errors of the Hub for unknown names
        hint = "check the name and the connection" if download else "add the option download: true"
        raise UserError(
            f"{where}: is not in the cache, where it would be {cache}, and {_reason_offline(download)}; {hint}"
        ) from None
    except Exception as error:  # noqa: BLE001 - the library raises errors of every type for what it cannot build
        reason = " ".join(str(error).split())
        raise UserError(f"{where}: cannot be loaded: {reason:.300}") from None
    if not hasattr(splits, "items"):
        raise UserError(f"{where}: is a {type(splits).__name__}, expected splits of samples")
    return splits


def _reason_offline(download: bool) -> str:
    return "could not be downloaded from the Hub" if download else "nothing is downloaded unasked"


@contextmanager
def _offline(library: ModuleType, offline: bool) -> Iterator[None]:
    """Keep the library from the network; it reads its variable HF_HUB_OFFLINE once, when it is imported."""
    modules = [library.config, import_module("huggingface_hub.constants")]
    before = [module.HF_HUB_OFFLINE for module in modules]
    try:
        for module, state in zip(modules, before, strict=True):
            module.HF_HUB_OFFLINE = offline or state
        yield
    finally:
        for module, state in zip(modules, before, strict=True):
            module.HF_HUB_OFFLINE = state


@contextmanager
def _quiet(library: ModuleType) -> Iterator[None]:
    """Keep the library from writing progress bars and advice between the lines of a training."""
    level = library.logging.get_verbosity()
    shown = library.is_progress_bar_enabled()
    library.logging.set_verbosity_error()
    library.disable_progress_bars()
    try:
        yield
    finally:
        library.logging.set_verbosity(level)
        if shown:
            library.enable_progress_bars()
