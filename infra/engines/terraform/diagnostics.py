"""What Terraform complains about: its diagnostics, one readable line each."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from infra.engines.diagnostics import ANSI, Diagnostic, EngineFailed, plain
from infra.errors import TerraformError

_LOCKED = "Error acquiring the state lock"
_FULL = "no space left on device"
_MOVED = "Backend configuration changed"
_LOCK_FIELD = re.compile(r"^\s*(ID|Operation|Who|Created):[ \t]*(.*?)\s*$", re.MULTILINE)
_TO_THE_SECOND = re.compile(r"\.| \+0000")
# Terraform adds this where it stopped because of another error, or because it was asked to.
_ECHO = "execution halted"


def of_message(data: Mapping[str, Any]) -> Diagnostic:
    """From the field `diagnostic` of a message of Terraform's machine-readable UI."""
    return Diagnostic(
        severity=str(data.get("severity", "error")),
        summary=str(data.get("summary", "")),
        detail=str(data.get("detail") or ""),
        address=data.get("address") or None,
    )


class TerraformFailed(EngineFailed, TerraformError):
    """Terraform ended with errors; the message has one line for each of `diagnostics`."""


class StateLocked(TerraformFailed):
    """Another run holds the lock of the state; the message says who, since when, and how to break it.

    `lock` is its ID and `who` its holder, as user@machine; None where Terraform does not say.
    """

    def __init__(self, diagnostic: Diagnostic, program: Path, directory: Path) -> None:
        super().__init__([diagnostic])
        lock = dict(_LOCK_FIELD.findall(ANSI.sub("", diagnostic.detail)))
        self.lock, self.who = lock.get("ID"), lock.get("Who")
        if "ID" in lock:
            operation = lock.get("Operation", "").removeprefix("OperationType").lower() or "a run"
            since = _TO_THE_SECOND.split(lock.get("Created", ""))[0] or "an unknown time"
            who = lock.get("Who") or "somebody"
            message = (
                f"the state is locked by {who}, {operation}, since {since} UTC: wait until that has ended; "
                f"if it is dead, run {program} -chdir={directory} force-unlock {lock['ID']}"
            )
        else:
            message = diagnostic.line
        self.args = (message,)


def failure(diagnostics: Iterable[Diagnostic], stray: str, program: Path, directory: Path) -> TerraformFailed:
    """The error for a run that failed; `stray` is what it wrote that was no message."""
    errors = list(dict.fromkeys(d for d in diagnostics if d.severity == "error"))
    told = [error for error in errors if error.summary != _ECHO] or errors
    lines = [line for line in map(plain, stray.splitlines()) if line.strip("╷│╵ ")]
    if not told and any(_LOCKED in line for line in lines):
        # What has no -json, such as `state push`, says it for people.
        told = [Diagnostic("error", _LOCKED, "\n".join(line.lstrip("│ ") for line in lines))]
    locked = next((error for error in told if error.summary == _LOCKED), None)
    if locked is not None:
        return StateLocked(locked, program, directory)
    if any(error.summary == _MOVED for error in told):
        told = [
            Diagnostic(
                "error",
                "the environment's file names another place for the state than the one it is in",
                f"move it with: {program} -chdir={directory} init -migrate-state; or name the old place again",
            )
        ]
    full = next((error for error in told if _FULL in error.line), None)
    if full is not None:
        # Of a state that it cannot write Terraform tells in four errors, and gives advice that the next run follows.
        told = [*(error for error in told if error.address), full]
    if not told:
        told = [Diagnostic("error", f"{program.name} failed: {'; '.join(lines[-5:]) or 'it said nothing'}")]
    return TerraformFailed(told)
