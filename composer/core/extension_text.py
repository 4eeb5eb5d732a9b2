"""How people write which extension they mean: ``NAME``, ``NAME:VALUE``, or a mapping of a name and options.

VALUE fills the first option that the extension declares, whatever follows the first colon: ``images:photos``,
``permuted:digits``, ``rand_augment:9``. The same form is read on the command line and in YAML, and written where the
first option is a text. Paths in options are relative to the folder of the design.
"""

import os
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from composer.core.declarations import Declaration, ParamSpec
from composer.core.errors import UserError
from composer.core.graph import ExtensionRef, Literal, Training, as_literal
from composer.core.number_text import parse_number
from composer.core.training_extensions import EXTENSIONS

SEPARATOR = ":"
# Settings that are paths themselves.
PATHS = frozenset({"init"})
# Types of options that read naturally behind the name.
_TEXTS = frozenset({"path", "source", "str", "choice"})


def parse_reference(setting: str, text: str) -> ExtensionRef:
    """Read ``NAME`` or ``NAME:VALUE``; an unknown name stays whole, for a message that quotes it.

    Args:
        setting: the training setting that the extension belongs to, such as ``data``.
        text: the text.
    """
    name, separator, value = text.partition(SEPARATOR)
    declaration = _declaration(setting, name)
    if not separator or declaration is None or not declaration.options:
        return ExtensionRef(text)
    first = declaration.options[0]
    return ExtensionRef(name, {first.name: _read(first, value)})


def read_reference(setting: str, value: Any) -> ExtensionRef:
    """Read an extension as YAML and JSON hold it.

    Args:
        setting: the training setting that it belongs to.
        value: a text, see `parse_reference`, or a mapping of `name` and options.

    Raises:
        UserError: if it is neither.
    """
    if isinstance(value, str):
        return parse_reference(setting, value)
    if isinstance(value, Mapping) and isinstance(value.get("name"), str):
        return ExtensionRef(value["name"], {key: as_literal(item) for key, item in value.items() if key != "name"})
    kind = "a mapping without a name" if isinstance(value, Mapping) else f"{value!r:.60}"
    raise UserError(f"training {setting} is {kind}, expected a name or a mapping such as {{name: {_example(setting)}}}")


def reference_text(setting: str, reference: ExtensionRef) -> str | None:
    """Return the text that `parse_reference` reads back; None if only a mapping can write the options."""
    if not reference.options:
        return reference.name if parse_reference(setting, reference.name) == reference else None
    declaration = _declaration(setting, reference.name)
    if declaration is None or not declaration.options or len(reference.options) != 1:
        return None
    first = declaration.options[0]
    value = reference.options.get(first.name)
    if first.type not in _TEXTS or not isinstance(value, str):
        return None
    text = f"{reference.name}{SEPARATOR}{value}"
    return text if parse_reference(setting, text) == reference else None


def plain_reference(setting: str, reference: ExtensionRef) -> str | dict[str, Any]:
    """Return an extension as YAML and JSON hold it: its text, or a mapping of name and options."""
    text = reference_text(setting, reference)
    return text if text is not None else {"name": reference.name, **reference.options}


def describe_reference(setting: str, reference: ExtensionRef) -> str:
    """Return an extension in words: its text, and options that the text does not hold in brackets."""
    declaration = _declaration(setting, reference.name)
    first = declaration.options[0].name if declaration is not None and declaration.options else ""
    head = ExtensionRef(reference.name, {key: value for key, value in reference.options.items() if key == first})
    text = reference_text(setting, head)
    if text is None:
        return str(reference)
    others = [f"{key}: {value}" for key, value in reference.options.items() if key != first]
    return f"{text} ({', '.join(others)})" if others else text


def absolute_paths(training: Training, *folders: Path) -> Training:
    """Return training settings that name files by absolute paths.

    Args:
        training: the settings.
        folders: what relative paths are relative to: the first folder in which the path exists, else the first one.
    """
    changes: dict[str, Any] = {}
    for row in fields(training):
        value = getattr(training, row.name)
        if isinstance(value, ExtensionRef):
            changes[row.name] = absolute_reference(row.name, value, *folders)
        elif isinstance(value, tuple) and any(isinstance(item, ExtensionRef) for item in value):
            changes[row.name] = tuple(absolute_reference(row.name, item, *folders) for item in value)
        elif row.name in PATHS and value:
            changes[row.name] = _absolute(value, folders)
    return replace(training, **changes)


def absolute_reference(setting: str, reference: ExtensionRef, *folders: Path) -> ExtensionRef:
    """Return an extension that names files by absolute paths; see `absolute_paths`."""
    declaration = _declaration(setting, reference.name)
    options = dict(reference.options)
    for spec in declaration.options if declaration is not None else ():
        value = options.get(spec.name)
        if not isinstance(value, str) or not value:
            continue
        if spec.type == "path":
            options[spec.name] = _absolute(value, folders)
        elif spec.type == "source":  # the text of another extension, which may name files too
            inner = absolute_reference(setting, parse_reference(setting, value), *folders)
            options[spec.name] = reference_text(setting, inner) or value
    return ExtensionRef(reference.name, options)


def without_paths(setting: str, reference: ExtensionRef) -> ExtensionRef:
    """Return an extension without the options that name files."""
    declaration = _declaration(setting, reference.name)
    paths = {spec.name for spec in declaration.options if spec.type == "path"} if declaration is not None else set()
    return ExtensionRef(reference.name, {key: value for key, value in reference.options.items() if key not in paths})


def _declaration(setting: str, name: str) -> Declaration | None:
    """Return what an extension of a setting declares; None if it is unknown."""
    return EXTENSIONS[setting]().get(name) if setting in EXTENSIONS else None


def _absolute(text: str, folders: tuple[Path, ...]) -> str:
    try:
        expanded = Path(text).expanduser()
    except RuntimeError:  # "~nobody": there is no such user
        expanded = Path(text)
    paths = [os.path.normpath(folder.absolute() / expanded) for folder in folders]
    return next((path for path in paths if _exists(path)), paths[0])


def _exists(path: str) -> bool:
    try:
        return Path(path).exists()
    except (OSError, ValueError):  # a private folder, a NUL in the path
        return False


def _read(spec: ParamSpec, text: str) -> Literal:
    """Return the value that a text writes; the text itself if it writes none, for `param_check` to report."""
    match spec.type:
        case "int" | "float":
            try:
                number = parse_number(text)
            except ValueError:
                return text
            return text if number is None else float(number) if spec.type == "float" else number
        case "bool":
            return {"true": True, "false": False}.get(text.strip().lower(), text)
        case "choice":
            return next((choice for choice in spec.choices if str(choice) == text), text)
        case "tuple":
            kind, _ = spec.items or ("int", 0)
            return tuple(_read(ParamSpec(spec.name, kind), part.strip()) for part in text.split(","))
    return text


def _example(setting: str) -> str:
    return next(iter(EXTENSIONS[setting]())) if setting in EXTENSIONS else "NAME"
