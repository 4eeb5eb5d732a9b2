"""Lists of extensions with their options, as `netcomposer datasets` and `netcomposer settings` print them."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from composer.core.declarations import Declaration, ParamSpec


def extension_lines(declarations: Mapping[str, "Declaration"]) -> Iterable[str]:
    """Yield lines that describe extensions: how each is written, what it does, and its options."""
    from composer.core.text_table import align

    for declaration in declarations.values():
        if declaration.problem:
            continue
        yield written_form(declaration)
        yield f"  {declaration.summary}"
        yield from (f"  {line}" for line in align([option_row(spec) for spec in declaration.options]))


def extension_rows(declarations: Mapping[str, "Declaration"]) -> list[dict[str, Any]]:
    """Return the same as plain values, with everything else that the files declare."""
    return [
        {
            **{name: list(value) if isinstance(value, tuple) else value for name, value in declaration.values.items()},
            "name": declaration.name,
            "title": declaration.values.get("title", declaration.name),
            "form": written_form(declaration),
            "summary": declaration.summary,
            "options": [option_values(spec) for spec in declaration.options],
        }
        for declaration in declarations.values()
        if not declaration.problem
    ]


def written_form(declaration: "Declaration") -> str:
    """Return how users write an extension: its name, with its first option if it needs one."""
    first = declaration.options[0] if declaration.options else None
    named = first is not None and (first.required or first.type == "source")
    return f"{declaration.name}:{first.name.upper()}" if named and first is not None else declaration.name


def option_row(spec: "ParamSpec") -> tuple[str, str, str]:
    """Return name, default and description of an option or a setting."""
    from composer.core.value_text import to_text

    default = "required" if spec.required else to_text(spec.default) or '""'
    choices = f" ({', '.join(map(to_text, spec.choices))})" if spec.choices else ""
    bounds = f" ({to_text(spec.range[0])} to {to_text(spec.range[1])})" if spec.range and not choices else ""
    return f"  {spec.name}", default, f"{spec.help.rstrip('.')}{choices}{bounds}"


def option_values(spec: "ParamSpec") -> dict[str, Any]:
    """Return an option as plain values."""
    return {
        "name": spec.name,
        "type": spec.type,
        "required": spec.required,
        "default": spec.default,
        "choices": list(spec.choices),
        "range": list(spec.range) if spec.range else None,
        "help": spec.help,
    }
