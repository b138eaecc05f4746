"""`--html FILE`: a page is written, and said where."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from infra.cli import console
from infra.errors import Misuse

if TYPE_CHECKING:
    from infra.page.document import Page

Html = Annotated[
    Path | None, typer.Option("--html", metavar="FILE", help="Write one self-contained page with charts.")
]


def writer(file: Path | None) -> "Callable[[Callable[[], Page]], None]":
    """What writes a page to `file`, and does nothing without one.

    Raises at once, before anything is computed, `ToolchainError` where the library of the charts is not installed, and
    `Misuse` where `file` cannot be written.
    """
    if file is None:
        return lambda _make: None
    from infra.page import library

    if file.is_dir() or not file.parent.is_dir():
        raise Misuse(f"--html is {file}, which cannot be a file; write a name in a folder that exists.")
    script = library.javascript()

    def write(make: "Callable[[], Page]") -> None:
        file.write_text(make().html(script), encoding="utf-8")
        console.say(f"wrote {file}, {file.stat().st_size / 1e6:.1f} MB: open it in any browser")

    return write
