"""Design files: loaded without executing code, saved atomically; `yaml_reader` and `yaml_writer` handle the text."""

import hashlib
import os
import stat
from collections.abc import Mapping
from pathlib import Path

from composer.core.errors import DesignError
from composer.core.expressions import value_names
from composer.core.files.atomic import shown, write_atomically
from composer.core.files.replacing import FileStamp, write_output
from composer.core.files.yaml_reader import DTYPES, loads
from composer.core.files.yaml_writer import dumps
from composer.core.graph import (
    SUBGRAPH,
    Design,
    Graph,
    Input,
    Node,
    Output,
    Value,
    Wire,
)

MAX_BYTES = 20_000_000  # a design of 5,000 nodes is under 1 MB


def load(path: str | os.PathLike[str]) -> Design:
    """Read a design file.

    Args:
        path: a YAML file.

    Returns:
        The Design.

    Raises:
        DesignError: if the file cannot be read or is not a valid design.
    """
    return load_stamped(path)[0]


def load_stamped(path: str | os.PathLike[str]) -> tuple[Design, FileStamp]:
    """Read a design file, and which version of the file was read.

    Args:
        path: a YAML file.

    Returns:
        The Design, and the stamp with which `replacing.replace_problem` notices later changes of the file.

    Raises:
        DesignError: if the file cannot be read or is not a valid design.
    """
    path = Path(path)
    status = check_readable(path)
    try:
        content = path.read_bytes()
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DesignError(
            f"{path.name}: byte {error.start} is not UTF-8 text; expected a Netcomposer design in YAML"
        ) from None
    except OSError as error:
        raise DesignError(f"{shown(path)}: cannot be read: {error.strerror or error}") from None
    return loads(text, path.name), FileStamp.of_content(content, status)


def check_readable(path: Path) -> os.stat_result:
    """Return the status of a file that may be a design.

    Raises:
        DesignError: if there is no such file, or it is too large or not a regular one.
    """
    try:
        status = path.stat()
    except FileNotFoundError:
        raise DesignError(f"{shown(path)}: file does not exist") from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise DesignError(f"{shown(path)}: cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if not stat.S_ISREG(status.st_mode):
        raise DesignError(f"{shown(path)}: is not a regular file; expected a Netcomposer design")
    if status.st_size > MAX_BYTES:
        size = f"{status.st_size / 1e6:.0f} MB"
        raise DesignError(
            f"{path.name}: {size} is too large for a design, expected at most {MAX_BYTES // 1_000_000} MB"
        )
    return status


def save(design: Design, path: str | os.PathLike[str]) -> None:
    """Write a design file atomically: the old version stays until the new one is complete.

    Args:
        design: the design to write.
        path: the YAML file.

    Raises:
        DesignError: if the file cannot be written.
    """
    text = dumps(design)
    write_atomically(Path(path), lambda file: file.write(text.encode("utf-8")))


def save_output(
    design: Design,
    path: Path,
    *,
    kind: str,
    source: Path,
    stamp: FileStamp,
    force: bool = False,
) -> None:
    """Write a design that a command made from another one, unless that would replace a file of the user.

    Args:
        design: the design to write.
        path: the YAML file; may be the source itself.
        kind: name of the command.
        source: the file of the other design.
        stamp: the version of the source that was read.
        force: the user has agreed (``--force``).

    Raises:
        UserError: if the file may not be replaced or cannot be written.
    """
    write_output(path, dumps(design).encode("utf-8"), kind=kind, source=source, stamp=stamp, force=force)


def design_hash(design: Design) -> str:
    """Return a short digest of the parts that determine the network; equal digests are equal networks."""
    return hashlib.sha256(dumps(network_only(design)).encode()).hexdigest()[:16]


def network_only(design: Design) -> Design:
    """Return the parts of a design that determine the network.

    Left out are positions, bends, frames, titles, notes, training settings, and the sub-graphs and variables that are
    not used. Sub-graphs are numbered by their first use, because their names are no part of the network.
    """
    numbers: dict[str, str] = {}
    pending = [design.main]
    while pending:
        for node in pending.pop(0).nodes.values():
            if (name := node.subgraph) is not None and name in design.graphs and name not in numbers:
                numbers[name] = f"g{len(numbers) + 1}"
                pending.append(design.graphs[name])
    graphs = {number: _bare(design.graphs[name], numbers) for name, number in numbers.items()}
    main = _bare(design.main, numbers)
    used = _variable_names(main, *graphs.values())
    pending_names = list(used)
    while pending_names:
        inner = value_names(design.variables.get(pending_names.pop(), 0)) - used
        used |= inner
        pending_names += inner
    return Design(
        main=main,
        graphs=graphs,
        variables={name: value for name, value in design.variables.items() if name in used},
    )


def without_layout(design: Design) -> Design:
    """Return graphs and variables of a design, without positions, titles, notes and training settings."""
    graphs = {name: _bare(graph, {}) for name, graph in design.graphs.items()}
    return Design(main=_bare(design.main, {}), graphs=graphs, variables=design.variables)


def _bare(graph: Graph, numbers: Mapping[str, str]) -> Graph:
    """Return a graph without layout, its sub-graphs named by their numbers where they have one."""

    def block(node: Node) -> str:
        return node.block if node.subgraph is None else f"{SUBGRAPH}{numbers.get(node.subgraph, node.subgraph)}"

    return Graph(
        inputs={id: Input(id, item.shape, item.dtype) for id, item in graph.inputs.items()},
        nodes={id: Node(id, block(node), node.params, repeat=node.repeat) for id, node in graph.nodes.items()},
        outputs={id: Output(id) for id in graph.outputs},
        wires=tuple(Wire(wire.source, wire.target, wire.source_port, wire.target_port) for wire in graph.wires),
        params=graph.params,
    )


def _variable_names(*graphs: Graph) -> set[str]:
    """Return the names that the expressions of some graphs use."""
    values: list[Value] = []
    for graph in graphs:
        values += graph.params.values()
        values += (size for item in graph.inputs.values() for size in item.shape or ())
        for node in graph.nodes.values():
            values += [*node.params.values(), node.repeat]
    return set().union(*map(value_names, values))


__all__ = [
    "DTYPES",
    "design_hash",
    "dumps",
    "load",
    "load_stamped",
    "loads",
    "network_only",
    "save",
    "save_output",
    "without_layout",
]
