"""A dataset of the user's own, in a Python file that they trust."""

import importlib.util
import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from composer.core.data_facts import DataFacts
from composer.core.dataset_file import read_dataset_file
from composer.core.declarations import Declaration
from composer.core.errors import UserError
from composer.core.files.trusted_files import untrusted_reason
from composer.core.files.yaml_loader import parse_yaml
from composer.core.training_settings import option_problems
from composer.engine.training.datasets import Dataset, LoadedDataset, Shapes, dataset, declared_facts
from composer.engine.training.datasets.file_stamp import file_stamp

T = TypeVar("T")


@dataset(title="Python file", fields=("image", "label"))
class UserFile(Dataset):
    """A class of your own, marked by @dataset in a Python file, as CONTRIBUTING.md shows it; it runs once you trust it.

    Args:
        path: the file.
        options: values for the constructor of the class, such as samples: 100, noise: 0.5.
    """

    def __init__(self, path: Path, options: str = "") -> None:
        self.path = Path(path)
        self.options = options

    def load(self, shapes: Shapes) -> LoadedDataset:
        """Load the samples by the user's class."""
        loaded = self._call("load", lambda inner: inner.load(shapes))
        if not isinstance(loaded, LoadedDataset):
            raise UserError(f"{self.path}: load returned {type(loaded).__name__}, expected a LoadedDataset")
        return loaded

    def facts(self) -> DataFacts:
        """Return the facts that the user's class reports."""
        facts = self._call("facts", lambda inner: inner.facts())
        if not isinstance(facts, DataFacts):
            raise UserError(f"{self.path}: facts returned {type(facts).__name__}, expected DataFacts")
        return facts if facts.fields else declared_facts(read_dataset_file(self.path).values.get("fields", ()))

    def stamp(self) -> str:
        """Return the state of the file, and of what its class reads if it is trusted."""
        own = file_stamp(self.path)
        return own if untrusted_reason(self.path) else f"{own} {self._call('stamp', lambda inner: inner.stamp())}"

    def _call(self, name: str, method: Callable[[Any], T]) -> T:
        """Call a method of the user's class; its errors become sentences that name the line."""
        declaration = read_dataset_file(self.path)
        options = _read_options(self.path, declaration, self.options)
        # Asked in front of the first line that runs: reading a design or a run never gets here with a stranger's file.
        if (reason := untrusted_reason(self.path)) is not None:
            raise UserError(reason)
        try:
            return method(getattr(_import(self.path), declaration.attribute)(**options))
        except UserError:
            raise
        except Exception as error:
            raise UserError(f"{self.path}{_line(error, self.path)}: {name} failed: {_reason(error)}") from error


def _read_options(file: Path, declaration: Declaration, text: str) -> Mapping[str, Any]:
    """Read the options that a user writes for the class.

    Raises:
        UserError: if they cannot be read, are unknown, or have other values than the class takes.
    """
    try:
        values = parse_yaml("{" + text + "}", "options")
    except UserError:
        raise UserError(f"{file}: the options {text!r:.60} cannot be read, expected such as samples: 100") from None
    options = {str(name): tuple(value) if isinstance(value, list) else value for name, value in values.items()}
    if messages := option_problems(file.name, declaration, options):
        raise UserError("; ".join(messages))
    return options


def _import(file: Path) -> ModuleType:
    """Import a file as a module of its own, without leaving compiled code beside it."""
    name = f"netcomposer_dataset_{file.stem}"
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None and spec.loader is not None  # it is a .py file that was parsed
    module = importlib.util.module_from_spec(spec)
    writing, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    sys.modules[name] = module  # dataclasses look their module up
    try:
        spec.loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = writing
    return module


def _line(error: Exception, file: Path) -> str:
    """Return ``, line 12`` for the last line of the file that an error came through."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename) == file]
    return f", line {lines[-1]}" if lines else ""


def _reason(error: Exception) -> str:
    text = (str(error).strip().splitlines() or [""])[0]
    return f"{type(error).__name__}: {text:.200}" if text else type(error).__name__
