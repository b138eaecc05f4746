"""What a person sees: progress and questions on stderr, data on stdout."""

import contextlib
import functools
import json
import sys
from collections.abc import Callable, Iterator
from typing import Any

import typer

_PIPED_WIDTH = 160
"""Columns of a table that goes into a file or a pipe."""


@functools.cache
def stderr() -> Any:
    """Rich's console on stderr; plain lines where stderr is no terminal."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, soft_wrap=True)


def say(text: str) -> None:
    """A line of progress."""
    stderr().print(text, markup=False)


@contextlib.contextmanager
def meter(title: str, size_bytes: int) -> Iterator[Callable[[int], None]]:
    """A bar on stderr that is told of each further byte, from the first one on; none where stderr is no terminal."""
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    shown = Progress(*columns, console=stderr(), transient=True, disable=not stderr().is_terminal)
    task = shown.add_task(title, total=size_bytes)

    def on_progress(more_bytes: int) -> None:
        shown.start()
        shown.advance(task, more_bytes)

    try:
        yield on_progress
    finally:
        shown.stop()


def put(text: str) -> None:
    """A line of data."""
    typer.echo(text)


def put_json(data: Any) -> None:
    """Data for programs."""
    typer.echo(json.dumps(data, indent=2, default=str))


def put_table(
    title: str, columns: list[str], rows: list[list[str]], *, right: frozenset[str] = frozenset()
) -> None:
    """A table on stdout; columns named in `right` are numbers."""
    from rich.console import Console

    width = None if sys.stdout.isatty() else _PIPED_WIDTH
    Console(highlight=False, width=width, markup=False).print(_table(title, columns, rows, right))


def say_table(
    title: str, columns: list[str], rows: list[list[str]], *, right: frozenset[str] = frozenset()
) -> None:
    """A table on stderr, for what is told beside the data."""
    from rich.console import Console

    width = None if sys.stderr.isatty() else _PIPED_WIDTH
    Console(stderr=True, highlight=False, width=width, markup=False).print(
        _table(title, columns, rows, right)
    )


def _table(title: str, columns: list[str], rows: list[list[str]], right: frozenset[str]) -> Any:
    from rich.table import Table

    table = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, justify="right" if column in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*row)
    return table


def confirm(question: str) -> bool:
    """Ask once; anything but yes, or nobody there to ask, is no."""
    if not sys.stdin.isatty():
        say(f"{question} Nobody is there to ask: write --yes to go on.")
        return False
    return typer.confirm(question, err=True)


def agreed(question: str, name: str, used: list[str], yes: bool) -> bool:
    """Whether to go on. `used` is what somebody uses and what goes with it, in lines: then `name` has to be typed."""
    for line in used:
        say(line)
    if yes:
        return True
    if not used or not sys.stdin.isatty():
        return confirm(question)
    return (
        str(typer.prompt(f"{question} To go on, type {name}", err=True, default="", show_default=False))
        == name
    )
