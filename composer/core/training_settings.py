"""Training settings as values: get and set one by its key, check them, convert them to and from plain values.

The key of a setting is its name. Parts of it have keys, too: ``optimizer.momentum`` is an option of the optimizer,
``augment.mixup.alpha`` one of an augmentation of the list, and ``lr_factors.head`` the factor of a node.
"""

import difflib
import math
from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from typing import Any

from composer.core.declarations import Declaration, ParamSpec
from composer.core.errors import UserError
from composer.core.extension_text import SEPARATOR, parse_reference, plain_reference, read_reference
from composer.core.graph import ExtensionRef, Training
from composer.core.param_check import describe, problem
from composer.core.training_extensions import EXTENSIONS
from composer.core.training_table import EXTENSION, LIST, MAPPING, SETTINGS, names, setting

# Before objectives had options, label smoothing was a setting of its own.
MOVED = {"label_smoothing": ("objective", "label_smoothing")}
# Before augmentations were a list, they were a switch.
_SWITCHED = {True: (ExtensionRef("affine"),), False: ()}
_DEFAULTS = Training()


def get_value(training: Training, key: str) -> Any:
    """Return the value of a setting or of a part of it by its key.

    It is the name where the setting names an extension, and the names where it lists some.
    """
    name, _, part = key.partition(".")
    value = getattr(training, name)
    if isinstance(value, ExtensionRef):
        return _get_option(name, value, part) if part else value.name
    if name in EXTENSIONS:
        entry, _, option = part.partition(".")
        if not part:
            return tuple(reference.name for reference in value)
        return next((_get_option(name, reference, option) for reference in value if reference.name == entry), None)
    return value.get(part) if part else value


def _get_option(name: str, reference: ExtensionRef, option: str) -> Any:
    spec = _option_spec(name, reference.name, option)
    return reference.options.get(option, spec.default if spec is not None else None)


def _option_spec(name: str, extension: str, option: str) -> ParamSpec | None:
    declaration = EXTENSIONS[name]().get(extension)
    return declaration.option(option) if declaration is not None else None


def set_value(training: Training, key: str, value: Any) -> Training:
    """Return the settings with one setting, or a part of it, replaced.

    Another extension starts with its default options. None removes a part.

    Args:
        training: the settings.
        key: see the module.
        value: the new value; the name suffices where the setting names an extension.
    """
    name, _, part = key.partition(".")
    before = getattr(training, name)
    if isinstance(before, ExtensionRef):
        value = _set_option(name, before, part, value) if part else _same_or_new(name, value, (before,))
    elif name in EXTENSIONS and part:
        entry, _, option = part.partition(".")
        value = tuple(
            _set_option(name, reference, option, value) if reference.name == entry else reference
            for reference in before
        )
    elif name in EXTENSIONS:
        value = tuple(_same_or_new(name, item, before) for item in value)
    elif part:
        value = {**{key: other for key, other in before.items() if key != part}, part: value}
        value = {key: other for key, other in value.items() if other is not None}
    changes: dict[str, Any] = {name: value}
    return replace(training, **changes)


def _same_or_new(name: str, value: ExtensionRef | str, before: Iterable[ExtensionRef]) -> ExtensionRef:
    """Return an extension; one that is named only keeps the options that it has already."""
    if isinstance(value, ExtensionRef):
        return value
    same = next((reference for reference in before if reference.name == value), None)
    return same or parse_reference(name, value)


def _set_option(name: str, reference: ExtensionRef, option: str, value: Any) -> ExtensionRef:
    # A default is not written out, so that equal settings compare equal.
    options = {key: other for key, other in reference.options.items() if key != option}
    spec = _option_spec(name, reference.name, option)
    if spec is None or spec.required or value != spec.default:
        options[option] = value
    return ExtensionRef(reference.name, options)


