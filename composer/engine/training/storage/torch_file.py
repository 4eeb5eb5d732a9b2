"""Files that `torch.save` wrote: only tensors and plain values are read, and nothing in them is executed."""

import warnings
from pathlib import Path
from typing import Any

import torch

from composer.core.errors import UserError


def read_torch_file(path: Path) -> Any:
    """Return the content of an existing file, with tensors on the CPU.

    Raises:
        UserError: if it is damaged, or holds more than tensors and plain values.
    """
    try:
        with warnings.catch_warnings():
            # On pickles of other protocols and older formats, in several lines: what counts is whether it can be read.
            warnings.simplefilter("ignore")
            return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # noqa: BLE001 - a damaged archive or pickle raises errors of every type
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise UserError(f"{path}: is not a readable checkpoint of tensors and plain values: {reason:.200}") from None
