"""Reads the server's own pages from another process."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

from infra.errors import EmbeddedAwsError
from infra.local import daemon

READ_TIMEOUT_SECONDS = 10


def read(home: Path, page: str, **query: str) -> Any:
    """What the page says. Raises EmbeddedAwsError where no server runs."""
    running = daemon.find(home)
    if running is None:
        raise EmbeddedAwsError("The embedded AWS is not running; start it with: modelyard local up")
    url = f"{running.endpoint_url}/_embedded/{page}?{urlencode(query)}"
    with urlopen(url, timeout=READ_TIMEOUT_SECONDS) as answer:  # noqa: S310 - our own server, on 127.0.0.1
        return json.loads(answer.read())


def interrupt(home: Path, job: str, child: int | None = None) -> list[str]:
    """Reclaim the hosts of a running Batch job, by id or name; the ids of what ran there. Raises EmbeddedAwsError."""
    taken: list[str] = read(home, "interrupt", job=job, **({} if child is None else {"child": str(child)}))
    return taken