def check_key(training: Training, key: str) -> None:
    """Refuse a key that is neither a setting nor a part of one.

    Raises:
        UserError: with the nearest name.
    """
    name, _, part = key.partition(".")
    if name not in names():
        raise UserError(f"training has no setting {name!r:.60}; {_nearest(name, names())}")
    row = setting(name)
    if not part or row.spec.type == MAPPING:
        return
    if row.spec.type not in (EXTENSION, LIST):
        raise UserError(f"training {name} has no options; write {name}=VALUE instead of {key!r:.60}")
    reference = getattr(training, name)
    if row.spec.type == LIST:
        entry, _, part = part.partition(".")
        reference = next((item for item in reference if item.name == entry), None)
        if reference is None:
            listed = ", ".join(get_value(training, name)) or "nothing"
            raise UserError(f"training {name} does not contain {entry!r:.60}; it contains {listed}")
    declaration = EXTENSIONS[name]().get(reference.name)
    if declaration is not None and declaration.option(part) is None:
        raise UserError(_unknown_option(f"{name} {reference.name}", EXTENSIONS[name]()[reference.name], part))


def problems(training: Training) -> list[str]:
    """Return one message for each setting that no training can run with; empty if there is none."""
    messages: list[str] = []
    for row in SETTINGS:
        value = getattr(training, row.name)
        if row.spec.type == EXTENSION:
            messages += reference_problems(row.name, value)
        elif row.spec.type == LIST:
            messages += _list_problems(row.name, value)
        elif row.spec.type == MAPPING:
            messages += [message for key in value if (message := value_problem(_entry_spec(row.spec, key), value[key]))]
        elif message := value_problem(row.spec, value):
            messages.append(message)
    if not messages and training.min_lr is not None and training.min_lr > training.lr:
        messages.append(f"min_lr is {training.min_lr:g}, expected at most the peak learning rate, {training.lr:g}")
    return [f"training {message}" for message in messages]


def _entry_spec(spec: ParamSpec, key: str) -> ParamSpec:
    """Return the spec of one entry of a mapping, a number."""
    return replace(spec, name=f"{spec.name}.{key}", type="float", default=None)


def _list_problems(name: str, references: tuple[ExtensionRef, ...]) -> list[str]:
    listed = [reference.name for reference in references]
    twice = dict.fromkeys(item for item in listed if listed.count(item) > 1)
    messages = [f"{name} contains {item} {listed.count(item)} times, expected once" for item in twice]
    return messages + [message for item in references for message in reference_problems(name, item)]


def value_problem(spec: ParamSpec, value: Any) -> str | None:
    """Return why a value does not fit a setting, such as ``lr is -1.0, expected ...``; None if it does."""
    finite = not isinstance(value, float) or math.isfinite(value)
    if finite and problem(spec, value) is None:
        return None
    return f"{spec.name} is {value!r:.60}, expected {describe(spec)}"


def reference_problems(name: str, reference: ExtensionRef) -> list[str]:
    """Return why an extension cannot be used: unknown name, broken file, or options that do not fit."""
    declared = EXTENSIONS[name]()
    declaration = declared.get(reference.name)
    if declaration is None:
        return [_unknown_reference(name, reference.name)]
    if declaration.problem:
        return [f"{name} {reference.name} cannot be used: {declaration.problem}"]
    prefix = f"{name}.{reference.name}" if setting(name).spec.type == LIST else name
    return option_problems(f"{name} {reference.name}", declaration, reference.options, f"{prefix}.")


def option_problems(owner: str, declaration: Declaration, values: Mapping[str, Any], prefix: str = "") -> list[str]:
    """Return why options do not fit an extension: unknown, out of range, or missing.

    Args:
        owner: what has the options, such as ``data shapes``.
        declaration: what it declares.
        values: the options by name.
        prefix: in front of the names of options in messages.
    """
    messages = []
    for option, value in values.items():
        spec = declaration.option(option)
        if spec is None:
            messages.append(_unknown_option(owner, declaration, option))
        elif message := value_problem(replace(spec, name=f"{prefix}{option}"), value):
            messages.append(message)
    required = [spec.name for spec in declaration.options if spec.required and spec.name not in values]
    return messages + [f"{owner} needs the option {option}" for option in required]


def _unknown_reference(setting_name: str, text: str) -> str:
    declared, name = EXTENSIONS[setting_name](), text.partition(SEPARATOR)[0]
    if name in declared:
        return f"{setting_name} {name} has no options, so nothing can follow its name; write {name} alone"
    return f"{setting_name} {name!r:.60} is unknown, expected one of: {', '.join(declared)}"


