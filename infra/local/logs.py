"""What the embedded AWS and the processes in it said."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from infra.local import daemon, own_pages


@dataclass(frozen=True)
class Line:
    """One line of CloudWatch Logs."""

    at: datetime
    stream: str
    message: str


def logs(home: Path, name: str | None = None) -> list[str]:
    """The lines of the server's own log, or of the endpoint or function `name`, oldest first.

    The server's log outlives it until the next `up` or `down`. Raises EmbeddedAwsError where `name` is given and
    no server runs.
    """
    if name is not None:
        return [f"{line.at:%Y-%m-%dT%H:%M:%S.%f} {line.stream} {line.message}" for line in lines(home, name)]
    file = home / daemon.LOG_FILE
    return file.read_text(errors="replace").splitlines() if file.is_file() else []


def lines(home: Path, name: str) -> list[Line]:
    """The CloudWatch log lines of the endpoint or function `name`, oldest first. Raises EmbeddedAwsError."""
    found = own_pages.read(home, "logs", name=name)
    return [
        Line(datetime.fromtimestamp(line["timestamp"] / 1000, UTC), line["stream"], line["message"])
        for line in found
    ]
