"""The custom blocks in the window. Their folders are watched, so that a block is available once its file is saved."""

from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import QFileSystemWatcher, QObject, QTimer, Signal

from composer.core.blocks import block_folders
from composer.core.blocks.block_folders import BlockFolder
from composer.core.blocks.catalog import Catalog, read_catalog
from composer.core.graph import Design

SETTLE_MS = 100  # an editor writes a file in several steps, each of which is reported
Stamps = dict[Path, tuple[int, int]]


class CustomBlocks(QObject):
    """The block catalog of the window, updated when files of the folders change.

    Args:
        parent: Qt parent.

    Signals:
        changed: names of the custom blocks that were added, removed or changed.
    """

    changed = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._catalog: Catalog | None = None
        self._folders: tuple[BlockFolder, ...] = ()
        self._stamps: Stamps = {}
        self._watcher: QFileSystemWatcher | None = None
        self._soon = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._soon.timeout.connect(self._check)

    @property
    def folders(self) -> tuple[BlockFolder, ...]:
        """The folders, those of the command line first; reading them does not read any block."""
        return block_folders.all_folders() if self._catalog is None else self._folders

    @property
    def catalog(self) -> Catalog:
        """All blocks, of the library and custom ones; those of untrusted folders too, for only their text is read."""
        return self._load()

    def add_folder(self, folder: Path, *, trusted: bool) -> None:
        """Add a folder, or change whether it is trusted.

        Raises:
            composer.core.errors.UserError: if it cannot be a folder of custom blocks.
        """
        block_folders.save_folder(folder, trusted=trusted)
        self._reload()

    def remove_folder(self, folder: Path) -> None:
        """Remove a folder from the list; its files stay."""
        block_folders.remove_folder(folder)
        self._reload()

    def untrusted(self, design: Design) -> dict[Path, str]:
        """Return the untrusted folders whose blocks a design uses, each with the name of one such block."""
        blocks: dict[Path, str] = {}
        if not all(folder.trusted for folder in self.folders):
            for block in sorted({node.block for _, graph in design.all_graphs() for node in graph.nodes.values()}):
                if (folder := self.untrusted_folder(block)) is not None:
                    blocks.setdefault(folder, block)
        return blocks

    def untrusted_folder(self, block: str) -> Path | None:
        """Return the folder of a block if it is not trusted; None if it is, or if there is no such block."""
        spec = self.catalog.get(block)
        return next(
            (f.path for f in self._folders if not f.trusted and spec is not None and spec.path.is_relative_to(f.path)),
            None,
        )

    def broken(self) -> dict[Path, str]:
        """Return the files of custom blocks that cannot be read, with the reason."""
        return {
            path: reason for path, reason in self.catalog.broken.items() if block_folders.folder_of(path) is not None
        }

    def close(self) -> None:
        """Stop following the folders."""
        if self._watcher is not None:
            self._watcher.blockSignals(True)
        self._soon.stop()

    def _load(self) -> Catalog:
        if self._catalog is None:
            self._folders = block_folders.all_folders()
            self._catalog = read_catalog(folder.path for folder in self._folders)
            self._stamps = _stamps(self._folders)
            self._watch()
        return self._catalog

    def _watch(self) -> None:
        """Watch the current files and folders: a file that an editor has replaced is a new one, not watched yet."""
        if self._watcher is None and self._folders:
            self._watcher = QFileSystemWatcher(self)
            self._watcher.directoryChanged.connect(lambda _: self._soon.start())
            self._watcher.fileChanged.connect(lambda _: self._soon.start())
        if self._watcher is not None:
            folders = {str(path) for folder in self._folders for path in (folder.path, *_categories(folder.path))}
            paths_to_watch = {*folders, *map(str, self._stamps)}
            watched = {*self._watcher.directories(), *self._watcher.files()}
            if missing := watched - paths_to_watch:
                self._watcher.removePaths(sorted(missing))
            if fresh := sorted(path for path in paths_to_watch - watched if Path(path).exists()):
                self._watcher.addPaths(fresh)

    def _check(self) -> None:
        stamps = _stamps(self._folders)
        if stamps != self._stamps:
            self._reload()
        else:
            self._watch()

    def _reload(self) -> None:
        before = self._load()
        self._folders = block_folders.all_folders()
        self._catalog = read_catalog((folder.path for folder in self._folders), before)
        self._stamps = _stamps(self._folders)
        self._watch()
        old, new = before.own, self._catalog.own
        self.changed.emit(frozenset(name for name in {*old, *new} if old.get(name) is not new.get(name)))


def _categories(folder: Path) -> list[Path]:
    try:
        return [path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(("_", "."))]
    except OSError:
        return []


def _stamps(folders: Iterable[BlockFolder]) -> Stamps:
    """Return modification time and size of every Python file, helper modules included: blocks may import them."""
    stamps: Stamps = {}
    for folder in folders:
        for directory in (folder.path, *_categories(folder.path)):
            for path in directory.glob("*.py"):
                try:
                    status = path.stat()
                except OSError:
                    continue
                stamps[path] = (status.st_mtime_ns, status.st_size)
    return stamps
