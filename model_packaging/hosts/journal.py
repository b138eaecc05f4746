"""The host's log: one JSON object a line on stderr, beside which what handlers print passes as it is."""

import json
import logging
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from model_packaging.hosts.settings import LEVELS, Settings


class Journal:
    """Lines of at least `settings.log_level`."""

    def __init__(self, settings: Settings) -> None:
        self._least = LEVELS.index(settings.log_level)

    def write(self, level: str, fields: Mapping[str, Any]) -> None:
        """A line; one write, so that no other comes between."""
        if LEVELS.index(level) >= self._least:
            sys.stderr.write(line(level, fields) + "\n")
            sys.stderr.flush()


class Lines(logging.Formatter):
    """What a library logs, as a line like the host's own."""

    def format(self, record: logging.LogRecord) -> str:
        """One JSON object, with the traceback where there is one."""
        fields = {"message": record.getMessage().strip()}
        if record.exc_info:
            fields["traceback"] = self.formatException(record.exc_info)
        return line(record.levelname.lower(), fields)


LIBRARIES: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"lines": {"()": Lines}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "lines"}},
    "loggers": {"uvicorn": {"handlers": ["stderr"], "level": "WARNING", "propagate": False}},
}
"""uvicorn's log, for `logging.config.dictConfig`."""


def line(level: str, fields: Mapping[str, Any]) -> str:
    """`fields` as JSON, with the time and the level before them."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return json.dumps({"time": now, "level": level, **fields})


def level_of(status: int) -> str:
    """What an answer's status means for who reads the log."""
    return "info" if status < 400 else "warning" if status < 500 or status == 503 else "error"
