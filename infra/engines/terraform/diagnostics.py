"""What Terraform complains about: its diagnostics, one readable line each."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.errors import TerraformError

_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_LOCKED = "Error acquiring the state lock"
_MOVED = "Backend configuration changed"
_LOCK_FIELD = re.compile(r"^\s*(ID|Operation|Who|Created):[ \t]*(.*?)\s*$", re.MULTILINE)
# Terraform adds this where it stopped because of another error, or because it was asked to.
_ECHO = "execution halted"


def plain(text: str) -> str:
    """`text` on one line, without colour."""
    return " ".join(_ANSI.sub("", text).split())


@dataclass(frozen=True)
class Diagnostic:
    """One error or warning; `address` is the resource, or None."""

    severity: str
    summary: str
    detail: str = ""
    address: str | None = None

    @classmethod
    def from_message(cls, data: Mapping[str, Any]) -> "Diagnostic":
        """From the field `diagnostic` of a message of Terraform's machine-readable UI."""
        return cls(
            severity=str(data.get("severity", "error")),
            summary=str(data.get("summary", "")),
            detail=str(data.get("detail") or ""),
            address=data.get("address") or None,
        )

    @property
    def line(self) -> str:
        """`address: summary: detail` on one line; AWS's own words are in the summary."""
        summary, detail = plain(self.summary), plain(self.detail)
        parts = (self.address or "", summary, "" if detail == summary else detail)
        return ": ".join(part.rstrip(":") for part in parts if part)


class TerraformFailed(TerraformError):
    """Terraform ended with errors; the message has one line for each of `diagnostics`."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__("\n".join(diagnostic.line for diagnostic in self.diagnostics))


class StateLocked(TerraformFailed):
    """Another run holds the lock of the state; the message says who, since when, and how to break it."""

    def __init__(self, diagnostic: Diagnostic, program: Path, directory: Path) -> None:
        super().__init__([diagnostic])
        lock = dict(_LOCK_FIELD.findall(_ANSI.sub("", diagnostic.detail)))
        if "ID" in lock:
            operation = lock.get("Operation", "").removeprefix("OperationType").lower() or "a run"
            since = lock.get("Created", "").split(".")[0] or "an unknown time"
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
    if not told:
        lines = [line for line in map(plain, stray.splitlines()) if line.strip("╷│╵ ")]
        told = [Diagnostic("error", f"{program.name} failed: {'; '.join(lines[-5:]) or 'it said nothing'}")]
    return TerraformFailed(told)
