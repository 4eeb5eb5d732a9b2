"""Which network some weights belong to: what is recorded with them, and how it differs from the network of a design.

Shapes alone do not tell: another activation or another number of heads changes no parameter, but the weights are worth
nothing there. Everything that brings weights into a network compares identities first.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from composer.core.diff_report import short_difference
from composer.core.errors import UserError
from composer.core.files import design_file
from composer.core.graph import Design
from composer.core.json_text import load_json


@dataclass(frozen=True, slots=True)
class NetworkIdentity:
    """What a network is, besides its weights.

    Attributes:
        digest: `design_hash` of its design: constructor values, wiring and order, not the layout.
        blocks: digest of the code of each custom block in it, by name; None if that was not recorded.
        design: its design, to name differences; None if only the digest is recorded.
    """

    digest: str
    blocks: Mapping[str, str] | None = field(default_factory=dict)
    design: Design | None = None

    @property
    def key(self) -> str:
        """A text that is equal for equal networks, for caches."""
        return json.dumps([self.digest, self.blocks], sort_keys=True, default=dict)

    def to_json(self) -> dict[str, Any]:
        """Return the digests as plain values."""
        return {"design": self.digest, "blocks": self.blocks}

    def metadata(self) -> dict[str, str]:
        """Return the identity as the texts that a file of weights stores: the network that they were trained in."""
        texts = {"trained_design": self.digest}
        if self.blocks is not None:
            texts["trained_blocks"] = json.dumps(dict(self.blocks))
        if self.design is not None:
            texts["trained_network"] = design_file.dumps(design_file.without_layout(self.design))
        return texts


def from_json(values: object, design: Design | None = None) -> NetworkIdentity | None:
    """Return a recorded identity; None if the values are not one.

    Args:
        values: what `NetworkIdentity.to_json` returned.
        design: the design that was recorded beside it; dropped if it has another digest.
    """
    if not isinstance(values, Mapping) or not isinstance(values.get("design"), str):
        return None
    digest, blocks = values["design"], values.get("blocks")
    if design is not None and design_file.design_hash(design) != digest:
        design = None
    known = {str(name): str(code) for name, code in blocks.items()} if isinstance(blocks, Mapping) else None
    return NetworkIdentity(digest, known, design)


def from_metadata(texts: Mapping[str, str]) -> NetworkIdentity | None:
    """Return the identity that a weights file stores; None if it stores none."""
    try:
        blocks = load_json(texts.get("trained_blocks", "null"))
    except (ValueError, RecursionError):
        blocks = None
    design = None
    if "trained_network" in texts:
        try:
            design = design_file.loads(texts["trained_network"], "trained_network")
        except UserError:
            design = None
    return from_json({"design": texts.get("trained_design"), "blocks": blocks}, design)


def network_difference(trained: NetworkIdentity, current: NetworkIdentity) -> str:
    """Return how the network of a design differs from the one that weights were trained in.

    Args:
        trained: the network that the weights were trained in.
        current: the network that is to use them.

    Returns:
        The differences in a few words, ``mlp.act: gelu -> relu``; empty if it is the same network.
    """
    if trained.digest != current.digest:
        words = ""
        if trained.design is not None and current.design is not None:
            words = short_difference(trained.design, current.design)
        return words or f"design {trained.digest}, here {current.digest}"
    if trained.blocks is None or current.blocks is None:
        return ""
    changed = [name for name, code in trained.blocks.items() if current.blocks.get(name) != code]
    changed += [name for name in current.blocks if name not in trained.blocks]
    return f"the code of {', '.join(sorted(changed))} has changed" if changed else ""
