"""Block sources as one text: used definitions after what they need, without decorators, with merged imports."""

import ast
import builtins
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from composer.core.blocks.block_code import imported_file
from composer.core.errors import UserError

_BUILTINS = frozenset(dir(builtins))


@dataclass(frozen=True)
class SourceFile:
    """Top-level definitions of one file.

    Attributes:
        definitions: source text by name.
        needs: names of the globals that a definition uses, by its name.
        imports: the import that binds a local name, as (module, original name); the original name of a plain import is
            empty.
    """

    definitions: dict[str, str] = field(default_factory=dict)
    needs: dict[str, frozenset[str]] = field(default_factory=dict)
    imports: dict[str, tuple[str, str]] = field(default_factory=dict)


def read_source(path: Path) -> SourceFile:
    """Parse a file; the result is cached until the file changes."""
    return _read(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=1024)
def _read(path: Path, _stamp: int) -> SourceFile:
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    file = SourceFile()
    for node in ast.parse(text).body:
        if isinstance(node, ast.Import):
            for alias in node.names:
                file.imports[alias.asname or alias.name.split(".")[0]] = (alias.name, "")
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                file.imports[alias.asname or alias.name] = ("." * node.level + (node.module or ""), alias.name)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            file.definitions[node.name] = _text(lines, node, keep_decorators=not _is_block(node))
            file.needs[node.name] = _global_names(node)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                if isinstance(target, ast.Name):
                    file.definitions[target.id] = _text(lines, node)
                    file.needs[target.id] = _global_names(node)
    return file


def _is_block(node: ast.FunctionDef | ast.ClassDef) -> bool:
    """Return whether a definition carries the block decorator."""
    return any(
        isinstance(decorator, ast.Call) and isinstance(decorator.func, ast.Name) and decorator.func.id == "block"
        for decorator in node.decorator_list
    )


def _text(lines: list[str], node: ast.stmt, keep_decorators: bool = True) -> str:
    """Return the source of a definition with the comment lines above it."""
    start = first = node.lineno - 1
    decorators = getattr(node, "decorator_list", [])
    if decorators:
        first = min(decorator.lineno for decorator in decorators) - 1
        if keep_decorators:
            start = first
    comments = first
    while comments > 0 and lines[comments - 1].startswith("#"):
        comments -= 1
    return "\n".join([*lines[comments:first], *lines[start : node.end_lineno]])


def _global_names(node: ast.AST) -> frozenset[str]:
    """Return the names that a definition may take from its module; the block decorator, which is dropped, has none."""
    decorators = node.decorator_list if isinstance(node, ast.FunctionDef | ast.ClassDef) and _is_block(node) else []
    skipped = {id(part) for decorator in decorators for part in ast.walk(decorator)}
    names = (part.id for part in ast.walk(node) if isinstance(part, ast.Name) and id(part) not in skipped)
    return frozenset(names) - _BUILTINS


@dataclass
class Inlined:
    """Collected sources.

    Attributes:
        imports: local names of imports by (module, original name).
        definitions: source texts by name, dependencies first.
        files: file of each definition.
    """

    imports: dict[tuple[str, str], str] = field(default_factory=dict)
    definitions: dict[str, str] = field(default_factory=dict)
    files: dict[str, Path] = field(default_factory=dict)

    def add(self, path: Path, name: str) -> None:
        """Add a top-level definition of a file and everything that it needs.

        Raises:
            ImportError: if the file does not define it.
            UserError: if another file defines something else by that name, which one text cannot hold.
        """
        if name in self.definitions:
            if self.files[name] != path and read_source(path).definitions.get(name) != self.definitions[name]:
                raise UserError(
                    f"{path.name} and {self.files[name].name} both define {name}; rename yours to export them together"
                )
            return
        file = read_source(path)
        if name not in file.definitions:
            raise ImportError(f"{path.name} defines no {name}")
        for needed in sorted(file.needs[name] - {name}):
            if needed in file.definitions:
                self.add(path, needed)
            elif needed in file.imports:
                module, original = file.imports[needed]
                block_file = imported_file(module, path)
                if block_file is not None and original:
                    self.add(block_file, original)
                else:
                    self.imports[module, original] = needed
        self.definitions[name] = file.definitions[name]
        self.files[name] = path

    def import_lines(self, extra: tuple[tuple[str, str], ...] = ()) -> list[str]:
        """Return the import statements in ruff's order: standard library, blank line, torch.

        Args:
            extra: further (module, name) that the text imports.
        """
        merged = {(module, name): name or module for module, name in extra} | self.imports
        lines = _plain_imports(merged) + _from_imports(merged)
        standard = [line for module, line in lines if module.split(".")[0] != "torch"]
        torch = [line for module, line in lines if module.split(".")[0] == "torch"]
        return [*standard, *([""] if standard and torch else []), *torch]


def _plain_imports(imports: Mapping[tuple[str, str], str]) -> list[tuple[str, str]]:
    """Return the ``import x`` lines, each with its module."""
    lines = []
    for module, name in sorted(imports):
        if not name:
            local = imports[module, name]
            alias = "" if local == module.split(".")[0] else f" as {local}"
            lines.append((module, f"import {module}{alias}"))
    return lines


def _from_imports(imports: Mapping[tuple[str, str], str]) -> list[tuple[str, str]]:
    """Return the ``from x import y`` lines, one for each module, each with its module."""
    by_module: dict[str, list[str]] = {}
    for (module, name), local in imports.items():
        if name:
            by_module.setdefault(module, []).append(name if name == local else f"{name} as {local}")
    lines = []
    for module in sorted(by_module):
        # Constants, then classes, then functions.
        imported = sorted(by_module[module], key=lambda text: (not text.isupper(), text.islower(), text))
        lines.append((module, f"from {module} import {', '.join(imported)}"))
    return lines
