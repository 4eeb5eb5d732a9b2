"""Checks of parameters that several blocks share."""


def check_choice(name: str, value: str, *choices: str) -> None:
    """Raise ValueError unless `value` is one of `choices`."""
    if value not in choices:
        raise ValueError(f"{name}: {value!r} is not one of {', '.join(choices)}")


def check_positive(**values: int) -> None:
    """Raise ValueError unless each of `values` is at least 1."""
    for name, value in values.items():
        if value < 1:
            raise ValueError(f"{name}: {value} is not positive")
