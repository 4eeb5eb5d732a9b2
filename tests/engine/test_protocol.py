"""The pipe: whatever comes in, the worker answers or says why not, and lives on."""

import io
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from composer.core import json_rpc
from composer.core.edits import set_params
from composer.core.errors import UserError
from composer.core.files.design_json import to_json
from composer.core.graph import Design, Graph, Input, Node, Output, Wire
from composer.engine.protocol import Channel, Progress
from tests.patience import seconds


def served(*lines: str, newest: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    """Answers to lines that all wait already when the worker looks, up to the end of the pipe."""

    def user_error(params: Any, progress: Progress) -> None:
        raise UserError("attn_1: num_heads: 5 does not divide dim 64")

    def memory(params: Any, progress: Progress) -> None:
        raise MemoryError

    handlers = {
        "echo": lambda params, progress: params,
        "divide": lambda params, progress: 1 / params["by"],
        "user": user_error,
        "memory": memory,
        "no_json": lambda params, progress: object(),
        "silent": lambda params, progress: (_ for _ in ()).throw(RuntimeError()),
        "work": lambda params, progress: [progress(step / 4, "step") for step in range(4)],
    }
    out = io.StringIO()
    channel = Channel(io.StringIO("".join(line + "\n" for line in lines)), out)
    channel.read()
    channel.lines = io.StringIO()
    channel.serve(handlers, frozenset(newest))  # type: ignore[arg-type]
    for thread in threading.enumerate():
        if thread.name == "requests":
            thread.join(5)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def ask(id: int, method: str, **params: Any) -> str:
    return json_rpc.encode(json_rpc.request(id, method, params))


def cancel(id: int) -> str:
    return json_rpc.encode(json_rpc.notification(json_rpc.CANCEL, {"id": id}))


def superseded(answer: dict[str, Any]) -> bool:
    return bool(answer.get("error", {}).get("code") == json_rpc.SUPERSEDED)


def test_all_that_was_asked_before_the_end_is_answered() -> None:
    assert served(*(ask(i, "echo", a=i) for i in range(5))) == [json_rpc.result(i, {"a": i}) for i in range(5)]


@pytest.mark.parametrize(
    "line",
    [
        "",
        "{",
        "nonsense",
        "[1, 2]",
        "3",
        '"echo"',
        "null",
        "[" * 100_000,
        '{"id": 1, "method": "echo", "params": [1]}',
        '{"method": "cancel", "params": {"id": [1]}}',
        '{"method": "cancel"}',
        "\x00",
        "\ufffd",
    ],
)
def test_a_malformed_line_is_told_and_the_next_is_answered(line: str) -> None:
    refusal, answer = served(line, ask(7, "echo"))
    assert refusal["id"] is None and refusal["error"]["code"] in (json_rpc.PARSE_ERROR, json_rpc.INVALID_REQUEST)
    assert refusal["error"]["message"].startswith("not ") and len(refusal["error"]["message"]) < 200
    assert answer == json_rpc.result(7, {})


@pytest.mark.parametrize("method", ['"fly"', "null", "[1]", "{}", "3"])
def test_an_unknown_method(method: str) -> None:
    answer, after = served(f'{{"id": 1, "method": {method}}}', ask(2, "echo"))
    assert answer["id"] == 1 and answer["error"]["code"] == json_rpc.METHOD_NOT_FOUND
    assert "choose one of: echo, divide" in answer["error"]["message"]
    assert after["result"] == {}


@pytest.mark.parametrize("id", ["null", '"one"', "[1]", "true"])
def test_an_id_that_is_none(id: str) -> None:
    answer, after = served(f'{{"id": {id}, "method": "echo"}}', ask(2, "echo"))
    assert answer["id"] is None and answer["error"]["code"] == json_rpc.INVALID_REQUEST
    assert after["result"] == {}


@pytest.mark.parametrize(
    ("method", "code", "message", "trace"),
    [
        ("divide", json_rpc.INTERNAL_ERROR, "ZeroDivisionError: division by zero", True),
        ("user", json_rpc.USER_ERROR, "attn_1: num_heads: 5 does not divide dim 64", False),
        ("memory", json_rpc.OUT_OF_MEMORY, "the machine has too little memory", False),
        ("no_json", json_rpc.INTERNAL_ERROR, "TypeError: Object of type object is not JSON serializable", True),
        ("silent", json_rpc.INTERNAL_ERROR, "RuntimeError: no message", True),
    ],
)
def test_whatever_a_handler_raises_is_an_error_response(method: str, code: int, message: str, trace: bool) -> None:
    answer, after = served(ask(1, method, by=0), ask(2, "echo"))
    error = answer["error"]
    assert (answer["jsonrpc"], answer["id"], error["code"]) == ("2.0", 1, code)
    assert error["message"].startswith(message) and ("trace" in error.get("data", {})) == trace
    assert after == json_rpc.result(2, {})


def test_only_the_newest_is_worth_an_answer() -> None:
    lines = [ask(1, "echo"), ask(2, "divide", by=1), ask(3, "echo"), ask(4, "divide", by=2), ask(5, "echo")]
    answers = served(*lines, newest=("echo",))
    assert [("superseded" if superseded(answer) else "result", answer["id"]) for answer in answers] == [
        ("superseded", 1),
        ("result", 2),
        ("superseded", 3),
        ("result", 4),
        ("result", 5),
    ]


def test_a_cancelled_request_is_not_begun() -> None:
    answers = served(ask(1, "work"), ask(2, "work"), cancel(1))
    assert answers[0] == json_rpc.error(1, json_rpc.CANCELLED, "cancelled")
    assert [answer["params"]["fraction"] for answer in answers[1:5]] == [0, 0.25, 0.5, 0.75]
    assert all(answer["method"] == json_rpc.PROGRESS and "id" not in answer for answer in answers[1:5])
    assert answers[5]["id"] == 2 and "result" in answers[5]


def test_a_cancel_stops_work_under_way() -> None:
    """The worker reports progress; the cancel arrives in between; the next report ends the work."""
    reading, writing = os.pipe()
    out = io.StringIO()
    reported, cancelled = threading.Event(), threading.Event()

    def work(params: Any, progress: Progress) -> str:
        progress(0.1)
        reported.set()
        while 1 not in channel.cancelled and not cancelled.wait(0.001):
            pass
        progress(0.2)
        return "done"

    with os.fdopen(reading, encoding="utf-8") as lines, os.fdopen(writing, "w", encoding="utf-8") as pipe:
        channel = Channel(lines, out)
        thread = threading.Thread(target=channel.serve, args=({"work": work},))
        thread.start()
        print(ask(1, "work"), file=pipe, flush=True)
        assert reported.wait(seconds(5))
        print(cancel(1), file=pipe, flush=True)
        pipe.close()
        thread.join(5)
        assert not thread.is_alive()
        for other in threading.enumerate():
            if other.name == "requests":
                other.join(5)
    assert [json.loads(line) for line in out.getvalue().splitlines()] == [
        json_rpc.notification(json_rpc.PROGRESS, {"id": 1, "fraction": 0.1, "message": ""}),
        json_rpc.error(1, json_rpc.CANCELLED, "cancelled"),
    ]


# -- the engine process ------------------------------------------------------------------------------------------------


class Worker:
    """The engine as the window starts it."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.id = 0

    def read(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        return json.loads(self.process.stdout.readline())  # type: ignore[no-any-return]

    def write(self, line: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + b"\n")
        self.process.stdin.flush()

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        self.id += 1
        self.write(ask(self.id, method, **params).encode())
        answer = self.read()
        assert answer["id"] == self.id
        return answer


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    command = [sys.executable, "-m", "composer.engine"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        worker = Worker(process)
        assert worker.read() == json_rpc.notification("ready", {})
        announced = worker.read()
        assert announced["method"] == "torch" and announced["params"]["torch"] and announced["params"]["devices"]
        yield worker
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(seconds(20)) == 0, "the end of the pipe is the end of the worker"


def small() -> Design:
    nodes = {
        "conv": Node("conv", "Conv2d", {"out_channels": 8}),
        "head": Node("head", "ClassifierHead", {"num_classes": 5}),
    }
    wires = (Wire("image", "conv"), Wire("conv", "head"), Wire("head", "logits"))
    return Design("small", Graph({"image": Input("image", (3, 8, 8))}, nodes, {"logits": Output("logits")}, wires))


def test_the_engine_answers_facts_and_then_only_what_changed(worker: Worker) -> None:
    first = worker.ask("facts", design=to_json(small()), revision=1, reset=True)["result"]
    assert first["reset"] and set(first["changed"]) == {"image", "conv", "head", "logits"} and first["revision"] == 1
    assert first["totals"]["params"] == 8 * 27 + 8 + 8 * 5 + 5
    second = worker.ask("facts", design=to_json(set_params(small(), "head", {"num_classes": 7})), revision=2)["result"]
    assert not second["reset"] and set(second["changed"]) == {"head", "logits"} and second["removed"] == []
    broken = worker.ask("facts", design=to_json(set_params(small(), "conv", {"groups": 2})), revision=3)["result"]
    assert "groups" in broken["changed"]["conv"]["error"] and broken["changed"]["head"]["waits_for"] == "conv"


def test_the_engine_survives(worker: Worker) -> None:
    for line in (b"", b"{", b"\xff\xfe\x00", b"[" * 100_000, b"[1]"):
        worker.write(line)
        assert worker.read()["id"] is None
    assert "unknown request 'fly'" in worker.ask("fly")["error"]["message"]
    assert worker.ask("facts")["error"]["message"].startswith("KeyError")
    assert worker.ask("facts", design={"main": 3})["error"]
    assert "no input" in worker.ask("source", design=to_json(Design()))["error"]["message"]
    assert (
        "cannot be written"
        in worker.ask("export", design=to_json(small()), target="yaml", path="/nowhere/at/all.yaml")["error"]["message"]
    )
    assert worker.ask("facts", design=to_json(small()), reset=True)["result"]["totals"]["params"] > 0


def test_the_engine_gives_the_source_and_writes_it(worker: Worker, tmp_path: Path) -> None:
    text = worker.ask("source", design=to_json(small()))["result"]["source"]
    assert "self.conv = Conv2d(in_channels=3, out_channels=8)" in text
    worker.ask("export", design=to_json(small()), target="python", path=str(tmp_path / "m.py"))
    assert (tmp_path / "m.py").read_text() == text


def test_the_engine_answers_only_the_newest_of_a_burst(worker: Worker) -> None:
    designs = [set_params(small(), "conv", {"out_channels": width}) for width in range(1, 31)]
    first = worker.id + 1
    worker.write(
        b"\n".join(ask(first + i, "facts", design=to_json(d), revision=i).encode() for i, d in enumerate(designs))
    )
    worker.id += len(designs)
    answers = [worker.read() for _ in designs]
    assert [answer["id"] for answer in answers] == list(range(first, first + len(designs)))
    assert answers[-1]["result"]["revision"] == 29
    assert sum(superseded(answer) for answer in answers) > 10
