"""The files of the catalog: their allowed contents, and that the signature read from the source is the one that
runs.
"""

import ast
import inspect
import re
import sys
import types
import typing
from pathlib import Path

import torch

from composer import paths
from composer.core.blocks.block_file import BlockSpec
from composer.core.declarations import ParamSpec
from composer.engine.library import block_class
from tests.blocks.contract import CATALOG, SPECS, check

ALLOWED_IMPORTS = {"torch", "blocks", *sys.stdlib_module_names}


def test_every_file_is_readable() -> None:
    assert dict(CATALOG.broken) == {}
    assert len(SPECS) > 25


def test_exceptions_name_a_check_and_give_a_reason() -> None:
    checks = {
        node.name
        for path in Path(__file__).parent.glob("test_*.py")
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef)
        and any(ast.unparse(decorator) == "check" for decorator in node.decorator_list)
    }
    for spec in SPECS:
        for name, reason in spec.exceptions.items():
            assert name in checks, f"{spec.name}: {name} is no check; there are {sorted(checks)}"
            assert len(reason.split()) >= 3, f"{spec.name}: give the reason why {name} cannot pass"


def _block_files() -> list[Path]:
    return sorted(paths.BLOCKS.rglob("*.py"))


def test_top_level_names_are_unique() -> None:
    homes: dict[str, Path] = {}
    for path in _block_files():
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                bound = [node.name]
            elif isinstance(node, ast.Assign | ast.AnnAssign):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                bound = [target.id for target in targets if isinstance(target, ast.Name)]
                assert len(bound) == len(targets), f"{path.name}: top-level assignments bind plain names, one each"
            else:
                continue
            for name in bound:
                assert name not in homes, f"{name} is defined in {path.name} and in {homes[name].name}"
                homes[name] = path


def test_imports_are_standard_library_torch_and_blocks() -> None:
    for path in _block_files():
        tree = ast.parse(path.read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom):
                assert node.level == 0 and node.module != "__future__", f"{path.name}, line {node.lineno}"
                modules = [str(node.module)]
            elif isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names]
                assert not any(name.split(".")[0] == "blocks" for name in modules), (
                    f"{path.name}: write from blocks... import Name"
                )
            else:
                continue
            assert node in tree.body, f"{path.name}, line {node.lineno}: imports belong at the top"
            for module in modules:
                assert module.split(".")[0] in ALLOWED_IMPORTS, f"{path.name} imports {module}"


def test_nothing_runs_at_import() -> None:
    """Top-level code only defines: constants are literals or what cheap standard-library calls make of them."""
    for path in _block_files():
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef):
                continue
            if isinstance(node, ast.Expr):
                assert isinstance(node.value, ast.Constant), (
                    f"{path.name}, line {node.lineno}: runs code when it is imported"
                )
                continue
            assert isinstance(node, ast.Assign | ast.AnnAssign), (
                f"{path.name}, line {node.lineno}: runs code when it is imported"
            )
            for part in ast.walk(node):
                if isinstance(part, ast.Call):
                    called = ast.unparse(part.func)
                    # Tables of classes and functions may bind arguments; nothing may compute with tensors.
                    assert not called.startswith("torch.") or called == "torch.finfo", (
                        f"{path.name}, line {node.lineno}: calls {called}"
                    )


def _without_none(hint: object, kind: dict[str, object]) -> object:
    """Return the type of a union beside None; of ``int | tuple[int, int]`` the int, with the length of the tuple."""
    parts = [part for part in typing.get_args(hint) if part is not type(None)]
    if len(parts) < len(typing.get_args(hint)):
        kind["optional"] = True
    if len(parts) == 2:
        assert parts[0] is int and set(typing.get_args(parts[1])) == {int}
        kind["axes"] = len(typing.get_args(parts[1]))
    assert len(parts) <= 2
    return parts[0]


