"""Checks of parameters that several blocks share."""


def check_choice(name: str, value: str, *choices: str) -> None:
    """Raise ValueError unless `value` is one of `choices`."""
    if value not in choices:
        raise ValueError(f"{name}: {value!r} is not one of {', '.join(choices)}")


def check_positive(**values: int | tuple[int, ...]) -> None:
    """Raise ValueError unless each of `values` is at least 1, along every axis."""
    for name, value in values.items():
        if min(per_axis(value, 1)) < 1:
            raise ValueError(f"{name}: {value} is not positive")


def per_axis(value: int | tuple[int, ...], axes: int) -> tuple[int, ...]:
    """Return one number for each axis; a single number stands for all axes."""
    return value if isinstance(value, tuple) else (value,) * axes
