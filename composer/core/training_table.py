"""The table of training settings: group, type, default, bounds, choices and description of each.

The window's form, the command-line flags, ``--set``, the messages of the YAML reader and `check` are generated from it.
Besides the types of `ParamSpec` there are ``extension`` (one extension with options), ``extensions`` (a list of
them) and ``mapping`` (numbers by text).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from composer.core.declarations import ParamSpec
from composer.core.graph import ExtensionRef, Training
from composer.core.training_extensions import EXTENSIONS, titles

EXTENSION, LIST, MAPPING = "extension", "extensions", "mapping"
_DEFAULTS = Training()
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
        group: heading in the window, a key of `GROUPS`.
        step: what an arrow key adds in the window; 0 doubles and halves.
        labels: titles of the choices by value.
        off: what the value 0, or no value, means, in words; empty if it is a number like any other.
    """

    spec: ParamSpec
    title: str
    group: str = ""
    step: float = 0.0
    labels: Mapping[str, str] = field(default_factory=dict)
    off: str = ""

    @property
    def name(self) -> str:
        """Key of the setting, such as ``lr`` or ``objective.label_smoothing``."""
        return self.spec.name


def _type_of(name: str) -> str:
    """Return the type of a setting, which is that of its default."""
    if name in EXTENSIONS:
        return EXTENSION if isinstance(getattr(_DEFAULTS, name), ExtensionRef) else LIST
    default = getattr(_DEFAULTS, name)
    if isinstance(default, Mapping):
        return MAPPING
    return {bool: "bool", int: "int", float: "float", str: "str", tuple: "tuple", type(None): "float"}[type(default)]


def _setting(
    name: str,
    title: str,
    help: str,
    range: tuple[float, float] | None = None,
    labels: Mapping[str, str] | None = None,
    step: float = 0.0,
    off: str = "",
    type: str = "",
) -> TrainingSetting:
    """Return a row of the table; type and default are those of the field of `Training`."""
    default: Any = getattr(_DEFAULTS, name)
    spec = ParamSpec(
        name,
        type or ("choice" if labels else _type_of(name)),
        default,
        optional=default is None,
        choices=tuple(labels or ()),
        range=range,
        items=("str", 0) if isinstance(default, tuple) else None,
        help=help,
    )
    return TrainingSetting(spec, title, _group_of(name), step, labels or {}, off)


# Heading in the window -> the settings below it, in the order of the form.
GROUPS = {
    "Data": ("data", "objective", "batch_size", "accumulate"),
    "Optimization": ("optimizer", "lr", "clip_norm", "layer_decay", "lr_factors"),
    "Schedule": ("schedule", "epochs", "warmup_epochs", "min_lr", "early_stopping"),
    "Regularization": ("weight_decay", "ema"),
    "Precision and speed": ("precision", "channels_last", "compile"),
    "Augmentation": ("augment",),
    "Start": ("init", "freeze", "seed"),
    "Records": ("keep_every", "samples"),
}


def _group_of(name: str) -> str:
    return next(group for group, names in GROUPS.items() if name in names)


