"""Draw the packages of composer and their imports into docs/architecture.md.

``python docs/draw_packages.py`` rewrites the diagrams between the markers; ``--check`` only reports whether they are
current.
"""

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "architecture.md"
# Diagram name -> the package whose children are its boxes; the whole program has the two packages as its roots.
DIAGRAMS = {"program": "", "core": "composer.core", "engine": "composer.engine", "gui": "composer.gui"}


def modules() -> dict[str, Path]:
    """Return the modules of composer and blocks by dotted name."""
    names = {}
    for package in ("composer", "blocks"):
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            names[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return names


def imports(path: Path, known: dict[str, Path]) -> Iterator[str]:
    """Yield the modules of the project that a module imports, inside functions too."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom) and node.module in known:
            for alias in node.names:
                submodule = f"{node.module}.{alias.name}"
                yield submodule if submodule in known else node.module


def box_of(module: str, parent: str) -> str | None:
    """Return the child of a package that holds a module; None for a module outside the package."""
    if not parent:
        head, *rest = module.split(".")
        return head if head == "blocks" else ".".join([head, *rest[:1]]) if rest else None
    if not module.startswith(parent + "."):
        return None
    return module.removeprefix(parent + ".").split(".")[0]


def edges_of(parent: str, known: dict[str, Path]) -> dict[str, set[str]]:
    """Return the imports between the children of a package."""
    edges: dict[str, set[str]] = defaultdict(set)
    for name, path in known.items():
        source = box_of(name, parent)
        if source is None:
            continue
        edges[source] |= {
            target for module in imports(path, known) if (target := box_of(module, parent)) not in (None, source)
        }
    return edges


def reduce_transitively(edges: dict[str, set[str]]) -> dict[str, set[str]]:
    """Drop the arrows that a longer path implies, so that the layers show; the imports have no cycles."""

    def reachable(start: str, seen: set[str]) -> set[str]:
        for target in edges.get(start, ()):
            if target not in seen:
                seen.add(target)
                reachable(target, seen)
        return seen

    return {
        source: {
            target for target in targets if not any(target in reachable(other, set()) for other in targets - {target})
        }
        for source, targets in edges.items()
    }


def mermaid(edges: dict[str, set[str]]) -> str:
    """Return a diagram in Mermaid's notation, which GitHub and most editors draw."""
    names = sorted({*edges, *(target for targets in edges.values() for target in targets)})
    ids = {name: re.sub(r"\W", "_", name) for name in names}
    lines = ["```mermaid", "graph TD"]
    lines += [f'    {ids[name]}["{name}"]' for name in names]
    lines += [f"    {ids[source]} --> {ids[target]}" for source in names for target in sorted(edges.get(source, ()))]
    return "\n".join([*lines, "```"])


def page() -> str:
    """Return the text of the page with current diagrams."""
    text = PAGE.read_text("utf-8")
    known = modules()
    for diagram, parent in DIAGRAMS.items():
        body = mermaid(reduce_transitively(edges_of(parent, known)))
        pattern = rf"(<!-- diagram: {diagram} -->\n).*?(<!-- end -->)"
        text, count = re.subn(pattern, lambda match, body=body: f"{match[1]}{body}\n{match[2]}", text, flags=re.DOTALL)
        if count != 1:
            raise SystemExit(f"docs/architecture.md: expected one diagram named {diagram}, found {count}")
    return text


def main() -> None:
    """Write the diagrams, or check them."""
    current = page()
    if "--check" in sys.argv[1:]:
        if current != PAGE.read_text("utf-8"):
            raise SystemExit("docs/architecture.md: the diagrams are out of date; run python docs/draw_packages.py")
        return
    PAGE.write_text(current, "utf-8")


if __name__ == "__main__":
    main()
