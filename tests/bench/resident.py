"""A process that waits between its turns: it is told a line, and answers with a line of JSON."""

import json
import subprocess
from collections.abc import Sequence
from types import TracebackType
from typing import Any


class Resident:
    """Ends with its `with`, which closes its stdin."""

    def __init__(self, command: Sequence[str], **settings: Any) -> None:
        """`settings` are `Popen`'s, such as `cwd` and `env`."""
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **settings
        )

    def __enter__(self) -> "Resident":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()

    def tell(self, line: str) -> None:
        """Send a line."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()

    def answer(self) -> Any:
        """Its next line. Raises SystemExit where it has ended."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.process.args!r} has ended; run it by hand to see why")
        return json.loads(line)

    def ask(self, line: str) -> Any:
        """Its answer to a line."""
        self.tell(line)
        return self.answer()
