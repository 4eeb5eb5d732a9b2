"""The flags of `train` that override settings of the design, generated from the table of training settings."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from composer.core import training_settings
from composer.core.declarations import ParamSpec
from composer.core.errors import UserError
from composer.core.extension_text import read_reference
from composer.core.files.yaml_loader import parse_yaml
from composer.core.number_text import parse_integer, parse_number
from composer.core.param_check import describe
from composer.core.training_settings import REFERENCES, SETTINGS, TrainingSetting, reference_setting


@dataclass(frozen=True, slots=True)
class Flag:
    """A flag of the command line.

    Args:
        setting: the setting that it overrides.
    """

    setting: TrainingSetting

    @property
    def key(self) -> str:
        """Name of the setting."""
        return self.setting.name

    @property
    def dest(self) -> str:
        """Attribute of the parsed arguments."""
        return f"training_{self.key}"

    def options(self) -> dict[str, Any]:
        """Return the arguments of `argparse.ArgumentParser.add_argument`."""
        spec = self.setting.spec
        text = f"{spec.help[:1].lower()}{spec.help[1:]}".replace("%", "%%")
        if spec.type == "bool":
            return {"dest": self.dest, "action": argparse.BooleanOptionalAction, "help": text}
        if self.key in REFERENCES:
            return {
                "dest": self.dest,
                "type": _reference,
                "metavar": "NAME[:VALUE]",
                "help": _reference_help(self.setting),
            }
        if spec.type == "choice":
            return {"dest": self.dest, "choices": spec.choices, "help": text}
        return {"dest": self.dest, "type": _number(spec), "metavar": "N", "help": text}


FLAGS = tuple(Flag(row) for row in (*map(reference_setting, REFERENCES), *SETTINGS))


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Add one flag per training setting; settings that are not given stay those of the design."""
    group = parser.add_argument_group("training settings", "each takes the place of the design's own setting")
    for flag in FLAGS:
        group.add_argument(f"--{flag.key.replace('_', '-')}", **flag.options())


def _number(spec: ParamSpec) -> Callable[[str], float]:
    """Return a reader of the numbers of a setting."""

    def read(text: str) -> float:
        value = parse_integer(text) if spec.type == "int" else _float(text)
        if value is None:
            raise argparse.ArgumentTypeError(f"{text!r} is not {describe(replace(spec, range=None))}")
        if message := training_settings.value_problem(spec, value):
            raise argparse.ArgumentTypeError(message)
        return value

    return read


def _float(text: str) -> float | None:
    try:
        value = parse_number(text)
        return float(text if value is None else value)  # float reads nan and inf, whose refusal names the limits
    except ValueError:
        return None


def _reference(text: str) -> Any:
    """Read an extension as text, such as ``images:photos``, or a mapping such as ``{name: digits, split_seed: 3}``."""
    if not text.lstrip().startswith("{"):
        return text
    try:
        value = parse_yaml(text, "mapping")
        read_reference("extension", value)
    except UserError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a mapping such as {{name: digits}}") from None
    return value


def _reference_help(row: TrainingSetting) -> str:
    names = ", ".join(str(name) for name in row.spec.choices)
    return f"{row.spec.help[:1].lower()}{row.spec.help[1:]}: {names}, NAME:VALUE, or {{name: NAME, OPTION: VALUE}}"
