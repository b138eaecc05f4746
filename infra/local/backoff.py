"""How long to wait before what died is started again."""

FIRST_SECONDS = 1.0
MOST_SECONDS = 60.0
AT_ONCE_SECONDS = 10.0
"""What lived shorter died at once."""


class Backoff:
    """Twice as long each time that it dies at once; from the start again when it had lived."""

    def __init__(self) -> None:
        self._next = FIRST_SECONDS

    def after(self, lived_seconds: float) -> float:
        """Seconds to wait now."""
        if lived_seconds >= AT_ONCE_SECONDS:
            self._next = FIRST_SECONDS
        delay, self._next = self._next, min(2 * self._next, MOST_SECONDS)
        return delay
