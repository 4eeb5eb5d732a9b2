"""Images and labels in parquet files, as Hugging Face publishes them and as pandas and polars write them."""

from functools import lru_cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any, Literal

import psutil

from composer.core.data_facts import PARTS
from composer.core.errors import UserError
from composer.engine.training.datasets import dataset
from composer.engine.training.datasets.encoded_images import EncodedDataset, EncodedImages, images_of_tables
from composer.engine.training.datasets.extra import missing_package
from composer.engine.training.datasets.file_stamp import file_stamp
from composer.engine.training.datasets.formats.image_table import find_columns
from composer.engine.training.datasets.image_folder.listing import PART_OF

MEMORY_SHARE = 0.5  # of the free memory that the files of images may take
EXPECTED = "expected a parquet file, or a folder of train-*.parquet, perhaps validation-*.parquet and test-*.parquet"


@dataset(title="Parquet file", fields=("image", "label"))
class ParquetFile(EncodedDataset):
    """A parquet file, or a folder of files named after their parts, with a column of image files and one of labels.

    Images are bytes, or a struct of bytes and path; labels are integers or texts. Needs pyarrow.

    Args:
        file: the file or folder.
        image_column: name of the column of images; empty recognizes it.
        label_column: name of the column of labels; empty recognizes it.
        fit: how images of other proportions meet the input.
        val_share: share of the training samples that is held out for validation, where there are no files for it.
        test_share: share of the samples that is held out for the test, where there are no files for it.
        split_seed: seed of the division into parts; runs with other seeds cannot be compared.
    """

    def __init__(
        self,
        file: Path,
        image_column: str = "",
        label_column: str = "",
        fit: Literal["crop", "pad", "stretch"] = "crop",
        val_share: Annotated[float, (0.01, 0.5)] = 0.1,
        test_share: Annotated[float, (0, 0.5)] = 0.1,
        split_seed: Annotated[int, (0, 2147483647)] = 0,
    ) -> None:
        self.file = Path(file)
        self.columns = (image_column, label_column)
        super().__init__(fit, val_share, test_share, split_seed)

    def stamp(self) -> str:
        """Return the state of the files, also of those in the folder ``data`` within."""
        return f"{file_stamp(self.file)} {file_stamp(self.file / 'data')}"

    def images(self) -> EncodedImages:
        """Read the images."""
        return _read(self.file, self.columns, self.stamp())


@lru_cache(maxsize=1)
def _read(path: Path, names: tuple[str, str], _stamp: str) -> EncodedImages:
    """Read the files of a path.

    Raises:
        UserError: if they cannot be read, or hold no labelled images.
    """
    parquet = _import_parquet()
    files = _find_files(path)
    _check_memory(path, [_call(file, parquet.read_metadata) for part in files.values() for file in part])
    columns = find_columns(_call(files["train"][0], parquet.read_schema), str(path), *names)
    wanted = [columns.image, columns.label]
    tables = {}
    for part, paths in files.items():
        for file in paths:
            find_columns(_call(file, parquet.read_schema), str(file), *wanted)
        tables[part] = (_call(path, lambda _, paths=paths: _read_table(parquet, paths, wanted)), paths[0].parent)
    return images_of_tables(tables, columns.image, columns.label, str(path))


def _read_table(parquet: ModuleType, files: list[Path], columns: list[str]) -> Any:
    tables = [parquet.read_table(file, columns=columns) for file in files]
    return tables[0] if len(tables) == 1 else import_module("pyarrow").concat_tables(tables)


def _find_files(path: Path) -> dict[str, list[Path]]:
    """Return the files of each part, those of the training part first."""
    if path.is_file():
        return {"train": [path]}
    if not path.is_dir():
        raise UserError(f"{path}: there is no such file or folder; {EXPECTED}")
    files: dict[str, list[Path]] = {}
    for file in [*sorted(path.glob("*.parquet")), *sorted(path.glob("data/*.parquet"))]:
        if part := PART_OF.get(file.stem.split("-")[0].lower()):
            files.setdefault(part, []).append(file)
    if "train" not in files:
        raise UserError(f"{path}: holds no file train-*.parquet; {EXPECTED}")
    return {part: files[part] for part in PARTS if part in files}


def _check_memory(path: Path, metadata: list[Any]) -> None:
    """Refuse files that do not fit into memory."""
    size = sum(row.row_group(number).total_byte_size for row in metadata for number in range(row.num_row_groups))
    free = psutil.virtual_memory().available
    if size > MEMORY_SHARE * free:
        raise UserError(
            f"{path}: holds {size / 1e9:.1f} GB, more than half of the free memory ({free / 1e9:.1f} GB); "
            "unpack the images to a folder and use images:FOLDER"
        )


def _import_parquet() -> ModuleType:
    try:
        return import_module("pyarrow.parquet")
    except ImportError as error:
        raise missing_package("parquet", "pyarrow", error) from None


def _call(file: Path, function: Any) -> Any:
    """Call a function of pyarrow with a file; its errors become a sentence."""
    try:
        return function(file)
    except UserError:
        raise
    except OSError as error:
        raise UserError(f"{file}: cannot be read: {error.strerror or str(error).splitlines()[0]}; {EXPECTED}") from None
    except Exception as error:  # noqa: BLE001 - Arrow raises errors of many types for damaged files
        raise UserError(f"{file}: cannot be read as parquet ({str(error).splitlines()[0]:.160}); {EXPECTED}") from None
