"""Which class of a run a class of another dataset is: classes are the same if their names are."""

from collections.abc import Sequence

from composer.core.errors import UserError

SHOWN = 5


def class_numbers(trained: Sequence[str], other: Sequence[str], source: str) -> tuple[int, ...]:
    """Return the number that each class of a dataset has in a run.

    Args:
        trained: the classes of the run.
        other: the classes of the dataset, in any order; some may be missing.
        source: the dataset, for the message.

    Raises:
        UserError: if the dataset has classes that the run does not know.
    """
    numbers = {name: number for number, name in enumerate(trained)}
    unknown = [name for name in other if name not in numbers]
    if unknown:
        raise UserError(
            f"{source} has classes that the run was not trained on: {_listed(unknown)}; the run has: "
            f"{_listed(trained)}; give equal classes equal names, for example by renaming the folders of the images"
        )
    return tuple(numbers[name] for name in other)


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
