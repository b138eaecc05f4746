"""What Lambda itself writes into a function's log: how an invocation ended, and what it came to."""

import datetime
import signal
from collections.abc import Mapping

_SIGNALS: Mapping[signal.Signals, str] = {
    signal.SIGKILL: "killed",
    signal.SIGSEGV: "segmentation fault",
    signal.SIGABRT: "aborted",
}


def end(
    request_id: str, seconds: float, init_seconds: float | None, memory_mb: int, max_memory_mb: int
) -> tuple[str, str]:
    """The two lines after an invocation; `init_seconds` is of the first in its sandbox."""
    milliseconds, init = seconds * 1000, (init_seconds or 0) * 1000
    parts = [
        f"REPORT RequestId: {request_id}",
        f"Duration: {milliseconds:.2f} ms",
        f"Billed Duration: {-int(-(milliseconds + init) // 1)} ms",
        f"Memory Size: {memory_mb} MB",
        f"Max Memory Used: {max_memory_mb} MB",
    ]
    if init_seconds is not None:
        parts.append(f"Init Duration: {init:.2f} ms")
    return f"END RequestId: {request_id}", "\t".join(parts) + "\t"


def timed_out(request_id: str, timeout_seconds: float, now: datetime.datetime) -> tuple[str, dict[str, str]]:
    """The line, and the error as Lambda returns it."""
    words = f"Task timed out after {timeout_seconds:.2f} seconds"
    error = {"errorType": "Sandbox.Timedout", "errorMessage": f"RequestId: {request_id} Error: {words}"}
    return f"{now.strftime('%Y-%m-%dT%H:%M:%S.%f')[:-3]}Z {request_id} {words}", error


def exited(request_id: str, exit_code: int | None, over_memory: bool) -> tuple[str, dict[str, str]]:
    """The same where the process ended before it answered."""
    if over_memory or (exit_code is not None and exit_code < 0):
        number = signal.SIGKILL if over_memory or exit_code is None else signal.Signals(-exit_code)
        reason = f"with error: signal: {_SIGNALS.get(number, number.name)}"
    else:
        reason = f"with error: exit status {exit_code}" if exit_code else "without providing a reason"
    message = f"RequestId: {request_id} Error: Runtime exited {reason}"
    return message, {"errorType": "Runtime.ExitError", "errorMessage": message}
