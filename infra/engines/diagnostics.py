"""What an engine complains about, one readable line each."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from infra.errors import EngineError

ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def plain(text: str) -> str:
    """`text` on one line, without colour."""
    return " ".join(ANSI.sub("", text).split())


@dataclass(frozen=True)
class Diagnostic:
    """One error or warning; `address` is the resource, or None."""

    severity: str
    summary: str
    detail: str = ""
    address: str | None = None

    @property
    def line(self) -> str:
        """`address: summary: detail` on one line; AWS's own words are in the summary."""
        summary, detail = plain(self.summary), plain(self.detail)
        parts = (self.address or "", summary, "" if detail == summary else detail)
        return ": ".join(part.rstrip(":") for part in parts if part)


class EngineFailed(EngineError):
    """The engine ended with errors; the message has one line for each of `diagnostics`."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__("\n".join(diagnostic.line for diagnostic in self.diagnostics))
