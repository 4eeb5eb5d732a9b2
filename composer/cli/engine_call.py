"""One request to a new engine process, for commands that draw with Qt and so must not import torch themselves."""

import json
import subprocess
import sys
from typing import Any

from composer.core import json_rpc
from composer.core.errors import UserError
from composer.core.facts import DesignFacts, NodeFacts, Totals
from composer.core.files.design_json import to_json
from composer.core.graph import Design


def call_engine(method: str, params: dict[str, Any]) -> Any:
    """Start the engine, send one request and return its result.

    Args:
        method: name of the request.
        params: its arguments, plain JSON values.

    Raises:
        UserError: if the engine responds with an error or ends without a response.
    """
    line = json_rpc.encode(json_rpc.request(1, method, params)) + "\n"
    command = [sys.executable, "-m", "composer.engine"]
    process = subprocess.run(command, input=line, capture_output=True, text=True, check=False)
    for line in process.stdout.splitlines():
        message = json.loads(line)
        if message.get("id") == 1 and "result" in message:
            return message["result"]
        if message.get("id") == 1 and "error" in message:
            raise UserError(message["error"]["message"])
    last = process.stderr.strip().splitlines()[-1:] or ["no message"]
    raise UserError(f"the engine stopped without an answer (exit code {process.returncode}): {last[0]}")


def infer_facts(design: Design, batch: int = 1) -> DesignFacts:
    """Compute the facts of a design in another process."""
    reply = call_engine("facts", {"design": to_json(design), "batch": batch})
    nodes = {path: NodeFacts.from_json(data) for path, data in reply["changed"].items()}
    return DesignFacts(nodes, Totals(**reply["totals"]), batch)
