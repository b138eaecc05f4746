"""How the embedded AWS sends its answers."""

import socket
from urllib.parse import urlsplit


def test_an_answer_comes_in_one_piece(running):
    address = urlsplit(running.endpoint_url)
    for _ in range(50):
        with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
            connection.sendall(f"GET /_embedded/health HTTP/1.1\r\nHost: {address.hostname}\r\n\r\n".encode())
            head, _, body = connection.recv(4096).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 ") and body.startswith(b"{") and body.endswith(b"}")
