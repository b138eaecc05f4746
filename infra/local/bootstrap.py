"""Lambda's Python runtime, inside the function's process. Only the standard library, and Python 3.9 or newer.

    bootstrap.py REQUEST_FD RESPONSE_FD MARKER PACKAGES

Requests and responses are JSON, one a line, on the two pipes. `MARKER` with the request's id goes to standard
output after each invocation, so that the server knows that it has read all that the function wrote. `PACKAGES` is the
folder with what Lambda's runtime brings.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterable
from typing import Any


class Identity:
    cognito_identity_id = None
    cognito_identity_pool_id = None


class Context:
    """What a handler gets as its second argument."""

    def __init__(self, request: dict[str, Any]) -> None:
        self.aws_request_id = request["id"]
        self.invoked_function_arn = request["arn"]
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self.identity = Identity()
        self.client_context = None
        self._deadline = request["deadline"]

    def get_remaining_time_in_millis(self) -> int:
        return max(int((self._deadline - time.time()) * 1000), 0)

    def log(self, message: object) -> None:
        sys.stdout.write(str(message))


class InitError(Exception):
    """The handler could not be loaded; `kind` is Lambda's name of the reason."""

    def __init__(self, kind: str, message: str, trace: Iterable[str] = ()) -> None:
        super().__init__(message)
        self.kind, self.trace = kind, list(trace)


def load(name: str) -> Callable[..., Any]:
    """The handler named `module.function`, with Lambda's errors."""
    module_name, _, function_name = name.rpartition(".")
    if not module_name:
        raise InitError("Runtime.MalformedHandlerName", f"Bad handler '{name}': not enough values to unpack")
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        message = f"Unable to import module '{module_name}': {error}"
        raise InitError("Runtime.ImportModuleError", message, frames(error)) from error
    except SyntaxError as error:
        message = f"Syntax error in module '{module_name}': {error}"
        raise InitError("Runtime.UserCodeSyntaxError", message, frames(error)) from error
    if not hasattr(module, function_name):
        message = f"Handler '{function_name}' missing on module '{module_name}'"
        raise InitError("Runtime.HandlerNotFound", message)
    handler: Callable[..., Any] = getattr(module, function_name)
    return handler


def frames(error: BaseException) -> list[str]:
    """The user's part of the traceback, one string a frame, as Lambda returns it."""
    own = {__file__, importlib.__file__}
    kept = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename not in own and not frame.filename.startswith("<frozen")
    ]
    return traceback.format_list(kept)


def failure(error: Exception, request_id: str) -> dict[str, Any]:
    """The error as Lambda returns it, after it was written to the log."""
    if isinstance(error, InitError):
        kind, trace = error.kind, error.trace
    else:
        kind, trace = type(error).__name__, frames(error)
    described = {"errorMessage": str(error), "errorType": kind, "requestId": request_id, "stackTrace": trace}
    lines = [f"[ERROR] {kind}: {error}"]
    if trace:
        lines += ["Traceback (most recent call last):", *"".join(trace).splitlines()]
    print("\n".join(lines), file=sys.stderr)
    return described


def answer(handler: Callable[..., Any], request: dict[str, Any]) -> dict[str, Any]:
    """The response to one request: a payload, or an error."""
    try:
        event = json.loads(request["event"])
        result = handler(event, Context(request))
    except Exception as error:
        return {"error": failure(error, request["id"])}
    try:
        payload = json.dumps(result, ensure_ascii=False)
        payload.encode()  # half of a character outside of the first plane has no UTF-8
        return {"payload": payload}
    except (TypeError, ValueError, RecursionError) as error:
        message = f"Unable to marshal response: {error}"
        return {"error": failure(InitError("Runtime.MarshalError", message), request["id"])}


def main() -> None:
    """Load the handler, say so, then answer one request after the other."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    requests = os.fdopen(int(sys.argv[1]), "r", encoding="utf-8")
    responses = os.fdopen(int(sys.argv[2]), "w", encoding="utf-8")
    marker = sys.argv[3]
    task_root = os.environ["LAMBDA_TASK_ROOT"]
    sys.path.insert(0, task_root)
    sys.path.append(sys.argv[4])  # last: a function may bring another version
    sys.argv[:] = [task_root]

    def respond(response: dict[str, Any], request_id: str) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        os.write(1, f"{marker}{request_id}\n".encode())
        json.dump(response, responses)
        responses.write("\n")
        responses.flush()

    try:
        handler = load(os.environ["_HANDLER"])
    except Exception as error:
        respond({"error": failure(error, "")}, "init")
        sys.exit(1)
    respond({"ready": True}, "init")
    for line in requests:
        request = json.loads(line)
        os.environ["_X_AMZN_TRACE_ID"] = f"Root=1-{request['id'].replace('-', '')[:24]}"
        respond(answer(handler, request), request["id"])


main()