def _unknown_option(owner: str, declaration: Declaration, option: str) -> str:
    options = [spec.name for spec in declaration.options]
    return f"{owner} has no option {option!r:.60}; {_nearest(option, options, 'its options are')}"


def _nearest(word: str, words: Iterable[str], introduction: str = "it has") -> str:
    words = list(words)
    near = difflib.get_close_matches(word, words, 1)
    return f"did you mean {near[0]}?" if near else f"{introduction}: {', '.join(words) or 'none'}"


def check(training: Training) -> None:
    """Refuse settings that no training can run with.

    Raises:
        UserError: naming every such setting.
    """
    if messages := problems(training):
        raise UserError("; ".join(messages))


def read_value(name: str, value: Any) -> Any:
    """Convert a plain value, as YAML and JSON hold it, to that of a field of `Training`.

    Only its type is checked: a value out of bounds is a problem of the design, not of its text.

    Raises:
        UserError: if it has another type.
    """
    spec = setting(name).spec
    if spec.type == EXTENSION:
        return read_reference(name, value)
    if spec.type == LIST:
        return _read_list(name, value)
    if spec.type == MAPPING:
        return _read_mapping(spec, value)
    if spec.type == "tuple" and isinstance(value, str | list):
        value = (value,) if isinstance(value, str) else tuple(value)
    if spec.type == "int" and isinstance(value, float) and value.is_integer():
        value = int(value)  # 5. and 1.0e3
    kind = replace(spec, type="str") if spec.type == "choice" else replace(spec, range=None)
    if problem(kind, value) is not None:
        raise UserError(f"training {name} is {value!r:.60}, expected {describe(spec)}")
    return float(value) if spec.type == "float" and value is not None else value


def _example(name: str) -> str:
    return next(iter(EXTENSIONS[name]()), "NAME")


def _read_list(name: str, value: Any) -> tuple[ExtensionRef, ...]:
    """Read a list of extensions; one alone is a list, too."""
    if isinstance(value, bool):
        return _SWITCHED[value]
    if isinstance(value, str | Mapping):
        value = [value]
    if not isinstance(value, list | tuple):
        raise UserError(f"training {name} is {value!r:.60}, expected a list such as [{_example(name)}]")
    return tuple(read_reference(name, item) for item in value)


def _read_mapping(spec: ParamSpec, value: Any) -> dict[str, float]:
    if not isinstance(value, Mapping):
        raise UserError(f"training {spec.name} is {value!r:.60}, expected {describe(spec)}")
    for key, item in value.items():
        if problem(replace(_entry_spec(spec, key), range=None), item) is not None:
            raise UserError(f"training {spec.name}.{key} is {item!r:.60}, expected a number")
    return {str(key): float(item) for key, item in value.items()}


def to_plain(training: Training) -> dict[str, Any]:
    """Return the settings as plain values for YAML and JSON; see `extension_text` for extensions."""
    return {row.name: _plain(row.name, getattr(training, row.name)) for row in fields(training)}


def _plain(name: str, value: Any) -> Any:
    if isinstance(value, ExtensionRef):
        return plain_reference(name, value)
    if isinstance(value, tuple):
        return [_plain(name, item) for item in value]
    return dict(value) if isinstance(value, Mapping) else value


def from_plain(values: Mapping[str, Any]) -> Training:
    """Return the settings that `to_plain` wrote, also those that earlier versions wrote.

    Raises:
        UserError: if a setting is unknown or has another type.
    """
    training = _DEFAULTS
    for name, value in values.items():
        if name in MOVED:
            continue
        if name not in names():
            raise UserError(f"training has an unknown setting {name!r:.60}; it has: {', '.join(names())}")
        training = set_value(training, name, read_value(name, value))
    for name, (reference, option) in MOVED.items():
        if name in values:
            training = set_value(training, f"{reference}.{option}", _read_moved(name, values[name]))
    return training


def _read_moved(name: str, value: Any) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise UserError(f"training {name} is {value!r:.60}, expected a number")
    return float(value)
