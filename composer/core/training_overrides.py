"""What a recipe, flags and ``--set`` put in place of a design's training settings, in this order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from composer.core import training_settings
from composer.core.errors import UserError
from composer.core.graph import Training, as_literal
from composer.core.setting_text import key_spec, read_text


@dataclass(frozen=True, slots=True)
class SettingText:
    """A value of a setting as text; its type follows from the setting, which may be an option of another setting."""

    text: str


def read_assignment(text: str) -> tuple[str, SettingText]:
    """Return key and value of ``lr=1e-3``.

    Raises:
        UserError: if it is not an assignment.
    """
    key, sign, value = text.partition("=")
    if not sign or not key.strip():
        raise UserError(f"--set {text!r:.80} is not NAME=VALUE, such as --set lr=1e-3 or --set optimizer.momentum=0.8")
    return key.strip().replace("-", "_") if "." not in key else key.strip(), SettingText(value)


def merge(*layers: Mapping[str, Any]) -> dict[str, Any]:
    """Return the overrides of several layers as one, in the order in which they apply; later layers win.

    A layer that replaces a whole setting also replaces the options that earlier ones gave it, whose names may be those
    of another extension.
    """
    merged: dict[str, Any] = {}
    for layer in layers:
        for key in sorted(layer, key=lambda key: "." in key):
            for earlier in [other for other in merged if other == key or other.startswith(f"{key}.")]:
                del merged[earlier]
            merged[key] = layer[key]
    return merged


def apply(training: Training, overrides: Mapping[str, Any]) -> Training:
    """Return settings with others in place of some; bounds are left to `training_settings.check`.

    Args:
        training: the settings.
        overrides: plain values, or texts as `SettingText`, by key, in the order in which they apply.

    Raises:
        UserError: if a key is unknown or a value has another type.
    """
    for key, value in overrides.items():
        spec = key_spec(training, key)
        plain = read_text(spec, value.text) if isinstance(value, SettingText) else value
        read = as_literal(plain) if "." in key else training_settings.read_value(key, plain)
        training = training_settings.set_value(training, key, read)
    return training


def read_assignments(texts: Sequence[str]) -> dict[str, SettingText]:
    """Return the values of ``--set``, given several times, by key; the last one of a key wins.

    Raises:
        UserError: if one is not an assignment.
    """
    return dict(read_assignment(text) for text in texts)
