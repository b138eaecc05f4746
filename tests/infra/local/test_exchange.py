"""One request: its answer, or why there is none, within its limit."""

import http.client
import socket
import threading
import time

import pytest

from infra.local import exchange


@pytest.fixture
def serve():
    """A server of one connection that sends the given pieces, with pauses; gives its port."""
    servers = []

    def of(pieces: list[bytes], pause_seconds: float = 0) -> int:
        server = socket.create_server(("127.0.0.1", 0))
        servers.append(server)

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                for piece in pieces:
                    try:
                        connection.sendall(piece)
                    except OSError:
                        return
                    time.sleep(pause_seconds)
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(65536):  # closed with unread bytes it would be reset
                    pass

        threading.Thread(target=answer, daemon=True).start()
        return server.getsockname()[1]

    yield of
    for server in servers:
        server.close()


def ask(port: int, timeout_seconds: float = 5) -> exchange.Reply:
    return exchange.send(port, "POST", "/invocations", b"x", {}, timeout_seconds)


def test_an_answer(serve):
    reply = ask(serve([b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\nA: b\r\n\r\nok"]))
    assert (reply.status, reply.body, reply.headers["A"]) == (201, b"ok", "b")
    assert 0 < reply.seconds < 5


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nA: ",
    ],
    ids=["a body of known length", "a body until the end", "headers"],
)
def test_what_drips_ends_in_time(serve, head):
    port = serve([head, *[b"x"] * 100], 0.05)
    started = time.monotonic()
    with pytest.raises(exchange.TimedOut):
        ask(port, 0.3)
    assert time.monotonic() - started < 3  # the drip takes five


def test_an_answer_that_ends_too_early(serve):
    with pytest.raises(http.client.IncompleteRead):
        ask(serve([b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nx"]))


def test_no_http(serve):
    with pytest.raises(http.client.BadStatusLine):
        ask(serve([b"hello\r\n\r\n"]))


def test_nobody_there():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(ConnectionRefusedError):
        ask(port)
