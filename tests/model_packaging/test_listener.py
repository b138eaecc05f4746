"""The end of the server: nobody else is let in, and who was is taken."""

import asyncio
import json
import logging
import socket
import sys

import pytest

from model_packaging.hosts.journal import Journal, Lines, level_of
from model_packaging.hosts.listener import admit_no_more, take
from model_packaging.hosts.settings import Settings


@pytest.fixture
def listening():
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


@pytest.mark.skipif(sys.platform != "linux", reason="a filter of Linux")
def test_nobody_else_is_let_in_and_who_was_stays(listening):
    with socket.create_connection(listening.getsockname(), 5) as early:
        admit_no_more(listening)
        with pytest.raises(TimeoutError):
            socket.create_connection(listening.getsockname(), 0.2)
        taken, _ = listening.accept()
        with taken:
            early.sendall(b"x")
            assert taken.recv(1) == b"x"


def test_the_loop_takes_all_who_are_there(listening):
    greeted = []

    async def run():
        listening.setblocking(False)
        early = [socket.create_connection(listening.getsockname(), 5) for _ in range(20)]
        server = await asyncio.start_server(lambda reader, writer: greeted.append(writer), sock=listening)
        await take([listening])
        server.close()
        for one in early:
            one.close()

    asyncio.run(run())
    assert len(greeted) == 20


def test_what_a_library_logs_is_a_line_of_json():
    try:
        raise KeyError("k")
    except KeyError:
        record = logging.LogRecord(
            "uvicorn.error", logging.ERROR, "x", 1, "went %s\n", ("wrong",), sys.exc_info()
        )
    told = json.loads(Lines().format(record))
    assert (told["level"], told["message"]) == ("error", "went wrong")
    assert told["traceback"].endswith("KeyError: 'k'")


@pytest.mark.parametrize(
    ("status", "level"), [(200, "info"), (404, "warning"), (499, "warning"), (500, "error"), (503, "warning")]
)
def test_a_status_has_its_level(status, level):
    assert level_of(status) == level


def test_what_is_below_the_level_is_not_written(capfd):
    journal = Journal(Settings(log_level="warning"))
    journal.write("info", {"message": "quiet"})
    journal.write("error", {"message": "loud"})
    (line,) = capfd.readouterr().err.splitlines()
    assert json.loads(line)["message"] == "loud"
