"""The flags of `train` that override settings of the design, generated from the table of training settings."""

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from composer.cli.extension_list import written_form
from composer.core import training_settings
from composer.core.declarations import ParamSpec
from composer.core.errors import UserError
from composer.core.number_text import parse_integer, parse_number
from composer.core.param_check import describe
from composer.core.recipes import find_recipe
from composer.core.setting_text import lower_first, read_text
from composer.core.training_extensions import EXTENSIONS
from composer.core.training_overrides import merge, read_assignments
from composer.core.training_table import LIST, SETTINGS, TrainingSetting

_METAVARS = {
    "extension": "NAME[:VALUE]",
    "extensions": "NAMES",
    "mapping": "NAME=N,...",
    "path": "PATH",
    "tuple": "NAMES",
}
_SET = "override_assignments"
_RECIPE = "override_recipe"


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
    def flag(self) -> str:
        """The flag itself."""
        return f"--{self.key.replace('_', '-')}"

    @property
    def dest(self) -> str:
        """Attribute of the parsed arguments."""
        return f"training_{self.key}"

    def options(self) -> dict[str, Any]:
        """Return the arguments of `argparse.ArgumentParser.add_argument`."""
        spec = self.setting.spec
        text = lower_first(spec.help).replace("%", "%%")
        if spec.type == "bool":
            return {"dest": self.dest, "action": argparse.BooleanOptionalAction, "help": text}
        if spec.type == "choice":
            return {"dest": self.dest, "choices": spec.choices, "help": text}
        if spec.type in ("int", "float"):
            return {"dest": self.dest, "type": _number(spec), "metavar": "N", "help": text}
        if self.key in EXTENSIONS:
            forms = [written_form(row) for row in EXTENSIONS[self.key]().values() if not row.problem]
            # The value behind the colon is that of the first option.
            text += f": {', '.join(forms)}; NAME:VALUE, or {{name: NAME, OPTION: VALUE}}"
        return {"dest": self.dest, "type": _text(spec), "metavar": _METAVARS[spec.type], "help": text}


FLAGS = tuple(Flag(row) for row in SETTINGS)


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Add one flag per training setting, ``--set`` and ``--recipe``; all others stay those of the design."""
    group = parser.add_argument_group(
        "training settings", "each takes the place of the design's own setting, --recipe first, --set last"
    )
    group.add_argument(
        "--recipe", dest=_RECIPE, metavar="RECIPE", help="a preset (netcomposer recipes lists them) or a YAML file"
    )
    group.add_argument(
        "--set",
        dest=_SET,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="any setting or option, such as lr=1e-3 or optimizer.betas=0.9,0.95; may be repeated",
    )
    for flag in FLAGS:
        group.add_argument(flag.flag, **flag.options())
        if flag.setting.spec.type == LIST:
            group.add_argument(f"--no-{flag.flag[2:]}", dest=flag.dest, action="store_const", const=[], help="none")


def read_overrides(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the arguments of a command line put in place of a design's settings, by key.

    Raises:
        UserError: if the recipe cannot be read, or what follows ``--set`` is not an assignment.
    """
    recipe = find_recipe(arguments[_RECIPE]).settings if arguments[_RECIPE] is not None else {}
    flags = {flag.key: arguments[flag.dest] for flag in FLAGS if arguments[flag.dest] is not None}
    return merge(recipe, flags, read_assignments(arguments[_SET]))


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


def _text(spec: ParamSpec) -> Callable[[str], Any]:
    """Return a reader of names, lists and mappings."""

    def read(text: str) -> Any:
        try:
            value = read_text(spec, text)
            training_settings.read_value(spec.name, value)
        except UserError as error:
            raise argparse.ArgumentTypeError(str(error)) from None
        return value

    return read