def _runtime_param(name: str, parameter: inspect.Parameter, hint: object) -> ParamSpec:
    default = parameter.default
    required = default is inspect.Parameter.empty
    kind: dict[str, object] = {}
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        hint = _without_none(hint, kind)
    if typing.get_origin(hint) is typing.Annotated:
        hint, limits = typing.get_args(hint)
        kind["range"] = tuple(limits)
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        hint = _without_none(hint, kind)
    if typing.get_origin(hint) is typing.Literal:
        kind["type"], kind["choices"] = "choice", typing.get_args(hint)
    elif typing.get_origin(hint) is tuple:
        items = typing.get_args(hint)
        kind["type"], kind["items"] = "tuple", (items[0].__name__, 0 if items[-1] is ... else len(items))
    else:
        kind["type"] = hint.__name__  # type: ignore[attr-defined]
    return ParamSpec(name, default=None if required else default, required=required, **kind)  # type: ignore[arg-type]


@check
def signature(spec: BlockSpec) -> None:
    cls = block_class(spec)
    assert cls.__name__ == spec.name and cls.__module__ == spec.module and issubclass(cls, torch.nn.Module)
    mark = cls.__block__  # type: ignore[attr-defined]
    assert mark["shape"] == spec.shape and mark["paper"] == spec.paper and mark["maps"] == dict(spec.maps)
    assert (
        tuple(mark["tags"]) == spec.tags
        and tuple(mark["examples"]) == spec.examples
        and mark["exceptions"] == dict(spec.exceptions)
    )
    assert (mark["role"], mark["sign"], mark["heads"]) == (spec.role, spec.sign, spec.heads)
    assert (tuple(mark["windows"]), tuple(mark["rates"])) == (spec.windows, spec.rates)
    assert tuple(mark["no_decay"]) == spec.no_decay
    if "__init__" in vars(cls):
        hints = typing.get_type_hints(cls.__init__, include_extras=True)
        assert hints.pop("return") is type(None)
        parameters = list(inspect.signature(cls.__init__).parameters.items())[1:]
        declared = [_runtime_param(name, parameter, hints[name]) for name, parameter in parameters]
    else:
        declared = []
    assert [param.name for param in declared] == [param.name for param in spec.params]
    for mine, read in zip(declared, spec.params, strict=True):
        for name in ("type", "default", "required", "optional", "choices", "range", "items"):
            assert getattr(mine, name) == getattr(read, name), f"{spec.name}.{read.name}: {name}"
        assert type(mine.default) is type(read.default)
    required = [param.required for param in spec.params]
    assert required == sorted(required, reverse=True), "parameters from the wire come first"
    ports = list(inspect.signature(cls.forward).parameters.values())[1:]
    assert [port.name for port in ports] == [port.name for port in spec.inputs]
    for port, read in zip(ports, spec.inputs, strict=True):
        assert read.variadic == (port.kind is inspect.Parameter.VAR_POSITIONAL)
        assert read.optional == (port.default is None)
        assert port.default in (None, inspect.Parameter.empty)
    assert set(mark["dtypes"]) <= {port.name for port in spec.inputs}


@check
def documentation(spec: BlockSpec) -> None:
    cls = block_class(spec)
    doc = inspect.getdoc(cls) or ""
    assert spec.doc.strip(), "the module has a docstring"
    assert spec.summary and spec.summary.endswith(".") and not re.search(r"[.!?] [A-Z]", spec.summary), (
        f"one sentence: {spec.summary!r}"
    )
    assert "Shape:" in doc
    for param in spec.params:
        assert len(param.help) >= 8 and param.help.endswith("."), f"Args line of {param.name}: {param.help!r}"
    if "Args:" in doc:
        section = doc.split("Args:\n")[1].split("\n\n")[0]
        named = [
            line.strip().split(":")[0]
            for line in section.splitlines()
            if line.startswith("    ") and not line.startswith("     ")
        ]
        assert named == [param.name for param in spec.params], "Args names every parameter in order, and nothing else"
    assert inspect.getdoc(vars(cls)["forward"]), "forward has a docstring"
    if "raise ValueError" in inspect.getsource(cls):
        assert "Raises:" in doc
