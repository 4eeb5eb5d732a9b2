"""The code of block files: which files a block imports, and a digest that tells whether its code has changed."""

import ast
import hashlib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from composer import paths

_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def imported_file(module: str, importer: Path) -> Path | None:
    """Return the file of an imported block module; None for a module of another library.

    Args:
        module: the module as the import names it, with leading dots if it is relative.
        importer: the file that imports it.
    """
    parts = module.lstrip(".").split(".")
    if level := len(module) - len(module.lstrip(".")):
        return importer.parents[level - 1].joinpath(*parts).with_suffix(".py")
    # A custom block may import its neighbours by the name of their folder.
    if not importer.is_relative_to(paths.BLOCKS) and len(parts) > 1:
        for root in (importer.parent, importer.parent.parent):
            file = root.joinpath(*parts[1:]).with_suffix(".py")
            if root.name == parts[0] and file.is_file():
                return file
    if parts[0] == "blocks":
        return paths.BLOCKS.joinpath(*parts[1:]).with_suffix(".py")
    return None


def code_digest(path: Path) -> str:
    """Return a short digest of the code of a custom block and of the custom files that it imports.

    Comments, docstrings and formatting do not count, and neither does the library, whose version a run records.
    """
    digest = hashlib.sha256()
    pending, visited = [path], set()
    while pending:
        file = pending.pop(0)
        if file not in visited:
            visited.add(file)
            code, imported = _read_code(file)
            digest.update(b"\0" + code)
            pending += imported
    return digest.hexdigest()[:16]


def _read_code(path: Path) -> tuple[bytes, tuple[Path, ...]]:
    """Return the code of a file and the custom files that it imports; cached until the file changes."""
    try:
        status = path.stat()
        return _parse(path, status.st_mtime_ns, status.st_size)
    except OSError:  # a missing file changes the digest, and the block reports the reason itself
        return b"missing", ()


@lru_cache(maxsize=256)
def _parse(path: Path, _time: int, _size: int) -> tuple[bytes, tuple[Path, ...]]:
    source = path.read_bytes()
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # a broken file is compared as text
        return source, ()
    imported = tuple(
        file
        for module in _modules(tree)
        if (file := imported_file(module, path)) is not None and not file.is_relative_to(paths.BLOCKS)
    )
    return ast.unparse(_without_docstrings(tree)).encode(errors="surrogatepass"), imported


def _modules(tree: ast.Module) -> Iterator[str]:
    """Yield the modules that a file imports, as written; ``from . import x`` may name the file x."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            dots = "." * node.level
            if node.module:
                yield dots + node.module
            else:
                yield from (dots + alias.name for alias in node.names)


def _without_docstrings(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        if isinstance(node, _DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    return tree
