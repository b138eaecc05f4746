"""The host's log: one JSON object a line on stderr, beside which what handlers print passes as it is."""

import json
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
        """`fields` with the time and the level before them; one write, so that no other line comes between."""
        if LEVELS.index(level) >= self._least:
            now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
            sys.stderr.write(json.dumps({"time": now, "level": level, **fields}) + "\n")
            sys.stderr.flush()


def level_of(status: int) -> str:
    """What an answer's status means for who reads the log."""
    return "info" if status < 400 else "warning" if status < 500 or status == 503 else "error"
