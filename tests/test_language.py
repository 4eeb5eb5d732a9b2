"""Sources and user texts are in plain English: a name states what a value is, a class name has one meaning."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from composer import paths

ROOT = paths.ROOT
VAGUE_NAMES = {"found", "made", "given", "said", "chosen", "asked"}
FORBIDDEN_WORDS = re.compile(r"\b(anew|of the moment|so-manieth)\b", re.IGNORECASE)
TEXT_SUFFIXES = {".py", ".md", ".yaml", ".yml", ".toml", ".txt", ".svg", ".sh", ""}
TEXT_FOLDERS = ("composer", "blocks", "templates", "resources", "tests", "docs", ".ci", ".github")


def sources(*folders: str) -> Iterator[tuple[Path, ast.Module]]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield path, ast.parse(path.read_text())


def bound_names(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Yield every bound name with its line: in assignments, loops, with, walrus, patterns and except."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store(), lineno=line):
                yield name, line
            case (
                ast.MatchAs(name=str(name), lineno=line)
                | ast.MatchStar(name=str(name), lineno=line)
                | ast.MatchMapping(rest=str(name), lineno=line)
                | ast.ExceptHandler(name=str(name), lineno=line)
            ):
                yield name, line


def test_every_way_to_bind_a_name_is_seen() -> None:
    code = """
a, (b, *c) = 1, (2, 3)
d: int = 4
for e in (): pass
with x() as f: pass
print(g := 1, [h for h in ()])
match 1:
    case [i, *j]: pass
    case {"k": k, **l}: pass
    case 1 | 2 as m: pass
try: pass
except OSError as n: pass
o += 1
"""
    assert {name for name, _ in bound_names(ast.parse(code))} == set("abcdefghijklmno")


def test_no_name_tells_only_that_a_value_exists() -> None:
    offences = [
        f"{path.relative_to(ROOT)}:{line}: {name}"
        for path, tree in sources("composer", "blocks", "tests", "docs")
        for name, line in bound_names(tree)
        if name in VAGUE_NAMES
    ]
    assert not offences, "name the thing it is: checkpoint, errors, row, reply\n" + "\n".join(offences)


def test_a_class_name_has_one_meaning_in_composer() -> None:
    homes: dict[str, list[str]] = defaultdict(list)
    for path, tree in sources("composer"):
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                homes[node.name].append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert {name: places for name, places in homes.items() if len(places) > 1} == {}


def test_no_invented_words() -> None:
    files = [path for folder in TEXT_FOLDERS for path in (ROOT / folder).rglob("*") if path.suffix in TEXT_SUFFIXES]
    files += [path for path in ROOT.iterdir() if path.suffix in TEXT_SUFFIXES]
    offences = [
        f"{path.relative_to(ROOT)}:{number}: {match[0]}"
        for path in files
        if path.is_file() and path != Path(__file__) and "__pycache__" not in path.parts
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if (match := FORBIDDEN_WORDS.search(line))
    ]
    assert not offences, "\n".join(offences)
