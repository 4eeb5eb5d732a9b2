"""Design files: what is saved is what is loaded, and whatever else a file holds gives one clear sentence in bounded
time.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from composer.core.edits import move, set_params
from composer.core.errors import DesignError
from composer.core.files import design_file
from composer.core.files.design_file import design_hash, dumps, load, loads, save
from composer.core.graph import Design, Each, Frame, Graph, Input, Node, Output, Ramp, Wire
from tests.patience import seconds
from tests.strategies import designs, examples

GOOD = """\
format: 1
name: "small"
variables:
  width: 8
inputs:
  image: {shape: [3, 8, 8], at: [0, 0]}
nodes:
  stem: {block: ConvNormAct, params: {out_channels: "=width"}, at: [0, 0]}
  stage: {block: graph:body, repeat: 2, at: [0, 0]}
outputs:
  logits: {at: [0, 0]}
wires:
  - image -> stem
  - stem -> stage
  - stage -> logits
graphs:
  body:
    inputs:
      x: {at: [0, 0]}
    nodes:
      conv: {block: ConvNormAct, at: [0, 0]}
    outputs:
      y: {at: [0, 0]}
    wires:
      - x -> conv
      - conv -> y
"""


def order(design: Design) -> Any:
    """What equality of mappings does not see."""
    graphs = [(name, list(graph.ids()), list(graph.params)) for name, graph in design.all_graphs()]
    return (
        graphs,
        list(design.variables),
        [list(node.params) for _, graph in design.all_graphs() for node in graph.nodes.values()],
    )


# -- there and back ----------------------------------------------------------------------------------------------------


@examples(150)
@given(designs())
@example(
    Design(
        main=Graph({"on": Input("on", ())}, {"yes": Node("yes", "Yes", {"null": "x"})}, {}, (Wire("on", "yes"),)),
        variables={"no": 1},
    )
)
@example(Design(main=Graph(nodes={"a": Node("a", "B", {"k": float("inf"), "m": -float("inf"), "n": 1e-5, "o": 1e22})})))
@example(
    Design(
        main=Graph(
            nodes={"a": Node("a", "B", {"k": (), "m": ((1, 2), (3,)), "n": Each(((1,), "=x"))}, (1 / 3, 0.1 + 0.2))}
        )
    )
)
@example(
    Design(
        main=Graph(
            nodes={"a": Node("a", "B", {"k": Ramp("=a", 0.5)}, repeat="=depth")},
            frames=(Frame("f", "\x85", (0, 0, 1, 1), ("a",)),),
        )
    )
)
@example(Design(name="\ufffe", description="\U0001f600\x00\u2028\x7f\ufeff"))
def test_what_is_saved_is_what_is_loaded(design: Design) -> None:
    text = dumps(design)
    text.encode("utf-8")
    again = loads(text)
    assert again == design
    assert order(again) == order(design)
    assert dumps(again) == text


def test_file_round_trip(tmp_path: Path) -> None:
    design = loads(GOOD)
    save(design, tmp_path / "d.yaml")
    assert load(tmp_path / "d.yaml") == design
    assert (tmp_path / "d.yaml").read_text() == GOOD


def test_one_line_a_node_and_a_wire() -> None:
    lines = GOOD.splitlines()
    assert sum("block:" in line for line in lines) == 3 and dumps(loads(GOOD)) == GOOD


def test_hash_sees_the_network_and_not_its_picture() -> None:
    design = loads(GOOD)
    assert design_hash(move(design, {"stem": (50.0, 60.0)})) == design_hash(design)
    assert design_hash(set_params(design, "stem", {"kernel_size": 5})) != design_hash(design)


# -- what cannot be loaded ---------------------------------------------------------------------------------------------


def swap(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new, 1)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (swap("format: 1", "format: 2"), 1, ("format is 2", "expected 1", "newer")),
        (swap("format: 1", "format: " + "a" * 5000), 1, ("format is 'aaa", "a, expected 1")),
        (swap("format: 1\n", ""), 1, ("format is missing", "expected 'format: 1'")),
        (swap("format: 1", "format: true"), 1, ("format is True",)),
        (swap('name: "small"', "name: [1]"), 2, ("name is a list", "expected a text")),
        (swap('name: "small"', "name: [2001]"), 2, ("name is", "expected a text")),
        (swap('name: "small"', "name:"), 2, ("name is empty", "expected a text")),
        (swap('name: "small"', "title: small"), 2, ("unknown key 'title'", "known keys: format, name")),
        (swap("width: 8", "wi dth: 8"), 4, ("variable 'wi dth'", "identifier")),
        (swap("width: 8", "width: [[8]]"), 4, ("variable 'width' is a list of lists",)),
        (swap("width: 8", "width: 0x" + "f" * 5000), 4, ("integer", "18 digits")),
        (swap("shape: [3, 8, 8]", "shape: [3, 0, 8]"), 6, ("input 'image'", "[3, 224, 224]")),
        (swap("shape: [3, 8, 8], ", ""), 6, ("input 'image'", "shape")),
        (swap("shape: [3, 8, 8]", "shape: 3"), 6, ("input 'image' has shape 3",)),
        (swap("shape: [3, 8, 8]", "shape: [3, 8, 8], dtype: f32"), 6, ("dtype 'f32'", "float32, float64")),
        (swap("shape: [3, 8, 8]", "shape: [3, 8, 8], dtype: [1]"), 6, ("input 'image'", "dtype")),
        (swap("  image: {", "  im age: {"), 6, ("input 'im age'", "identifier")),
        (
            swap("stem: {block: ConvNormAct", "stem: {blok: ConvNormAct"),
            8,
            ("node 'stem' has an unknown key 'blok'", "known keys: block"),
        ),
        (swap("block: ConvNormAct", "block: 3"), 8, ("node 'stem' has block 3", "name of a block")),
        (swap("block: ConvNormAct", "block: a b"), 8, ("node 'stem'", "name of a block")),
        (swap('params: {out_channels: "=width"}', "params: [1]"), 8, ("params of node 'stem' is a list", "mapping")),
        (
            swap('params: {out_channels: "=width"}', "params: {out channels: 1}"),
            8,
            ("node 'stem'", "'out channels'", "identifier"),
        ),
        (
            swap('out_channels: "=width"', "out_channels: {a: 1}"),
            8,
            ("'out_channels' of node 'stem'", "{each: [a, b]}"),
        ),
        (
            swap('out_channels: "=width"', "out_channels: {each: []}"),
            8,
            ("'out_channels' of node 'stem'", "{each: [a, b]}"),
        ),
        (
            swap('out_channels: "=width"', "out_channels: {ramp: [1]}"),
            8,
            ("'out_channels' of node 'stem'", "{ramp: [from, to]}"),
        ),
        (
            swap('out_channels: "=width"', "out_channels: {each: {a: 1}}"),
            8,
            ("'out_channels' of node 'stem'", "{each: [a, b]}"),
        ),
        (
            swap('out_channels: "=width"', "out_channels: !!set {a}"),
            8,
            ("'out_channels' of node 'stem'", "expected a number"),
        ),
        (
            swap('out_channels: "=width"', "out_channels: !!binary aGk="),
            8,
            ("'out_channels' of node 'stem'", "expected a number"),
        ),
        (swap("repeat: 2", "repeat: 0"), 9, ("node 'stage' has repeat 0", "integer from 1")),
        (swap("repeat: 2", "repeat: 1.5"), 9, ("node 'stage' has repeat 1.5", "integer from 1")),
        (swap("repeat: 2, at: [0, 0]", "at: [0]"), 9, ("(at) of node 'stage'", "2 numbers")),
        (swap("repeat: 2, at: [0, 0]", "at: [.nan, 0]"), 9, ("(at) of node 'stage'", "2 numbers")),
        (swap("repeat: 2, at", "note: [1], at"), 9, ("note of node 'stage' is a list", "expected a text")),
        (swap("graph:body", "graph:boddy"), 9, ("node 'stage' uses sub-graph 'boddy'", "the design has: body")),
        (swap("  stage: {", "  self: {"), 9, ("node 'self'", "used by Python")),
        (swap("  stage: {", "  stem: {"), 9, ("'stem' appears twice",)),
        (swap("  logits: {", "  stem: {"), 11, ("'stem' is used twice", "line 8", "unique")),
        (swap("logits: {at", "logits: {shape: [1], at"), 11, ("output 'logits' has an unknown key 'shape'",)),
        (swap("- image -> stem", "- image => stem"), 13, ("wire 'image => stem'", "'source -> target'")),
        (swap("- image -> stem", "- [image, stem]"), 13, ("'source -> target'",)),
        (swap("- image -> stem", "- image -> sten"), 13, ("'sten', which is not an input, node or output",)),
        (swap("- image -> stem", "- logits -> stem"), 13, ("wire 'logits -> stem' runs the wrong way",)),
        (swap("- image -> stem", "- stem -> image"), 13, ("wire 'stem -> image' runs the wrong way",)),
        (swap("- image -> stem", "- stage -> stem"), 12, ("form a cycle", "stem -> stage", "remove one")),
        (swap("- stem -> stage", "- image -> stem"), 14, ("wire 'image -> stem' appears twice",)),
        (swap("wires:\n", "\n\nwires:\n\n  # notes\n\n") + "oops: 1\n", 32, ("unknown key 'oops'",)),
        (swap("wires:\n  - image", "wires:\n\n  # the first\n\n  - imag"), 16, ("'imag', which is not an input",)),
        (swap("wires:\n", "wires: stem -> stage\nframes:\n"), 12, ("wires of the design", "expected a list")),
        (GOOD + "training: {epochs: many}\n", 27, ("training epochs is 'many'", "integer")),
        (GOOD + "training: {epochs: true}\n", 27, ("training epochs is True", "integer")),
        (GOOD + "training: {lr: fast}\n", 27, ("training lr is 'fast'", "a number")),
        (GOOD + "training: {speed: 1}\n", 27, ("training has an unknown key 'speed'", "known keys: data")),
        (GOOD + "expected: {params: many}\n", 27, ("expected params", "integer")),
        (GOOD + "expected: {params: true}\n", 27, ("expected params", "integer")),
        (GOOD + "frames:\n  f: {rect: [1, 2]}\n", 28, ("rect of frame 'f'", "4 numbers")),
        (GOOD + "frames:\n  f: {nodes: [1]}\n", 28, ("nodes of frame 'f'", "list of ids")),
        (
            swap("      conv: {block: ConvNormAct", "      conv: {block: graph:body"),
            16,
            ("sub-graphs contain each other", "body -> body"),
        ),
        (swap("      x: {at", "      x: {shap: [1], at"), 19, ("input 'x' has an unknown key 'shap'",)),
        (swap("      - x -> conv", "      - conv -> conv"), 24, ("sub-graph 'body' form a cycle", "conv -> conv")),
        ("[1, 2]", 1, ("the design is a list", "expected a mapping")),
        ("3", 1, ("the design is 3", "expected a mapping")),
        ("", 1, ("format is missing",)),
        ("a: 1\n  b: 2", 2, ("mapping values are not allowed", "expected a Netcomposer design")),
        ("format: 1\nname: 'open", 2, ("expected a Netcomposer design",)),
        ("format: 1\n---\nformat: 1\n", 2, ("expected a Netcomposer design",)),
        (
            "format: 1\nname: !!python/object/apply:os.system ['touch /tmp/netcomposer_was_here']\n",
            2,
            ("expected a Netcomposer design",),
        ),
        ("!!python/object:composer.core.graph.Design {}", 1, ("expected a Netcomposer design",)),
        ("format: 1\nname: !!python/name:os.system\n", 2, ("expected a Netcomposer design",)),
        ("format: 1\n<<: {name: a}\n", 2, ("unknown key '<<'", "known keys")),
        ("format: 1\n? [a, b]\n: 1\n", 2, ("expected a Netcomposer design",)),
        ("format: 1\nname: &a b\ndescription: *a\n", 3, ("aliases (*a) are not allowed",)),
        ("format: 1\nname: " + "[" * 200_000, 2, ("nested more than 40 deep",)),
        ("format: 1\nname: " + "{a: " * 200_000, 2, ("nested more than 40 deep",)),
        ("- " * 100_000, 1, ("nested more than 40 deep",)),
        ("format: 1\nname: " + "9" * 6000, 2, ("integer", "18 digits")),
        ("format: 1\nvariables: {a: " + "9" * 6000 + "}", 2, ("integer", "18 digits")),
        ("format: 1\nvariables: {a: 1e999}\n", 2, ("1e999 is too large for a number",)),
        ("format: 1\nvariables: {a: !!int b}\n", 2, ("'b' is not a number",)),
    ],
)
def test_load_errors_name_line_thing_and_what_was_expected(
    tmp_path: Path, text: str, line: int, words: tuple[str, ...]
) -> None:
    path = tmp_path / "broken.yaml"
    path.write_text(text)
    started = time.monotonic()
    with pytest.raises(DesignError) as caught:
        load(path)
    message = str(caught.value)
    assert message.startswith(f"broken.yaml, line {line}: "), message[:300]
    for word in words:
        assert word in message, message[:300]
    assert "\n" not in message and len(message) < 500 and "Traceback" not in message
    assert time.monotonic() - started < seconds(5)
    assert not Path("/tmp/netcomposer_was_here").exists()


def test_the_error_knows_its_node(tmp_path: Path) -> None:
    with pytest.raises(DesignError) as caught:
        loads(swap("repeat: 2", "repeat: 0"))
    assert caught.value.node == "stage"


def test_an_unknown_block_loads_because_it_may_be_the_users_own() -> None:
    assert loads(swap("ConvNormAct", "MyBlock")).main.nodes["stem"].block == "MyBlock"


BILLION = "format: 1\nname: x\nvariables:\n  a: &a [1]\n" + "".join(
    f"  {chr(98 + i)}: &{chr(98 + i)} [{', '.join([f'*{chr(97 + i)}'] * 9)}]\n" for i in range(20)
)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (BILLION.encode(), "aliases (*a) are not allowed"),
        (bytes(range(256)) * 50, "not UTF-8 text"),
        (b"\x89PNG\r\n\x1a\n" + b"\x00" * 100, "not UTF-8 text"),
        (b"PK\x03\x04" + b"\x00" * 100, "expected a Netcomposer design"),
        (b"format: 1\nname: a\x00b\n", "expected a Netcomposer design"),
        ("format: 1\nname: \ufffe\n".encode(), "expected a Netcomposer design"),
        ("format: 1\n".encode("utf-16"), "not UTF-8 text"),
        (b"\x00" * 1000, "expected a Netcomposer design"),
        (b"\xff\xfe", "not UTF-8 text"),
        (b"%YAML 9.9\n---\nformat: 1", "expected a Netcomposer design"),
        (b"\t\t\t:", "expected a Netcomposer design"),
    ],
)
def test_garbage_gives_one_sentence(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "garbage.yaml"
    path.write_bytes(content)
    with pytest.raises(DesignError) as caught:
        load(path)
    assert str(caught.value).startswith("garbage.yaml") and words in str(caught.value)
    assert "\n" not in str(caught.value)


@examples(300)
@given(st.one_of(st.text(max_size=200), st.binary(max_size=200).map(lambda data: data.decode("latin-1"))))
def test_any_text_loads_or_gives_a_design_error(text: str) -> None:
    try:
        loads(text)
    except DesignError as error:
        assert "\n" not in str(error)  # noqa: PT017 - both ends are right


@examples(200)
@given(st.data())
def test_any_damage_to_a_good_file_loads_or_gives_a_design_error(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(GOOD)))
    end = data.draw(st.integers(start, min(len(GOOD), start + 20)))
    filler = data.draw(
        st.sampled_from(
            (
                "",
                "{",
                "[1, 2]",
                "null",
                "- ",
                ": ",
                "\n",
                "1e999",
                "*a",
                "&a ",
                "!!set ",
                "yes",
                "'",
                '"',
                "->",
                "=x",
                "0",
            )
        )
    )
    try:
        design = loads(GOOD[:start] + filler + GOOD[end:])
    except DesignError as error:
        assert "\n" not in str(error)  # noqa: PT017 - both ends are right
    else:
        assert loads(dumps(design)) == design


def test_a_huge_file_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "huge.yaml"
    with path.open("wb") as file:
        file.truncate(200_000_000)
    started = time.monotonic()
    with pytest.raises(DesignError, match="200 MB is too large"):
        load(path)
    assert time.monotonic() - started < seconds(0.5)


@pytest.mark.parametrize(
    "text",
    [
        "format: 1\nwires:\n" + "  - a -> b\n" * 200_000,
        "format: 1\nvariables: {a: [" + "[]," * 3_000_000 + "]}",
        "format: 1\nnodes:\n" + "".join(f"  n{i}: {{block: Add}}\n" for i in range(30_000)) + "oops: 1\n",
        "format: 1\nnodes:\n"
        + "".join(f"  n{i}: {{block: Add}}\n" for i in range(30_000))
        + "outputs: {o: {}}\nwires:\n"
        + "".join(f"  - n{i} -> o\n" for i in range(30_000))
        + "  - n9 -> o\n",
    ],
    ids=["wires", "lists", "nodes", "same wire"],
)
def test_large_files_end_in_bounded_time(text: str) -> None:
    started = time.monotonic()
    with pytest.raises(DesignError):
        loads(text)
    assert time.monotonic() - started < seconds(30)


@pytest.mark.parametrize("path", ["missing.yaml", ".", "no/such/folder/d.yaml", "a\0b.yaml"])
def test_what_is_no_file(tmp_path: Path, path: str) -> None:
    with pytest.raises(DesignError) as caught:
        load(tmp_path / path)
    assert "\n" not in str(caught.value)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_is_no_file_and_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    for path in (tmp_path / "pipe.yaml", Path("/dev/zero")):
        with pytest.raises(DesignError, match="not a regular file"):
            load(path)


# -- saving ------------------------------------------------------------------------------------------------------------

WRITER = """
import sys
from composer.core.files.design_file import load, save
one, two = load(sys.argv[1]), load(sys.argv[2])
print("ready", flush=True)
while True:
    save(one, sys.argv[3])
    save(two, sys.argv[3])
