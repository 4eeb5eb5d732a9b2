"""Ask the engine one question and wait: for commands that draw with Qt and so must not import torch themselves."""

import json
import subprocess
import sys
from typing import Any

from composer.core.errors import UserError
from composer.core.facts import DesignFacts, NodeFacts, Totals
from composer.core.files.design_json import to_json
from composer.core.graph import Design


def ask_engine(method: str, params: dict[str, Any]) -> Any:
    """Start the engine, send one request, return its result.

    Args:
        method: name of the request.
        params: its arguments, plain JSON values.

    Raises:
        UserError: if the engine answers with an error or dies.
    """
    request = json.dumps({"id": 1, "method": method, "params": params})
    done = subprocess.run(
        [sys.executable, "-m", "composer.engine"], input=request + "\n", capture_output=True, text=True, check=False
    )
    for line in done.stdout.splitlines():
        message = json.loads(line)
        if message.get("id") == 1 and "result" in message:
            return message["result"]
        if message.get("id") == 1 and "error" in message:
            raise UserError(message["error"])
    last = done.stderr.strip().splitlines()[-1:] or ["no message"]
    raise UserError(f"the engine stopped without an answer (exit code {done.returncode}): {last[0]}")


def facts_of(design: Design, batch: int = 1) -> DesignFacts:
    """Facts of a design, computed in a process of its own."""
    answer = ask_engine("facts", {"design": to_json(design), "batch": batch})
    nodes = {path: NodeFacts.from_json(data) for path, data in answer["changed"].items()}
    return DesignFacts(nodes, Totals(**answer["totals"]), batch)
