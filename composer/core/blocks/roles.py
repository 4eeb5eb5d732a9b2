"""What blocks declare about their use, so that no other file names a block: their role, and which layouts they convert.

A role is a contract. The window draws a merge as a small circle with its sign; repairs insert a block with the role
that they need and set the parameters that the role promises.
"""

from collections.abc import Collection

from composer.core.errors import UserError

MERGE = "merge"
DROPOUT = "dropout"
PROJECT_CHANNELS = "project_channels"
PROJECT_FEATURES = "project_features"
PAD = "pad"
UPSAMPLE = "upsample"

# Role -> the parameters that a block with this role has.
ROLES: dict[str, tuple[str, ...]] = {
    MERGE: (),  # combines any number of inputs into one output and does nothing else
    DROPOUT: (),  # in training drops some of what it lets pass in evaluation; shapes and costs are those of evaluation
    PROJECT_CHANNELS: ("out_channels", "kernel_size", "stride", "act"),  # a convolution of a map
    PROJECT_FEATURES: ("out_features",),  # a linear map of the last axis
    PAD: ("multiple",),  # pads both sides of a map to a multiple
    UPSAMPLE: ("scale_factor",),  # enlarges both sides of a map
}
# Layout -> its number of axes, the batch axis included. A block that makes maps of tokens may have parameters `height`
# and `width`.
LAYOUTS = {"map": 4, "tokens": 3, "vector": 2}

Conversion = tuple[str, str]


def check_role(role: str, sign: str, params: Collection[str], *, variadic: bool) -> None:
    """Check that a block keeps the contract of its role.

    Args:
        role: the declared role; empty for none.
        sign: the declared sign; only merges have one.
        params: names of the block's parameters.
        variadic: whether an input takes any number of wires.

    Raises:
        UserError: if the role is unknown, or the block lacks what the role promises.
    """
    if role and role not in ROLES:
        raise UserError(f"role {role!r} is unknown; choose one of: {', '.join(ROLES)}")
    if (role == MERGE) != bool(sign):
        raise UserError(f"sign is {sign!r} and role is {role!r}; a merge needs a sign, and only a merge has one")
    if role == MERGE and not variadic:
        raise UserError("a merge needs an input that takes any number of wires: forward(self, *inputs)")
    if missing := [name for name in ROLES.get(role, ()) if name not in params]:
        raise UserError(f"role {role!r} needs a parameter {missing[0]!r}")


def parse_conversions(text: str) -> tuple[Conversion, ...]:
    """Parse the layouts that a block converts.

    Raises:
        UserError: if the text is not a list of pairs of layouts.

    >>> parse_conversions("map -> vector, tokens -> vector")
    (('map', 'vector'), ('tokens', 'vector'))
    """
    conversions = []
    for part in text.split(",") if text else ():
        source, _, target = (word.strip() for word in part.partition("->"))
        if source not in LAYOUTS or target not in LAYOUTS or source == target:
            raise UserError(f"converts={text!r}: {part.strip()!r} is not two of {', '.join(LAYOUTS)}: 'map -> tokens'")
        conversions.append((source, target))
    return tuple(conversions)
