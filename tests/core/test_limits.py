"""Limits that are stated: nesting, sizes, depth of texts; never a RecursionError, and everything works at the limit."""

import json
from pathlib import Path

import pytest

from composer.cli.main import main
from composer.core import edits
from composer.core.errors import DesignError, UserError
from composer.core.expressions import MAX_LENGTH, evaluate, substitute
from composer.core.files.design_file import dumps, load, loads
from composer.core.files.run_folder import SETTINGS, RunFolder
from composer.core.graph import Design, Graph, Input, Node, Output, Wire
from composer.core.json_text import load_json
from composer.core.limits import MAX_NESTING, check_limits, nesting
from composer.core.value_text import from_text


def nested(depth: int) -> Design:
    """Return a design with sub-graphs inside each other, the innermost with an activation."""

    def wrap(block: str) -> Graph:
        return Graph(
            inputs={"x": Input("x")},
            nodes={"n": Node("n", block)},
            outputs={"y": Output("y")},
            wires=(Wire("x", "n"), Wire("n", "y")),
        )

    blocks = [f"graph:g{number + 1}" for number in range(depth - 1)] + ["Activation"]
    graphs = {f"g{number}": wrap(block) for number, block in enumerate(blocks)}
    main_graph = Graph(
        inputs={"image": Input("image", (1, 8, 8))},
        nodes={"a": Node("a", "graph:g0")},
        outputs={"y": Output("y")},
        wires=(Wire("image", "a"), Wire("a", "y")),
    )
    return Design("Deep", main_graph, graphs)


@pytest.fixture
def deepest(tmp_path: Path) -> str:
    path = tmp_path / "deep.yaml"
    path.write_text(dumps(nested(MAX_NESTING)))
    return str(path)


@pytest.mark.parametrize("depth", [1, 2, MAX_NESTING, 1000, 20_000])
def test_nesting_is_counted_without_recursion(depth: int) -> None:
    assert nesting(nested(depth)) == depth


def test_unused_sub_graphs_count_and_cycles_are_another_problem() -> None:
    design = nested(5)
    assert nesting(edits.remove(design, ["a"])) == 4
    assert nesting(Design()) == 0
    loop = design.with_graph("g4", design.graphs["g0"])
    assert nesting(loop) == 0


@pytest.mark.parametrize("depth", [MAX_NESTING + 1, 300, 3000])
@pytest.mark.parametrize(
    "words",
    [["check"], ["check", "--fix"], ["summary"], ["export", "--to", "python", "-o", "x.py", "--verify"], ["profile"]],
    ids=lambda words: words[0],
)
def test_deeper_designs_are_refused_in_one_sentence(
    depth: int, words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("deep.yaml").write_text(dumps(nested(depth)))
    assert main([words[0], "deep.yaml", *words[1:]]) == 2
    out, error = capsys.readouterr()
    assert out == ""
    assert error.endswith(f"sub-graphs are nested {depth} deep, expected at most {MAX_NESTING}; unpack some of them\n")
    assert [path.name for path in tmp_path.iterdir()] == ["deep.yaml"]


def test_a_deeper_design_that_came_another_way_is_a_problem_of_the_design() -> None:
    from composer.engine.inference.infer import Inferrer

    design = nested(500)
    with pytest.raises(DesignError, match=f"nested 500 deep, expected at most {MAX_NESTING}"):
        check_limits(design)
    assert Inferrer().infer(design).errors[0].startswith("sub-graphs are nested 500 deep")


def test_the_limit_itself_is_inferred_exported_and_verified(
    deepest: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert load(deepest) == nested(MAX_NESTING)
    assert main(["check", deepest]) == 0
    assert main(["summary", deepest, "--json"]) == 0
    assert main(["export", deepest, "--to", "python", "-o", str(tmp_path / "m.py"), "--verify"]) == 0
    assert "verified" in capsys.readouterr().out
    assert main(["diff", deepest, deepest]) == 0
    assert main(["summary", deepest, "--layers"]) == 2
    assert "torchinfo" in capsys.readouterr().err


@pytest.mark.parametrize(
    "text",
    [
        *("(" * 500 + "1" + ")" * 500, "(" * 99 + "1" + ")" * 99, "-" * 199 + "1", "-" * 100_000 + "1"),
        *("1" + "+1" * 99, "min(" * 40 + "1" + ")" * 40, "2**" * 60 + "1", "x[" * 90 + "]" * 90, "9" * 5000),
    ],
)
def test_expressions_of_any_depth_have_a_value_or_one_sentence(text: str) -> None:
    for call in (lambda: evaluate(f"={text}", {}), lambda: from_text(text, None), lambda: substitute(f"={text}", {})):
        try:
            call()
        except UserError as error:
            message = str(error)
            if "\n" in message or len(message) > 600:
                pytest.fail(f"no sentence: {message[:1000]}")
    if len(text) > MAX_LENGTH:
        with pytest.raises(UserError, match="too long"):
            evaluate(f"={text}", {})


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, "[" * 100_000 + "]" * 100_000])
def test_json_of_any_depth_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError):
        load_json(text)


def test_a_run_folder_with_nested_json_is_damaged(tmp_path: Path) -> None:
    (tmp_path / SETTINGS).write_text("[" * 100_000)
    (tmp_path / "design.yaml").write_text(dumps(nested(1)))
    with pytest.raises(UserError, match="cannot be read"):
        RunFolder.open(tmp_path).settings()


@pytest.mark.parametrize("source", ["x = " + "(" * 5000 + ")" * 5000, "x = " + "-" * 50_000 + "1", "x = " + "[" * 300])
def test_a_block_file_that_is_nested_deeply_is_one_broken_entry(source: str, tmp_path: Path) -> None:
    from composer.core.blocks.catalog import read_catalog

    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "deep.py").write_text(source)
    catalog = read_catalog([tmp_path])
    assert list(catalog.broken) == [tmp_path / "odd" / "deep.py"]
    assert len(catalog) > 100


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("format: 1\nname: " + "[" * 50, "nested more than 40 deep"),
        ("format: 1\nnodes:\n  a: {block: A, params: {p: " + "[" * 36 + "1" + "]" * 36 + "}}\n", None),
        ("format: 1\nname: &a x\ndescription: *a\n", "aliases"),
    ],
)
def test_the_depth_of_yaml(text: str, message: str | None) -> None:
    if message is None:
        design = loads(text)
        assert loads(dumps(design)) == design
        json.dumps(edits.set_params(design, "a", {"q": 1}).main.nodes["a"].params["p"])
        return
    with pytest.raises(DesignError, match=message):
        loads(text)


def test_repeats_of_repeats_stop_at_a_stated_number(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    design = nested(3)
    for name in ("g0", "g1"):
        design = edits.update_item(design, "n", graph=name, repeat=10_000)
    path = tmp_path / "many.yaml"
    path.write_text(dumps(design))
    assert main(["check", str(path)]) == 1
    assert "more than 200,000 iterations in total" in capsys.readouterr().out