"""


def test_a_killed_save_leaves_the_old_or_the_new_whole(tmp_path: Path) -> None:
    nodes = {f"n{i}": Node(f"n{i}", "Conv2d", {"out_channels": i}) for i in range(1, 400)}
    one, two = Design("one", Graph(nodes=nodes)), Design("two", Graph(nodes=dict(list(nodes.items())[:200])))
    save(one, tmp_path / "one.yaml")
    save(two, tmp_path / "two.yaml")
    target = tmp_path / "target.yaml"
    save(one, target)
    generator = random.Random(0)
    seen = set()
    for _ in range(6):
        command = [sys.executable, "-c", WRITER, str(tmp_path / "one.yaml"), str(tmp_path / "two.yaml"), str(target)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None and process.stdout.readline() == b"ready\n"
            time.sleep(generator.uniform(0.005, 0.1))
            process.send_signal(signal.SIGKILL)
        loaded = load(target)
        assert loaded in (one, two)
        seen.add(loaded.name)
    save(one, target)
    assert load(target) == one


@pytest.mark.parametrize("step", ["fsync", "chmod", "replace"])
def test_a_failed_save_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    target = tmp_path / "d.yaml"
    save(Design("old"), target)

    def fail(*args: object, **kwargs: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(design_file.os, step, fail)
    with pytest.raises(DesignError, match=r"d\.yaml: cannot be written: No space left on device"):
        save(Design("new"), target)
    monkeypatch.undo()
    assert load(target).name == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["d.yaml"]


def _read_only(tmp_path: Path) -> Path:
    folder = tmp_path / "locked"
    folder.mkdir()
    folder.chmod(0o500)
    return folder / "d.yaml"


@pytest.mark.parametrize(
    "target",
    [
        lambda tmp: tmp / "missing" / "d.yaml",
        lambda tmp: tmp,
        lambda tmp: tmp / "a\0b.yaml",
        pytest.param(
            lambda tmp: Path("/proc/d.yaml"),
            marks=pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs /proc"),
        ),
        pytest.param(
            _read_only,
            marks=pytest.mark.skipif(
                not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere"
            ),
        ),
    ],
)
def test_a_place_that_cannot_be_written(tmp_path: Path, target: Callable[[Path], Path]) -> None:
    path = target(tmp_path)
    with pytest.raises(DesignError, match="cannot be written"):
        save(Design(), path)
    assert not list(tmp_path.rglob("*.part"))


def test_permissions_and_links_stay(tmp_path: Path) -> None:
    real, link = tmp_path / "real.yaml", tmp_path / "link.yaml"
    save(Design("old"), real)
    real.chmod(0o640)
    link.symlink_to(real)
    save(Design("new"), link)
    assert link.is_symlink() and load(real).name == "new"
    assert real.stat().st_mode & 0o777 == 0o640


def test_inputs_and_outputs_of_main_keep_empty_shapes() -> None:
    """A number for each sample, such as a label, has a shape without axes."""
    design = Design(main=Graph({"label": Input("label", (), "int64")}, {}, {"out": Output("out")}))
    assert loads(dumps(design)) == design


def test_half_a_character_is_replaced_because_no_file_can_hold_it() -> None:
    assert loads(dumps(Design(name="a\ud800b"))).name == "a\ufffdb"
