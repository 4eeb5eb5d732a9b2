"""``netcomposer train`` as its own process with a pipe, as the window starts it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from composer.core.files import design_file
from composer.core.run_records import MEASURED
from tests.engine.designs import tiny
from tests.patience import seconds

TIMING = tuple(MEASURED)


class TrainProcess:
    """A training of the tiny design.

    Args:
        folder: where the design is written.
        out: the folder of the run.
        words: further words of the command line.
        piped: whether it exchanges JSON lines with this process.
    """

    def __init__(self, folder: Path, out: Path, *words: str, piped: bool = True) -> None:
        path = folder / "tiny.yaml"
        design_file.save(tiny(), path)
        command = ["train", str(path), "--out", str(out), "--device", "cpu", *words]
        command += ["--parent-pipe"] if piped else []
        self.child = subprocess.Popen(
            [sys.executable, "-m", "composer", *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.events: list[dict[str, Any]] = []

    def send(self, command: str) -> None:
        """Send a command."""
        assert self.child.stdin is not None
        self.child.stdin.write(json.dumps({"jsonrpc": "2.0", "method": command, "params": {}}) + "\n")
        self.child.stdin.flush()

    def until(self, **wanted: object) -> dict[str, Any]:
        """Read events up to one that holds these values."""
        assert self.child.stdout is not None and self.child.stderr is not None
        for line in self.child.stdout:
            message = json.loads(line)
            event = {"event": message["method"], **message["params"]}
            self.events.append(event)
            if all(event.get(key) == value for key, value in wanted.items()):
                return event
        raise AssertionError(f"no event {wanted}; the last: {self.events[-3:]}; {self.child.stderr.read()}")

    def end(self) -> tuple[int, str]:
        """Wait for the end; return the exit code and stderr."""
        _, errors = self.child.communicate(timeout=seconds(60))
        return self.child.returncode, errors

    def kill(self) -> None:
        """End it by SIGKILL."""
        self.child.kill()
        self.child.communicate()