SETTINGS = (
    _setting("data", "Data", "Dataset to learn from; a part is held out for validation where it has none of its own"),
    _setting("objective", "Objective", "What the network learns: the loss and the metrics"),
    _setting("batch_size", "Batch size", "Samples per batch; larger batches need more memory", (2, 65_536)),
    _setting(
        "accumulate",
        "Accumulate",
        "Batches whose gradients are averaged for one optimizer step: a larger batch in the memory of a small one",
        (1, 10_000),
        step=1,
    ),
    _setting(
        "optimizer",
        "Optimizer",
        "How gradients move the weights: AdamW suits attention, SGD with momentum is customary for convolutions",
    ),
    # Every rate that float32 can hold: a rate that is merely too large is for the run to find out.
    _setting("lr", "Learning rate", "Peak learning rate; the arrow keys double and halve it", (1e-9, 1e38)),
    _setting(
        "clip_norm",
        "Clip gradients",
        "Gradients of a larger norm, over all weights together, are scaled down to it; 0 leaves them alone",
        (0.0, 1e38),
        step=0.5,
        off="off",
    ),
    _setting(
        "layer_decay",
        "Layer decay",
        "Factor on the learning rate per node towards the input, for fine-tuning; 1 trains all at the same rate",
        (0.01, 1.0),
        step=0.05,
    ),
    _setting(
        "lr_factors",
        "Rate factors",
        "Factor on the learning rate by node or pattern, such as head: 10 or stage1*: 0.1",
        (0.0, 1e6),
    ),
    _setting("schedule", "Schedule", "How the learning rate changes after the warm-up"),
    _setting("epochs", "Epochs", "Passes over the training samples", (1, 100_000), step=1),
    _setting("warmup_epochs", "Warm-up", "Epochs over which the learning rate rises from 0", (0.0, 1000.0), step=1),
    _setting(
        "min_lr",
        "Minimum",
        "Learning rate that the schedule falls to; empty for 1 % of the peak",
        (0.0, 1e38),
        off="1 % of peak",
    ),
    _setting(
        "early_stopping",
        "Early stopping",
        "Epochs without a better validation value after which the run ends; 0 trains all epochs",
        (0, 100_000),
        step=1,
        off="off",
    ),
    _setting(
        "weight_decay",
        "Weight decay",
        "Pull of the weights towards 0; biases, norms and what blocks declare (positions, tokens) are exempt",
        (0.0, 10.0),
        step=0.01,
    ),
    _setting(
        "ema",
        "Weight average",
        "Decay of a moving average of the weights, such as 0.9999, which is validated and stored as best; 0 for none",
        (0.0, 0.9999999),
        step=0.001,
        off="off",
    ),
    _setting(
        "precision", "Precision", "Number format on the device; bf16 mixed is fast on recent GPUs", labels=PRECISIONS
    ),
    _setting("channels_last", "Channels last", "Store images with their channels last, which speeds up convolutions"),
    _setting("compile", "Compile", "Compile the network with torch.compile: a slow start, then faster steps"),
    _setting("augment", "Augment", "Random changes of the training images"),
    _setting(
        "init",
        "Weights",
        "Weights to start from: a run, a checkpoint or a safetensors file; empty draws them at random",
        type="path",
        off="random",
    ),
    _setting(
        "freeze",
        "Freeze",
        "Nodes that are not trained, such as stem, stage* or !head (all but head); their norms use stored statistics",
    ),
    _setting("seed", "Seed", "Equal seeds give equal runs on the same device", (0, 2**31 - 1), step=1),
    _setting(
        "keep_every",
        "Keep weights",
        "Store the weights of every n-th epoch besides the best and the last; 0 stores no others",
        (0, 100_000),
        step=1,
        off="best and last",
    ),
    _setting("samples", "Samples", "Write a few validation images with prediction and attention after each epoch"),
)
_BY_NAME = {row.name: row for row in SETTINGS}


def setting(name: str) -> TrainingSetting:
    """Return a row of the table by name; one that names extensions has those that exist as its choices.

    Raises:
        KeyError: if there is no such setting.
    """
    row = _BY_NAME[name]
    if name not in EXTENSIONS:
        return row
    labels = titles(name)
    return replace(row, spec=replace(row.spec, choices=tuple(labels)), labels=labels)


def names() -> tuple[str, ...]:
    """Return the names of the settings in the order of the table."""
    return tuple(_BY_NAME)


def option_settings(name: str, reference: ExtensionRef) -> list[TrainingSetting]:
    """Return one row for each option of an extension that a setting names; none for an unknown extension.

    Args:
        name: the setting, such as ``optimizer``.
        reference: the extension; its options have keys such as ``optimizer.momentum``, in a list of extensions such as
            ``augment.mixup.alpha``.
    """
    declaration = EXTENSIONS[name]().get(reference.name)
    if declaration is None:
        return []
    prefix = f"{name}.{reference.name}" if _BY_NAME[name].spec.type == LIST else name
    return [
        TrainingSetting(
            replace(spec, name=f"{prefix}.{spec.name}"),
            spec.name.replace("_", " ").capitalize(),
            _group_of(name),
            step=_step(spec),
            labels={str(choice): str(choice).replace("_", " ").capitalize() for choice in spec.choices},
        )
        for spec in declaration.options
    ]


def _step(spec: ParamSpec) -> float:
    """Return what an arrow key adds to an option: a twentieth of a short range, 1 for an integer."""
    if spec.type == "float" and spec.range is not None and spec.range[1] <= 1:
        return 0.05
    return 1.0 if spec.type == "int" else 0.0
