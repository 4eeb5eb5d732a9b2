"""The user's own blocks in the window: their folders are watched, so that what is written in an editor is there when it is saved."""

from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import QFileSystemWatcher, QObject, QTimer, Signal

from composer.core.blocks import block_folders
from composer.core.blocks.block_folders import BlockFolder
from composer.core.blocks.catalog import Catalog, read_catalog
from composer.core.graph import Design

SETTLE_MS = 100  # an editor writes a file in several steps
Stamps = dict[Path, tuple[int, int]]


class CustomBlocks(QObject):
    """The catalog of the window, kept up with the folders.

    Args:
        parent: Qt parent.
    """

    changed = Signal(object)  # names of the blocks that came, went or read otherwise

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._catalog: Catalog | None = None
        self._folders: tuple[BlockFolder, ...] = ()
        self._stamps: Stamps = {}
        self._watcher: QFileSystemWatcher | None = None
        self._soon = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._soon.timeout.connect(self._look)

    @property
    def folders(self) -> tuple[BlockFolder, ...]:
        """The folders, those of the command line first; no block is read for them."""
        return block_folders.known() if self._catalog is None else self._folders

    @property
    def catalog(self) -> Catalog:
        """All blocks, the library's and the user's; of folders that are not trusted, what their text says."""
        return self._begin()

    def keep(self, folder: Path, *, trusted: bool) -> None:
        """Remember a folder, or whether it is trusted.

        Raises:
            composer.core.errors.UserError: if it is no folder of the user's own.
        """
        block_folders.keep(folder, trusted=trusted)
        self._renew()

    def forget(self, folder: Path) -> None:
        """Remember a folder no more."""
        block_folders.forget(folder)
        self._renew()

    def untrusted(self, design: Design) -> dict[Path, str]:
        """Folders whose blocks a design uses but whose code may not run, each with the name of one such block."""
        found: dict[Path, str] = {}
        if not all(folder.trusted for folder in self.folders):
            for block in sorted({node.block for _, graph in design.all_graphs() for node in graph.nodes.values()}):
                if (home := self.barred(block)) is not None:
                    found.setdefault(home, block)
        return found

    def barred(self, block: str) -> Path | None:
        """The folder of a block whose code may not run; None if it may, or there is no such block."""
        spec = self.catalog.get(block)
        return next(
            (f.path for f in self._folders if not f.trusted and spec is not None and spec.path.is_relative_to(f.path)),
            None,
        )

    def broken(self) -> dict[Path, str]:
        """The user's files that cannot be read, with the reason."""
        return {
            path: reason for path, reason in self.catalog.broken.items() if block_folders.folder_of(path) is not None
        }

    def _begin(self) -> Catalog:
        if self._catalog is None:
            self._folders = block_folders.known()
            self._catalog = read_catalog(folder.path for folder in self._folders)
            self._stamps = _stamps(self._folders)
            self._watch()
        return self._catalog

    def _watch(self) -> None:
        """Watch what is there now: a file that an editor replaced is another one, which nobody watches yet."""
        if self._watcher is None and self._folders:
            self._watcher = QFileSystemWatcher(self)
            self._watcher.directoryChanged.connect(lambda _: self._soon.start())
            self._watcher.fileChanged.connect(lambda _: self._soon.start())
        if self._watcher is not None:
            inside = {str(path) for folder in self._folders for path in (folder.path, *_categories(folder.path))}
            wanted = {*inside, *map(str, self._stamps)}
            now = {*self._watcher.directories(), *self._watcher.files()}
            if gone := now - wanted:
                self._watcher.removePaths(sorted(gone))
            if fresh := sorted(path for path in wanted - now if Path(path).exists()):
                self._watcher.addPaths(fresh)

    def _look(self) -> None:
        stamps = _stamps(self._folders)
        if stamps != self._stamps:
            self._renew()
        else:
            self._watch()

    def _renew(self) -> None:
        before = self._begin()
        self._folders = block_folders.known()
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
    """Time and size of every Python file, helpers included: blocks may import them."""
    found: Stamps = {}
    for folder in folders:
        for home in (folder.path, *_categories(folder.path)):
            for path in home.glob("*.py"):
                try:
                    status = path.stat()
                except OSError:
                    continue
                found[path] = (status.st_mtime_ns, status.st_size)
    return found
