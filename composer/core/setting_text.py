"""Training settings as people write them on a command line or in a field: ``0.9, 0.95``, ``flip, erasing``.

The same text is read for ``--set lr=1e-3``, for the flag ``--lr 1e-3`` and in the window.
"""

from collections.abc import Mapping
from typing import Any

from composer.core import training_settings, value_text
from composer.core.declarations import ParamSpec
from composer.core.errors import UserError
from composer.core.files.yaml_loader import parse_yaml
from composer.core.graph import Each, ExtensionRef, Ramp, Training, is_expression
from composer.core.param_check import describe
from composer.core.training_table import EXTENSION, LIST, MAPPING, option_settings, setting

# Texts of lists that hold nothing.
EMPTY = ("", "none", "off", "[]", "{}")


def read_text(spec: ParamSpec, text: str) -> Any:
    """Return the plain value of a setting that a text writes, as `training_settings.read_value` takes it.

    Args:
        spec: the setting, or an option.
        text: what was typed.

    Raises:
        UserError: if it is not a value of the setting.
    """
    text = text.strip()
    if spec.type == EXTENSION:
        return _yaml(spec, text) if text.startswith("{") else text
    if spec.type == LIST:
        if text.lower() in EMPTY:
            return []
        if text.startswith("["):
            return _yaml(spec, text)
        return _yaml(spec, f"[{text}]") if "{" in text else _parts(text)
    if spec.type == MAPPING:
        return _mapping(spec, text)
    if spec.optional and text.lower() in EMPTY:
        return None
    if spec.type in ("str", "path", "source"):
        return text
    if spec.type == "tuple" and text.lower() in EMPTY:
        return ()
    return _literal(spec, text)


def write_text(value: Any) -> str:
    """Return a value of a setting as a text that `read_text` reads; empty for an empty list and for no value."""
    if value is None:
        return ""
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {value_text.to_text(item)}" for name, item in value.items())
    if isinstance(value, list | tuple):  # extensions with options by their names alone: this is for people
        return ", ".join(str(item["name"]) if isinstance(item, Mapping) else value_text.to_text(item) for item in value)
    return value_text.to_text(value)


def lower_first(text: str) -> str:
    """Return a description as it continues a line; names such as AdamW and SGD stay as they are.

    >>> lower_first("Passes over the samples"), lower_first("AdamW suits attention"), lower_first("SGD is slower")
    ('passes over the samples', 'AdamW suits attention', 'SGD is slower')
    """
    word = text.split(" ", 1)[0]
    return text[:1].lower() + text[1:] if word[1:] == word[1:].lower() else text


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _yaml(spec: ParamSpec, text: str) -> Any:
    try:
        return parse_yaml(f"value: {text}", spec.name)["value"]
    except (UserError, KeyError, TypeError):
        kind = "a list such as [NAME, {name: NAME, option: VALUE}]" if spec.type == LIST else "a mapping"
        raise UserError(f"{spec.name}: {text!r:.60} cannot be read as {kind}") from None


def _mapping(spec: ParamSpec, text: str) -> dict[str, Any]:
    if text.lower() in EMPTY:
        return {}
    pairs = {}
    for part in _parts(text.strip("{} ")):
        name, sign, number = part.replace(":", "=", 1).partition("=")
        if not sign or not name.strip():
            raise UserError(f"{spec.name}: {part!r:.60} is not NAME=NUMBER, such as head=10")
        pairs[name.strip()] = _literal(ParamSpec(f"{spec.name}.{name.strip()}", "float"), number)
    return pairs


def _literal(spec: ParamSpec, text: str) -> Any:
    try:
        value = value_text.from_text(text, spec)
    except UserError:
        value = Each(())
    if isinstance(value, Each | Ramp) or is_expression(value):
        raise UserError(f"{spec.name} is {text.strip()!r:.60}, expected {describe(spec)}")
    return value


def key_spec(training: Training, key: str) -> ParamSpec:
    """Return type and bounds of a setting, or of a part of it, by its key.

    Raises:
        UserError: if there is no such key, with the nearest one.
    """
    training_settings.check_key(training, key)
    name, _, part = key.partition(".")
    row = setting(name)
    if not part:
        return row.spec
    if row.spec.type == MAPPING:
        return ParamSpec(key, "float", optional=True, range=row.spec.range)
    value = getattr(training, name)
    references: tuple[ExtensionRef, ...] = (value,) if isinstance(value, ExtensionRef) else value
    rows = [option.spec for reference in references for option in option_settings(name, reference)]
    # An unknown extension has no options to compare with; that it is unknown is reported by `check`.
    return next((spec for spec in rows if spec.name == key), ParamSpec(key, "str"))
