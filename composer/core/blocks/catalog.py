"""All blocks by name: those of the library and custom ones.

A block file is read when its block is first requested, because a design needs about a dozen and reading all files takes
a tenth of a second; listing the blocks reads the rest. A broken file is an entry of `Catalog.broken`; the other blocks
stay usable.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path

from composer import paths
from composer.core.blocks.block_file import BlockSpec, read_block
from composer.core.declarations import MAX_SOURCE_BYTES
from composer.core.errors import UserError

CATEGORY_ORDER = (
    "stems",
    "conv",
    "channel_attention",
    "spatial_attention",
    "combined",
    "branch_attention",
    "attention",
    "transformer",
    "tokens",
    "position",
    "dendritic",
    "forward_forward",
    "recurrent",
    "text",
    "basic",
    "head",
)


class Catalog:
    """Blocks by name.

    Args:
        files: block files; if two define the same name, the second is reported as broken.
        before: an earlier catalog; files that have not changed since are not read again.
    """

    def __init__(self, files: Iterable[Path] = (), before: "Catalog | None" = None) -> None:
        self._files = tuple(files)
        self._read: dict[Path, BlockSpec | UserError] = {}
        self._stamps = {path: _stamp(path) for path in self._files if not path.is_relative_to(paths.BLOCKS)}
        if before is not None:
            same = (path for path in before._read if self._stamps.get(path) == before._stamps.get(path))
            self._read = {path: before._read[path] for path in same}
        self._specs: dict[str, BlockSpec] = {}

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.get(name) is not None

    def __getitem__(self, name: str) -> BlockSpec:
        """Return a block by name.

        Raises:
            KeyError: if there is none.
        """
        spec = self.get(name)
        if spec is None:
            raise KeyError(name)
        return spec

    def __iter__(self) -> Iterator[BlockSpec]:
        return iter(self.blocks.values())

    def __len__(self) -> int:
        return len(self.blocks)

    def get(self, name: str) -> BlockSpec | None:
        """Return a block by name, or None."""
        if name not in self._specs:
            spec = self._in_library(name) or self.own.get(name)
            if spec is None:
                return None
            self._specs[name] = spec
        return self._specs[name]

    @cached_property
    def blocks(self) -> Mapping[str, BlockSpec]:
        """Every block; reads every file."""
        return self._all[0]

    @cached_property
    def broken(self) -> Mapping[Path, str]:
        """The files that could not be read, with the reason; reads every file."""
        return self._all[1]

    @property
    def own(self) -> dict[str, BlockSpec]:
        """The custom blocks; no file of the library is read."""
        specs = (self._file(path) for path in self._stamps)
        return {spec.name: spec for spec in reversed(list(specs)) if isinstance(spec, BlockSpec)}

    @cached_property
    def unused(self) -> Mapping[Path, str]:
        """The custom files whose block cannot be used, with the reason; reads only library files of the same names."""
        reasons: dict[Path, str] = {}
        homes: dict[str, Path] = {}
        for path in self._stamps:
            spec = self._file(path)
            if isinstance(spec, UserError):
                reasons[path] = str(spec)
            elif self._in_library(spec.name) is not None:
                reasons[path] = f"the library has a block {spec.name}, which designs use; give this one another name"
            elif spec.name in homes:
                reasons[path] = (
                    f"{homes[spec.name]} has a block {spec.name}, too, which designs use; rename one of them"
                )
            else:
                homes[spec.name] = path
        return reasons

    def categories(self) -> dict[str, list[BlockSpec]]:
        """Return the blocks by category: those of `CATEGORY_ORDER` first, then custom ones by name."""
        blocks: dict[str, list[BlockSpec]] = {}
        for spec in self:
            blocks.setdefault(spec.category, []).append(spec)
        ordered = [name for name in CATEGORY_ORDER if name in blocks]
        return {name: blocks[name] for name in [*ordered, *sorted(blocks.keys() - set(ordered))]}

    def with_role(self, role: str) -> list[BlockSpec]:
        """Return the blocks with a role of `roles.ROLES`, the library's first; reads every file."""
        return [spec for spec in self if spec.role == role]

    def converters(self, source: str, target: str) -> list[BlockSpec]:
        """Return the blocks that convert one layout of `roles.LAYOUTS` into another, the most specific and simplest
        first.
        """

        def rank(spec: BlockSpec) -> tuple[int, int]:
            return len(spec.converts), sum(not param.inferred for param in spec.params)

        return sorted((spec for spec in self if (source, target) in spec.converts), key=rank)

    @cached_property
    def _all(self) -> tuple[dict[str, BlockSpec], dict[Path, str]]:
        blocks: dict[str, BlockSpec] = {}
        broken: dict[Path, str] = {}
        for path in self._files:
            spec = self._file(path)
            if isinstance(spec, UserError):
                broken[path] = str(spec)
            elif spec.name in blocks:
                broken[path] = (
                    f"block {spec.name} is already defined in {blocks[spec.name].path.name};"
                    " give one of them another name"
                )
            else:
                blocks[spec.name] = spec
        return blocks, broken

    def _file(self, path: Path) -> BlockSpec | UserError:
        if path not in self._read:
            try:
                self._read[path] = read_block(path)
            except UserError as error:
                self._read[path] = error
        return self._read[path]

    def _in_library(self, name: str) -> BlockSpec | None:
        """Return a block of the library, whose files are named after their blocks; custom files may have any name."""
        spec = self._file(self._library[name.lower()]) if name.lower() in self._library else None
        return spec if isinstance(spec, BlockSpec) and spec.name == name else None

    @cached_property
    def _library(self) -> dict[str, Path]:
        return {path.stem.replace("_", ""): path for path in self._files if path.is_relative_to(paths.BLOCKS)}


def read_catalog(folders: Iterable[Path] = (), before: Catalog | None = None) -> Catalog:
    """Return the catalog of the library and of further folders.

    Args:
        folders: folders of custom blocks, with files ``<block>.py`` or ``<category>/<block>.py``; their code does not
            run.
        before: an earlier catalog; files that have not changed since are not read again.

    Returns:
        The catalog, with the files of the library first.
    """
    files = [
        *block_files(paths.BLOCKS),
        *(path for folder in folders for path in (*_direct_files(folder), *block_files(folder))),
    ]
    return Catalog(files, before)


def block_files(folder: Path) -> list[Path]:
    """Return the block files in the categories of a folder; names that start with an underscore are helpers."""
    return [
        path
        for path in sorted(folder.glob("*/*.py"))
        if not path.name.startswith("_") and not path.parent.name.startswith(("_", "."))
    ]


def _direct_files(folder: Path) -> Iterator[Path]:
    """Yield the block files directly in a folder, which may hold other files, too."""
    for path in sorted(folder.glob("*.py")):
        try:
            marked = path.stat().st_size <= MAX_SOURCE_BYTES and b"@block" in path.read_bytes()
        except OSError:
            marked = False
        if marked and not path.name.startswith("_"):
            yield path


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size
