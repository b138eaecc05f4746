"""One HTTP request to a container, and a limit for all of it."""

import contextlib
import http.client
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

PART_BYTES = 64 * 1024
"""The most of one part of a streamed answer."""


class TimedOut(Exception):
    """The whole answer was not there in time."""


@dataclass(frozen=True)
class Reply:
    """What the container answered to one request; `seconds` is the time that it took."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float


class Stream:
    """An answer that is being made; `parts` ends with it. Each part may take the whole limit."""

    def __init__(self, connection: http.client.HTTPConnection, response: http.client.HTTPResponse) -> None:
        self._connection, self._response = connection, response
        self.status, self.headers = response.status, dict(response.getheaders())

    def parts(self) -> Iterator[bytes]:
        """What came, as it came. Raises TimedOut, OSError or http.client.HTTPException."""
        try:
            while part := self._response.read1(PART_BYTES):
                yield part
        except TimeoutError as error:
            raise TimedOut from error
        finally:
            self._connection.close()


def start(port: int, path: str, body: bytes, headers: Mapping[str, str], timeout_seconds: float) -> Stream:
    """POST, and the answer as it is made. Raises TimedOut, OSError or http.client.HTTPException."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout_seconds)
    try:
        connection.request("POST", path, body, dict(headers))
        return Stream(connection, connection.getresponse())
    except BaseException as error:
        connection.close()
        if isinstance(error, TimeoutError):
            raise TimedOut from error
        raise


def send(
    port: int, method: str, path: str, body: bytes, headers: Mapping[str, str], timeout_seconds: float
) -> Reply:
    """The answer of the server on 127.0.0.1. Raises TimedOut, OSError or http.client.HTTPException."""
    started = time.monotonic()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout_seconds)
    expired = threading.Event()
    try:
        connection.connect()
        # A socket's own limit starts again with each byte: an answer that drips never reaches it.
        timer = threading.Timer(timeout_seconds, _cut, (connection.sock, expired))
        timer.daemon = True
        timer.start()
        try:
            connection.request(method, path, body, dict(headers))
            response = connection.getresponse()
            content = response.read()
        finally:
            timer.cancel()
    except (OSError, http.client.HTTPException) as error:
        if expired.is_set() or isinstance(error, TimeoutError):
            raise TimedOut from error
        raise
    finally:
        connection.close()
    if expired.is_set():
        raise TimedOut
    return Reply(response.status, dict(response.getheaders()), content, time.monotonic() - started)


def _cut(connection: socket.socket, expired: threading.Event) -> None:
    expired.set()
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
