"""JSON-RPC 2.0 messages, one per line, as the window and its worker processes exchange them.

Requests and responses follow https://www.jsonrpc.org/specification. Events and progress are notifications. A client
cancels a request with the notification ``cancel`` and params ``{"id": ...}``.
"""

import json
from collections.abc import Mapping
from typing import Any

Message = dict[str, Any]

# Codes of the specification.
PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INTERNAL_ERROR = -32603
# Codes of this program: an error of the user's, too little memory, and, as in the language server protocol, a request
# that was cancelled or that a newer one made pointless.
USER_ERROR = -32000
OUT_OF_MEMORY = -32001
CANCELLED = -32800
SUPERSEDED = -32801

# Notifications: from the client, to cancel a request; from the worker, how far a request is.
CANCEL = "cancel"
PROGRESS = "progress"


def request(id: int, method: str, params: Mapping[str, Any]) -> Message:
    """Return a request."""
    return {"jsonrpc": "2.0", "id": id, "method": method, "params": params}


def notification(method: str, params: Mapping[str, Any]) -> Message:
    """Return a notification, which gets no response."""
    return {"jsonrpc": "2.0", "method": method, "params": params}


def result(id: int, value: Any) -> Message:
    """Return the response to a request."""
    return {"jsonrpc": "2.0", "id": id, "result": value}


def error(id: object, code: int, message: str, **data: Any) -> Message:
    """Return an error response.

    Args:
        id: id of the request; None where it could not be read.
        code: one of the codes above.
        message: one sentence for the user.
        data: further values, such as ``trace``.
    """
    body: Message = {"code": code, "message": message}
    return {"jsonrpc": "2.0", "id": id, "error": {**body, "data": data} if data else body}


def encode(message: Mapping[str, Any]) -> str:
    """Write a message as one line, without the line break."""
    return json.dumps(message, separators=(",", ":"))
