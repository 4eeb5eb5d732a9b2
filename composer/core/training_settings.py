"""The table of training settings: type, bounds, choices and description of each.

The window's form, the command-line flags, the messages of the YAML reader and `check` are generated from this table. A
setting that names an extension (`data`, `objective`) brings the options of the extension with it; the key of an option
is ``data.NAME`` or ``objective.NAME``.
"""

import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, cast

from composer.core.declarations import ParamSpec
from composer.core.errors import UserError
from composer.core.extension_text import SEPARATOR, parse_reference, plain_reference, read_reference
from composer.core.graph import ExtensionRef, Literal, Training
from composer.core.param_check import describe, problem
from composer.core.training_extensions import EXTENSIONS, titles

# Before objectives had options, label smoothing was a setting of its own.
MOVED = {"label_smoothing": ("objective", "label_smoothing")}
_DEFAULTS = Training()


@dataclass(frozen=True, slots=True)
class Optimizer:
    """An optimizer as users see it.

    Args:
        title: its name in the window.
        states: numbers that it stores for each trained parameter.
    """

    title: str
    states: int


# AdamW stores running means of the gradient and of its square, SGD its momentum.
OPTIMIZERS = {"adamw": Optimizer("AdamW", 2), "sgd": Optimizer("SGD", 1)}
SCHEDULES = {"cosine": "Cosine", "constant": "Constant"}
PRECISIONS = {
    "32-true": "32 bit",
    "bf16-mixed": "bf16 mixed",
    "16-mixed": "fp16 mixed",
    "bf16-true": "bf16",
    "64-true": "64 bit",
}


