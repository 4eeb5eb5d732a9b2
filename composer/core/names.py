"""Identifiers: which texts are valid ids, and free ids from a base."""

import builtins
import keyword
import re
from collections.abc import Container

# Names that the generated model uses: an id equal to one of them would shadow it.
RESERVED = frozenset(
    {"self", "torch", "nn", "F", "Tensor", "forward", "training", "x_", *dir(builtins)}
    - {"input", "id", "filter", "map", "sum", "max", "min", "hash"}
)
# Attributes of nn.Module that a node id as attribute must not overwrite.
MODULE_ATTRIBUTES = frozenset(
    """T_destination
    add_module apply bfloat16 buffers call_super_init children compile cpu cuda double dump_patches eval extra_repr
    float forward get_buffer get_extra_state get_parameter get_submodule half ipu load_state_dict modules mtia
    named_buffers named_children named_modules named_parameters parameters register_backward_hook register_buffer
    register_forward_hook register_forward_pre_hook register_full_backward_hook register_full_backward_pre_hook
    register_load_state_dict_post_hook register_load_state_dict_pre_hook register_module register_parameter
    register_state_dict_post_hook register_state_dict_pre_hook requires_grad_ set_extra_state set_submodule
    share_memory state_dict to to_empty train type xpu zero_grad""".split()
)
MAX_LENGTH = 64


def problem(name: object) -> str | None:
    """Return why a name cannot be an id, as the end of a sentence; None if it can."""
    if not isinstance(name, str) or not name:
        return "is empty; use letters, digits and underscores"
    if len(name) > MAX_LENGTH:
        return f"is longer than {MAX_LENGTH} characters"
    if not name.isascii() or not name.isidentifier():
        return "is not a plain identifier; use letters, digits and underscores, and start with a letter"
    if name.startswith("_"):
        return "starts with an underscore, which is reserved"
    if keyword.iskeyword(name) or keyword.issoftkeyword(name):
        return "is a Python keyword"
    if name in RESERVED or name in MODULE_ATTRIBUTES:
        return "is used by Python or by torch modules"
    return None


def snake(name: str) -> str:
    """Return a class name in snake case: ``MBConv`` -> ``mb_conv``, ``BatchNorm2d`` -> ``batch_norm2d``."""
    name = re.sub(r"\W+", "_", name).strip("_")
    name = re.sub(r"([A-Z]+)([A-Z][a-z]{2,})", r"\1_\2", name) if not name.isupper() else name
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower() or "node"


def camel(name: str) -> str:
    """Return an identifier as a class name: ``stage_1`` -> ``Stage1``."""
    joined = "".join(part[:1].upper() + part[1:] for part in re.split(r"[^0-9A-Za-z]", name) if part)
    return joined if joined[:1].isalpha() and not keyword.iskeyword(joined) else f"Net{joined}"


def fresh(base: str, taken: Container[str]) -> str:
    """Return a free id: the base itself if it is free, else with the next free number: ``attn``, ``attn_2``, ...

    >>> fresh("attn", {"attn", "attn_2"})
    'attn_3'
    """
    base = re.sub(r"[^0-9A-Za-z_]", "_", base).strip("_") or "node"
    if base[0].isdigit():
        base = f"n_{base}"
    base = base[: MAX_LENGTH - 6]  # leaves space for a number
    if base not in taken and problem(base) is None:
        return base
    stem = re.sub(r"_\d+$", "", base)
    number = 2
    while f"{stem}_{number}" in taken or problem(f"{stem}_{number}") is not None:
        number += 1
    return f"{stem}_{number}"


def numbered(name: str, base: str) -> bool:
    """Whether a name is one that `fresh` makes from a base: the base with a number.

    >>> numbered("attn_3", "attn_2"), numbered("attention_2", "attn")
    (True, False)
    """
    stem, _, number = name.rpartition("_")
    return number.isdigit() and stem == re.sub(r"_\d+$", "", base)
