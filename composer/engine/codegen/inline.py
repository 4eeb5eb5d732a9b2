"""Block sources as one text: the used classes and what they need, dependencies first, decorator dropped, imports merged."""

import ast
import builtins
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from composer import paths
from composer.core.errors import UserError

_BUILTINS = frozenset(dir(builtins))


@dataclass(frozen=True)
class SourceFile:
    """Top-level definitions of one file.

    Args:
        definitions: name to source text.
        needs: name to the global names its text uses.
        imports: local name to the import that binds it: (module, name, alias), with name "" for a plain import.
    """

    definitions: dict[str, str] = field(default_factory=dict)
    needs: dict[str, frozenset[str]] = field(default_factory=dict)
    imports: dict[str, tuple[str, str]] = field(default_factory=dict)


def read_source(path: Path) -> SourceFile:
    """Parse a file, again only when it has changed."""
    return _read(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=1024)
def _read(path: Path, _stamp: int) -> SourceFile:
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    found = SourceFile()
    for node in ast.parse(text).body:
        if isinstance(node, ast.Import):
            for alias in node.names:
                found.imports[alias.asname or alias.name.split(".")[0]] = (alias.name, "")
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                found.imports[alias.asname or alias.name] = ("." * node.level + (node.module or ""), alias.name)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.definitions[node.name] = _text(lines, node, keep_decorators=not _is_block(node))
            found.needs[node.name] = _names(node)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                if isinstance(target, ast.Name):
                    found.definitions[target.id] = _text(lines, node)
                    found.needs[target.id] = _names(node)
    return found


def _is_block(node: ast.FunctionDef | ast.ClassDef) -> bool:
    return any(
        isinstance(d, ast.Call) and isinstance(d.func, ast.Name) and d.func.id == "block" for d in node.decorator_list
    )


def _text(lines: list[str], node: ast.stmt, keep_decorators: bool = True) -> str:
    start = node.lineno - 1
    first = start
    decorators = getattr(node, "decorator_list", [])
    if decorators:
        first = min(d.lineno for d in decorators) - 1
        if keep_decorators:
            start = first
    comments = first
    while comments > 0 and lines[comments - 1].startswith("#"):
        comments -= 1
    return "\n".join([*lines[comments:first], *lines[start : node.end_lineno]])


def _names(node: ast.AST) -> frozenset[str]:
    """Names a definition may take from its module: the parts of the block mark are left out, since it is dropped."""
    decorators = node.decorator_list if isinstance(node, ast.FunctionDef | ast.ClassDef) and _is_block(node) else []
    skipped = {id(part) for decorator in decorators for part in ast.walk(decorator)}
    return (
        frozenset(part.id for part in ast.walk(node) if isinstance(part, ast.Name) and id(part) not in skipped)
        - _BUILTINS
    )


def _path_of(module: str, home: Path) -> Path | None:
    """The file of a block module, or of one beside a user's own block; None for a library."""
    parts = module.lstrip(".").split(".")
    if level := len(module) - len(module.lstrip(".")):
        return home.parents[level - 1].joinpath(*parts).with_suffix(".py")
    if not home.is_relative_to(paths.BLOCKS):
        for root in (home.parent, home.parent.parent):
            if (
                root.name == parts[0]
                and len(parts) > 1
                and (own := root.joinpath(*parts[1:]).with_suffix(".py")).is_file()
            ):
                return own
    if parts[0] == "blocks":
        return paths.BLOCKS.joinpath(*parts[1:]).with_suffix(".py")
    return None


@dataclass
class Inlined:
    """Collected sources: import lines and definitions in the order in which they must stand."""

    imports: dict[tuple[str, str], str] = field(default_factory=dict)  # (module, name) -> local name
    definitions: dict[str, str] = field(default_factory=dict)
    homes: dict[str, Path] = field(default_factory=dict)  # file of each definition

    def add(self, path: Path, name: str) -> None:
        """Add a top-level definition of a file and all it needs.

        Raises:
            ImportError: if the file does not define it.
            UserError: if another file defines something else by that name, which one text cannot hold.
        """
        if name in self.definitions:
            if self.homes[name] != path and read_source(path).definitions.get(name) != self.definitions[name]:
                raise UserError(
                    f"{path.name} and {self.homes[name].name} both define {name}; give yours another name to export them together"
                )
            return
        source = read_source(path)
        if name not in source.definitions:
            raise ImportError(f"{path.name} defines no {name}")
        for needed in sorted(source.needs[name]):
            if needed == name:
                continue
            if needed in source.definitions:
                self.add(path, needed)
            elif needed in source.imports:
                module, original = source.imports[needed]
                home = _path_of(module, path)
                if home is not None and original:
                    self.add(home, original)
                else:
                    self.imports[module, original] = needed
        self.definitions[name] = source.definitions[name]
        self.homes[name] = path

    def import_lines(self, extra: tuple[tuple[str, str], ...] = ()) -> list[str]:
        """Import statements, sorted as ruff sorts them: standard library, blank line, torch."""
        wanted = dict(self.imports)
        for module, name in extra:
            wanted.setdefault((module, name), name or module)
        groups: dict[bool, list[str]] = {False: [], True: []}
        for module, name in sorted(wanted):
            if not name:
                local = wanted[module, name]
                plain = f"import {module}" if local == module.split(".")[0] else f"import {module} as {local}"
                groups[module.split(".")[0] == "torch"].append(plain)
        by_module: dict[str, list[str]] = {}
        for (module, name), local in wanted.items():
            if name:
                by_module.setdefault(module, []).append(name if name == local else f"{name} as {local}")
        for module in sorted(by_module):
            found = sorted(by_module[module], key=lambda text: (not text.isupper(), text.islower(), text))
            groups[module.split(".")[0] == "torch"].append(f"from {module} import {', '.join(found)}")
        first, second = groups[False], groups[True]
        return [*first, *([""] if first and second else []), *second]
