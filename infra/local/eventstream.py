"""AWS's event streams: binary messages with headers and checksums, as an answer that comes in parts is sent."""

import binascii
import json
import struct
from collections.abc import Mapping
from typing import Any

CONTENT_TYPE = "application/vnd.amazon.eventstream"
_TEXT = 7
"""The type of a header that is text."""


def event(kind: str, payload: bytes, content_type: str = "application/octet-stream") -> bytes:
    """One message of the event `kind`."""
    headers = {":event-type": kind, ":content-type": content_type, ":message-type": "event"}
    return _message(headers, payload)


def document(kind: str, content: Mapping[str, Any]) -> bytes:
    """One message of the event `kind`, with JSON in it."""
    return event(kind, json.dumps(content).encode(), "application/json")


def _message(headers: Mapping[str, str], payload: bytes) -> bytes:
    """Lengths and their checksum, headers, payload, and a checksum of all of it (CRC-32 of IEEE 802.3)."""
    packed = b"".join(_header(name, value) for name, value in headers.items())
    prelude = struct.pack("!II", 16 + len(packed) + len(payload), len(packed))
    start = prelude + struct.pack("!I", binascii.crc32(prelude))
    whole = start + packed + payload
    return whole + struct.pack("!I", binascii.crc32(whole))


def _header(name: str, value: str) -> bytes:
    key, text = name.encode(), value.encode()
    return struct.pack("!B", len(key)) + key + struct.pack("!BH", _TEXT, len(text)) + text