@dataclass(frozen=True, slots=True)
class TrainingSetting:
    """One training setting.

    Args:
        spec: name, type, default, bounds and help.
        title: label in the window.
        step: what an arrow key adds in the window; 0 doubles and halves.
        labels: titles of the choices by value.
    """

    spec: ParamSpec
    title: str
    step: float = 0.0
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Key of the setting, such as ``lr`` or ``objective.label_smoothing``."""
        return self.spec.name


def _setting(
    name: str,
    title: str,
    help: str,
    range: tuple[float, float] | None = None,
    labels: Mapping[str, str] | None = None,
    step: float = 0.0,
) -> TrainingSetting:
    """Return a row of the table; type and default are those of the field of `Training`."""
    default = getattr(_DEFAULTS, name)
    kind = "choice" if labels else {bool: "bool", int: "int", float: "float"}[type(default)]
    return TrainingSetting(
        ParamSpec(name, kind, default, choices=tuple(labels or ()), range=range, help=help), title, step, labels or {}
    )


SETTINGS = (
    _setting("epochs", "Epochs", "Passes over the training samples", (1, 100_000), step=1),
    _setting("batch_size", "Batch size", "Samples per step; larger batches need more memory", (2, 65_536)),
    # Every rate that float32 can hold: a rate that is merely too large is for the run to find out.
    _setting("lr", "Learning rate", "Peak learning rate; the arrow keys double and halve it", (1e-9, 1e38)),
    _setting(
        "optimizer",
        "Optimizer",
        "AdamW suits attention; SGD with momentum is customary for convolutional networks",
        labels={name: optimizer.title for name, optimizer in OPTIMIZERS.items()},
    ),
    _setting(
        "schedule",
        "Schedule",
        "How the learning rate decays: along a cosine to 1 %, or not at all",
        labels=SCHEDULES,
    ),
    _setting("warmup_epochs", "Warm-up", "Epochs over which the learning rate rises from 0", (0.0, 1000.0), step=1),
    _setting(
        "weight_decay",
        "Weight decay",
        "Pull of the weights towards 0; biases, norms and what blocks declare (positions, tokens) are exempt",
        (0.0, 10.0),
        step=0.01,
    ),
    _setting("seed", "Seed", "Equal seeds give equal runs on the same device", (0, 2**31 - 1), step=1),
    _setting(
        "precision", "Precision", "Number format on the device; bf16 mixed is fast on recent GPUs", labels=PRECISIONS
    ),
    _setting("augment", "Augment", "Slightly rotate, shift and zoom the images"),
)
REFERENCES = {
    "data": ("Data", "Dataset to learn from; a fixed fifth of it is held out for validation"),
    "objective": ("Objective", "What the network learns: the loss and the metrics"),
}


def setting(name: str) -> TrainingSetting:
    """Return a row of the table by name."""
    return next(row for row in SETTINGS if row.name == name)


def reference_setting(name: str) -> TrainingSetting:
    """Return the row of a setting that names an extension; its choices are the extensions that exist."""
    title, help = REFERENCES[name]
    labels = titles(name)
    default = getattr(_DEFAULTS, name).name
    return TrainingSetting(ParamSpec(name, "choice", default, choices=tuple(labels), help=help), title, labels=labels)


def option_settings(name: str, reference: ExtensionRef) -> list[TrainingSetting]:
    """Return one row for each option of the extension that a setting names; none for an unknown extension."""
    declaration = EXTENSIONS[name]().get(reference.name)
    if declaration is None:
        return []
    return [
        TrainingSetting(
            replace(spec, name=f"{name}.{spec.name}"), spec.name.replace("_", " ").capitalize(), step=_step(spec)
        )
        for spec in declaration.options
    ]


def _step(spec: ParamSpec) -> float:
    """Return what an arrow key adds to an option: a twentieth of a short range, 1 for an integer."""
    if spec.type == "float" and spec.range is not None and spec.range[1] <= 1:
        return 0.05
    return 1.0 if spec.type == "int" else 0.0


def get_value(training: Training, key: str) -> Literal:
    """Return the value of a setting or option by its key; the name where the setting names an extension."""
    name, _, option = key.partition(".")
    value = getattr(training, name)
    if not isinstance(value, ExtensionRef):
        return cast("Literal", value)
    if not option:
        return value.name
    declaration = EXTENSIONS[name]().get(value.name)
    spec = declaration.option(option) if declaration is not None else None
    return value.options.get(option, spec.default if spec is not None else None)


def set_value(training: Training, key: str, value: Any) -> Training:
    """Return the settings with one setting or option replaced; another extension starts with its default options."""
    name, _, option = key.partition(".")
    before = getattr(training, name)
    if isinstance(before, ExtensionRef):
        if option:  # a default is not written out, so that equal settings compare equal
            options = {key: other for key, other in before.options.items() if key != option}
            declaration = EXTENSIONS[name]().get(before.name)
            spec = declaration.option(option) if declaration is not None else None
            if spec is None or spec.required or value != spec.default:
                options[option] = value
            value = ExtensionRef(before.name, options)
        elif isinstance(value, str):
            value = before if value == before.name else parse_reference(name, value)
    changes: dict[str, Any] = {name: value}
    return replace(training, **changes)


def problems(training: Training) -> list[str]:
    """Return one message for each setting that no training can run with; empty if there is none."""
    messages = [message for row in SETTINGS if (message := value_problem(row.spec, getattr(training, row.name)))]
    for name in REFERENCES:
        messages += reference_problems(name, getattr(training, name))
    return [f"training {message}" for message in messages]


def value_problem(spec: ParamSpec, value: Any) -> str | None:
    """Return why a value does not fit a setting, such as ``lr is -1.0, expected ...``; None if it does."""
    finite = not isinstance(value, float) or math.isfinite(value)
    if finite and problem(spec, value) is None:
        return None
    return f"{spec.name} is {value!r:.60}, expected {describe(spec)}"


def reference_problems(name: str, reference: ExtensionRef) -> list[str]:
    """Return why a dataset or an objective cannot be used: unknown name, broken file, or options that do not fit."""
    declared = EXTENSIONS[name]()
    declaration = declared.get(reference.name)
    if declaration is None:
        return [_unknown_reference(name, reference.name)]
    if declaration.problem:
        return [f"{name} {reference.name} cannot be used: {declaration.problem}"]
    messages = []
    for option, value in reference.options.items():
        spec = declaration.option(option)
        if spec is None:
            names = [spec.name for spec in declaration.options]
            near = difflib.get_close_matches(option, names, 1)
            hint = f"did you mean {near[0]}?" if near else f"its options are: {', '.join(names) or 'none'}"
            messages.append(f"{name} {reference.name} has no option {option!r:.60}; {hint}")
        elif message := value_problem(replace(spec, name=f"{name}.{option}"), value):
            messages.append(message)
    required = [spec.name for spec in declaration.options if spec.required and spec.name not in reference.options]
    return messages + [f"{name} {reference.name} needs the option {option}" for option in required]


def _unknown_reference(setting: str, text: str) -> str:
    declared, name = EXTENSIONS[setting](), text.partition(SEPARATOR)[0]
    if name in declared:
        return f"{setting} {name} has no options, so nothing can follow its name; write {name} alone"
    return f"{setting} {name!r:.60} is unknown, expected one of: {', '.join(declared)}"


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
    if name in REFERENCES:
        return read_reference(name, value)
    spec = setting(name).spec
    if spec.type == "int" and isinstance(value, float) and value.is_integer():
        value = int(value)  # 5. and 1.0e3
    kind = replace(spec, type="str") if spec.type == "choice" else replace(spec, range=None)
    if problem(kind, value) is not None:
        raise UserError(f"training {name} is {value!r:.60}, expected {describe(spec)}")
    return float(value) if spec.type == "float" else value


def to_plain(training: Training) -> dict[str, Any]:
    """Return the settings as plain values for YAML and JSON; see `extension_text` for extensions."""
    plain: dict[str, Any] = {}
    for row in fields(training):
        value = getattr(training, row.name)
        if isinstance(value, ExtensionRef):
            value = plain_reference(row.name, value)
        plain[row.name] = value
    return plain


def from_plain(values: Mapping[str, Any]) -> Training:
    """Return the settings that `to_plain` wrote, also those written before objectives existed.

    Raises:
        UserError: if a setting is unknown or has another type.
    """
    training = _DEFAULTS
    for name, value in values.items():
        if name in MOVED:
            continue
        if not hasattr(training, name):
            names = ", ".join(row.name for row in fields(Training))
            raise UserError(f"training has an unknown setting {name!r:.60}; it has: {names}")
        training = set_value(training, name, read_value(name, value))
    for name, (reference, option) in MOVED.items():
        if name in values:
            training = set_value(training, f"{reference}.{option}", _read_moved(name, values[name]))
    return training


def _read_moved(name: str, value: Any) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise UserError(f"training {name} is {value!r:.60}, expected a number")
    return float(value)
