"""Weights for a network, from a run or a file: the one place that decides whether they belong to it.

Shapes alone do not tell, so the recorded identity of the network that the weights were trained in is compared with that
of the network that is to use them. Weights of another network are refused, or taken by force and labelled.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

import composer
from composer.core.blocks.catalog import Catalog
from composer.core.blocks.identify import identify
from composer.core.errors import UserError
from composer.core.files.network_identity import NetworkIdentity, from_json, from_metadata, network_difference
from composer.core.files.run_folder import BEST, KEPT, LAST, WEIGHTS, is_run
from composer.core.graph import Design
from composer.engine.training.storage.run import Run
from composer.engine.training.storage.torch_file import read_torch_file

SAFETENSORS = ".safetensors"


@dataclass(frozen=True, slots=True)
class Weights:
    """Weights, and what is known about the network that they were trained in.

    Attributes:
        tensors: a state_dict.
        source: where they are from, such as ``the run digits-1``; empty for tensors of this process.
        network: the network that they were trained in; None if it is not recorded.
        difference: how the network that uses them differs from the one they were trained in; empty if it is the same
            one, None if their network is not recorded.
        notes: versions of the software that differ from those of the training.
    """

    tensors: dict[str, Tensor]
    source: str = ""
    network: NetworkIdentity | None = None
    difference: str | None = None
    notes: tuple[str, ...] = field(default=())

    @property
    def trained_here(self) -> bool:
        """Whether they were trained in the network that uses them."""
        return self.difference == ""

    @property
    def message(self) -> str:
        """What is known about them, for messages, badges and file metadata."""
        if self.difference is None:
            source = self.source or "an unnamed source"
            return f"weights of {source}, unproven: the network they were trained in is not recorded"
        if self.difference:
            return f"weights of {self.source}, which were trained in another network ({self.difference})"
        return "; ".join((f"weights of {self.source}, trained in this network", *self.notes))

    @property
    def remarks(self) -> tuple[str, ...]:
        """What a user has to know: nothing if they were trained in this network with this software."""
        return self.notes if self.trained_here else (self.message,)

    def load_into(self, model: nn.Module) -> None:
        """Put the weights into a model.

        Raises:
            UserError: if names or shapes do not fit.
        """
        try:
            model.load_state_dict(self.tensors)
        except RuntimeError as error:
            reason = str(error).strip().splitlines()[-1].strip()
            cause = f" ({self.difference})" if self.difference else ""
            owner = f"the weights of {self.source}" if self.source else "the weights"
            raise UserError(f"{owner} do not fit the design{cause}: {reason:.200}") from None


def load_weights(path: Path, design: Design, catalog: Catalog, *, force: bool = False) -> Weights:
    """Read the weights of a run or of a file for the network of a design.

    Args:
        path: folder of a run, of which the best epoch is taken, or ``RUN@3``, ``RUN@best``, ``RUN@last``; a checkpoint
            (``.pt``) or a safetensors file.
        design: the design whose network is to use them.
        catalog: its blocks.
        force: whether weights of another network are taken, and labelled, instead of refused.

    Returns:
        The weights; those of a file without a record are labelled as unproven.

    Raises:
        UserError: if they cannot be read, or belong to another network.
    """
    notes: tuple[str, ...] = ()
    folder, selection = split_selection(path)
    if folder.is_dir():
        run = Run.open(folder)
        tensors, recorded = _weights_of_run(run, selection)
        trained: NetworkIdentity | None = _with_design(recorded, run.network())
        source, notes = f"the run {path.name}", _version_notes(run)
    else:
        source = path.name
        tensors, trained = _read_file(path)
    difference = None if trained is None else network_difference(trained, identify(design, catalog))
    if difference and not force:
        raise UserError(
            f"{path}: its weights were trained in another network ({difference}); "
            "use the design they were trained in, or take them anyway with --force"
        )
    return Weights(tensors, source, trained, difference, notes)


def split_selection(path: Path) -> tuple[Path, str]:
    """Return the folder of a run and which of its checkpoints is selected: ``best``, ``last``, a number, or nothing.

    Args:
        path: such as ``runs/one@3``; a path that exists is itself, whatever its name contains.
    """
    name, separator, selection = path.name.rpartition("@")
    if not separator or path.exists() or not (path.parent / name).is_dir():
        return path, ""
    return path.parent / name, selection


def checkpoint_of(run: Run, selection: str) -> dict[str, Any]:
    """Return a checkpoint of a run.

    Args:
        run: the run.
        selection: ``best``, ``last`` or the number of an epoch.

    Raises:
        UserError: if there is none, naming those that there are.
    """
    name = {"best": BEST, "last": LAST}.get(selection) or (KEPT.format(int(selection)) if selection.isdecimal() else "")
    checkpoint = run.load(name) if name else None
    if checkpoint is not None:
        return checkpoint
    there = [word for word, file in (("best", BEST), ("last", LAST)) if (run.path / file).is_file()]
    there += [str(int(path.stem.rpartition("_")[2])) for path in sorted((run.path / LAST).parent.glob("epoch_*.pt"))]
    raise UserError(
        f"{run.path} has no weights {selection!r:.40}; it has: {', '.join(there) or 'none yet'} (--keep-every N stores "
        "those of every n-th epoch)"
    )


def _weights_of_run(run: Run, selection: str) -> tuple[dict[str, Tensor], NetworkIdentity | None]:
    """Return the selected weights, else those of the best epoch, else the last ones, with their record."""
    if selection:
        checkpoint: dict[str, Any] | None = checkpoint_of(run, selection)
    elif (run.path / WEIGHTS).is_file():
        return _read_safetensors(run.path / WEIGHTS)
    else:
        checkpoint = run.load(BEST) or run.load(LAST)
    if checkpoint is None:
        raise UserError(f"{run.path} has no weights yet: no epoch has finished yet; train it further with --resume")
    return checkpoint["model"], from_json(checkpoint.get("network"))


def _with_design(recorded: NetworkIdentity | None, run: NetworkIdentity) -> NetworkIdentity:
    """Return the record of a run's weights, which prevails over that of the run, with the run's design if it fits."""
    if recorded is None:
        return run
    design = recorded.design or (run.design if run.digest == recorded.digest else None)
    return NetworkIdentity(recorded.digest, recorded.blocks, design)


def _read_file(path: Path) -> tuple[dict[str, Tensor], NetworkIdentity | None]:
    if not path.is_file():
        raise UserError(f"{path}: file not found; expected the folder of a run, or a file of weights")
    if path.suffix == SAFETENSORS:
        return _read_safetensors(path)
    tensors, recorded = _read_checkpoint(path)
    folder = path.absolute().parent.parent  # checkpoints/last.pt of a run
    return tensors, _with_design(recorded, Run(folder).network()) if is_run(folder) else recorded


def _read_safetensors(path: Path) -> tuple[dict[str, Tensor], NetworkIdentity | None]:
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
            metadata: Mapping[str, str] = file.metadata() or {}
    except (SafetensorError, OSError) as error:
        raise UserError(f"{path}: cannot be read as safetensors: {error}") from None
    return tensors, from_metadata(metadata)


def _read_checkpoint(path: Path) -> tuple[dict[str, Tensor], NetworkIdentity | None]:
    """Read a checkpoint or a bare state_dict; nothing in it is executed."""
    content = read_torch_file(path)
    values = content if isinstance(content, dict) else {}
    tensors = values.get("model", values)
    if not isinstance(tensors, dict) or not tensors or not all(isinstance(value, Tensor) for value in tensors.values()):
        raise UserError(f"{path}: holds no weights, expected a checkpoint or a state_dict")
    return tensors, from_json(values.get("network"))


def _version_notes(run: Run) -> tuple[str, ...]:
    """Return in which versions of torch and of this program a run was trained, where they differ from the current."""
    recorded = run.settings().get("versions")
    current = {"torch": torch.__version__, "netcomposer": composer.__version__}
    versions = recorded if isinstance(recorded, Mapping) else {}
    return tuple(
        f"trained with {name} {versions[name]}, here {version}"
        for name, version in current.items()
        if name in versions and versions[name] != version
    )
