"""Which class of a run a class of another dataset is: classes are the same if their names are."""

from collections.abc import Sequence

from composer.core.errors import UserError
from composer.core.name_list import list_names

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
            f"{source} has classes that the run was not trained on: {list_names(unknown, SHOWN)}; the run has: "
            f"{list_names(trained, SHOWN)}; give equal classes equal names, for example by renaming the folders of the "
            "images"
        )
    return tuple(numbers[name] for name in other)
