"""JSON of files and of the clipboard, which anyone may have written."""

import json
from typing import Any


def load_json(text: str | bytes) -> Any:
    """Return the value of a JSON text.

    Raises:
        ValueError: if it is not JSON, or nested too deeply to be anything of this program.
    """
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("the values are nested too deeply") from None
