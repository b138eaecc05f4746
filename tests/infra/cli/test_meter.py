"""The bar of an upload: on a terminal only, from the first byte on, and gone at the end."""

import io

import pytest
from rich.console import Console

from infra.cli import console


@pytest.fixture
def stderr(monkeypatch):
    def make(terminal):
        made = Console(file=io.StringIO(), force_terminal=terminal, width=90, color_system=None)
        monkeypatch.setattr(console, "stderr", lambda: made)
        return made

    return make


def test_a_terminal_sees_how_far_it_is(stderr):
    shown = stderr(True)
    with console.meter("classify", 40_000_000) as on_progress:
        on_progress(10_000_000)
        on_progress(30_000_000)
    said = shown.file.getvalue()
    assert "classify" in said and "40.0/40.0 MB" in said
    assert said.endswith("\x1b[2K"), "the line is wiped"


@pytest.mark.parametrize("terminal, told", [(False, 5), (True, 0)])
def test_nothing_is_said_into_a_pipe_or_of_nothing_sent(stderr, terminal, told):
    shown = stderr(terminal)
    with console.meter("classify", 10) as on_progress:
        if told:
            on_progress(told)
    assert shown.file.getvalue() == ""


def test_what_goes_wrong_meanwhile_passes(stderr):
    shown = stderr(True)
    with pytest.raises(ValueError, match="lost"), console.meter("classify", 10) as on_progress:
        on_progress(1)
        raise ValueError("lost")
    assert shown.file.getvalue().endswith("\x1b[2K")
