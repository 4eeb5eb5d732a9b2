"""Facts: what the engine computes about each node. Plain values that JSON preserves."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from composer.core.graph import Literal, as_literal
from composer.core.token_layout import TokenLayout


@dataclass(frozen=True, slots=True)
class PortSpec:
    """The tensor at an output port.

    Attributes:
        port: name of the port.
        shape: its sizes, the batch first.
        dtype: torch's name of its dtype.
        layout: where its tokens are in the image; None if it has none, or that is unknown.
    """

    port: str
    shape: tuple[int, ...]
    dtype: str = "float32"
    layout: TokenLayout | None = None

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        layout = None if self.layout is None else self.layout.to_json()
        return {"port": self.port, "shape": self.shape, "dtype": self.dtype, "layout": layout}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "PortSpec":
        """Read what `to_json` wrote."""
        layout = data.get("layout")
        return cls(
            data["port"],
            tuple(data["shape"]),
            data["dtype"],
            None if layout is None else TokenLayout.from_json(layout),
        )


@dataclass(frozen=True, slots=True)
class EditCall:
    """A call of an edit as plain JSON values; `core.repairs` makes and applies it.

    Attributes:
        edit: name of the function.
        arguments: its arguments without the design.
    """

    edit: str
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Repair:
    """A change that fixes an error.

    Attributes:
        label: what it does, as the text of a button.
        edits: the edits, applied one after the other.
    """

    label: str
    edits: tuple[EditCall, ...] = ()

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Repair":
        """Read what `dataclasses.asdict` wrote."""
        return cls(data["label"], tuple(EditCall(**edit) for edit in data["edits"]))


@dataclass(frozen=True, slots=True)
class NodeFacts:
    """Everything that is computed about one node; costs of a repeated node or an instance are sums over all iterations.

    Args:
        block: block name or ``graph:NAME``.
        resolved: every parameter with the value it has after defaults, expressions and wires.
        inferred: names of the parameters that came from the wires.
        outputs: one entry for each output port.
        params: number of parameters.
        macs: multiply-adds of one forward pass of the whole batch (see `engine.inference.cost` for what counts).
        activation_bytes: unique storages saved for backward, without the parameters.
        working_bytes: memory that inference needs while the node runs, without the parameters.
        moved_bytes: what the operations of one forward pass read and write, without fusion.
        error: what is wrong at this node itself, in one sentence.
        waits_for: id of the node whose error (or missing wire) keeps this one from being computed.
        warning: what the block misreads although the shapes fit, a sentence without the id of the node.
        repairs: changes that would make it valid.
        uncounted: how often operations ran whose cost is not counted, by name.
        repeat: number of iterations, after expressions; 0 if it is not known.
    """

    block: str = ""
    resolved: Mapping[str, Literal] = field(default_factory=dict)
    inferred: tuple[str, ...] = ()
    outputs: tuple[PortSpec, ...] = ()
    params: int = 0
    params_trainable: int = 0
    buffers: int = 0
    macs: int = 0
    activation_bytes: int = 0
    working_bytes: int = 0
    moved_bytes: int = 0
    error: str | None = None
    waits_for: str | None = None
    warning: str | None = None
    repairs: tuple[Repair, ...] = ()
    uncounted: Mapping[str, int] = field(default_factory=dict)
    repeat: int = 0

    @property
    def flops(self) -> int:
        """Twice the MACs: a multiply and an add each."""
        return 2 * self.macs

    @property
    def ok(self) -> bool:
        """Whether the node could be computed."""
        return self.error is None and self.waits_for is None

    def to_json(self) -> dict[str, Any]:
        """Return the facts as plain JSON values."""
        values = {name: getattr(self, name) for name in self.__slots__}
        values["outputs"] = [port.to_json() for port in self.outputs]
        values["repairs"] = [asdict(repair) for repair in self.repairs]
        return values

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "NodeFacts":
        """Read what `to_json` wrote."""
        values = dict(data)
        values["resolved"] = {name: as_literal(value) for name, value in values.get("resolved", {}).items()}
        values["inferred"] = tuple(values.get("inferred", ()))
        values["outputs"] = tuple(PortSpec.from_json(port) for port in values.get("outputs", ()))
        values["repairs"] = tuple(Repair.from_json(repair) for repair in values.get("repairs", ()))
        return cls(**values)


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over the main graph; `working_bytes` is the peak memory of inference, waiting tensors included."""

    params: int = 0
    params_trainable: int = 0
    macs: int = 0
    activation_bytes: int = 0
    working_bytes: int = 0
    moved_bytes: int = 0
    buffers: int = 0

    @property
    def flops(self) -> int:
        """Twice the MACs."""
        return 2 * self.macs


SUMMED = ("params", "params_trainable", "buffers", "macs", "activation_bytes", "moved_bytes")


def summed(parts: Iterable[object], names: Sequence[str] = SUMMED) -> dict[str, Any]:
    """Sum the costs of parts; working bytes are not among them, because their peak is not a sum."""
    all_parts = tuple(parts)
    return {name: sum(getattr(part, name) for part in all_parts) for name in names}


@dataclass(frozen=True, slots=True)
class DesignFacts:
    """Facts of every node of a design by its path.

    Paths are ``attn_1`` in the main graph, ``stage_1/attn_1`` in an instance of a sub-graph, and ``stage_1/2/attn_1``
    in the third iteration of a repeat whose iterations differ.
    """

    nodes: Mapping[str, NodeFacts] = field(default_factory=dict)
    totals: Totals = field(default_factory=Totals)
    batch: int = 1

    @property
    def errors(self) -> dict[str, str]:
        """The errors of the nodes that have one themselves, by path."""
        return {path: facts.error for path, facts in self.nodes.items() if facts.error is not None}
