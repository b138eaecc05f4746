"""What the `sagemaker` host takes from its environment.

    MODELYARD_BODY_LIMIT_BYTES   of a request's body                                      6291456
    MODELYARD_MAX_BATCH_SIZE     requests of one predict_batch_fn                         learnt; see `pace`
    MODELYARD_MAX_WAIT_MS        how long the model, idle, waits for the rest of a batch  learnt; see `pace`
    MODELYARD_THREADS            threads for a handler that is THREAD_SAFE                its cores
    MODELYARD_QUEUE_SIZE         requests that may wait                                   1000
    MODELYARD_QUEUE_SECONDS      how long the last of them would wait, as measured        15
    MODELYARD_LOG_LEVEL          debug, info, warning or error                            info

SageMaker wants an answer within 60 seconds and gives a container 30 seconds between SIGTERM and SIGKILL. Who has been
let in is answered even then: hence 15 seconds, and not 60. An asynchronous endpoint may take an hour.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from model_packaging.hosts import cores

BODY_LIMIT_BYTES = 6_291_456
"""BodyBlob's maximum (botocore's model of InvokeEndpoint); an asynchronous endpoint takes up to 1 GB."""

QUEUE_BYTES = 256 * 1024 * 1024
LEVELS = ("debug", "info", "warning", "error")

Number = TypeVar("Number", int, float)


class InvalidSetting(Exception):
    """A variable holds what it cannot; the message is one line."""


@dataclass(frozen=True)
class Settings:
    """The host's bounds. None is learnt, or decided by what the machine has."""

    body_limit_bytes: int = BODY_LIMIT_BYTES
    max_batch_size: int | None = None
    max_wait_ms: float | None = None
    threads: int | None = None
    queue_size: int = 1000
    queue_seconds: float = 15.0
    log_level: str = "info"

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "Settings":
        """Raises `InvalidSetting`, which names the variable."""
        level = (environment.get("MODELYARD_LOG_LEVEL") or cls.log_level).lower()
        if level not in LEVELS:
            raise InvalidSetting(f"MODELYARD_LOG_LEVEL is {level!r}; write one of {', '.join(LEVELS)}.")

        def given(name: str, kind: Callable[[str], Number], least: Number) -> Number | None:
            text = environment.get(f"MODELYARD_{name}")
            return None if not text else _number(f"MODELYARD_{name}", text, kind, least)

        return cls(
            body_limit_bytes=given("BODY_LIMIT_BYTES", int, 1) or cls.body_limit_bytes,
            max_batch_size=given("MAX_BATCH_SIZE", int, 1),
            max_wait_ms=given("MAX_WAIT_MS", float, 0.0),
            threads=given("THREADS", int, 1),
            queue_size=given("QUEUE_SIZE", int, 1) or cls.queue_size,
            queue_seconds=given("QUEUE_SECONDS", float, 0.001) or cls.queue_seconds,
            log_level=level,
        )

    def threads_for(self, thread_safe: bool) -> int:
        """How many threads run the handler."""
        return (self.threads or cores.available()) if thread_safe else 1

    @property
    def queue_bytes(self) -> int:
        """What waits may hold in bodies: always a few of the largest."""
        return max(QUEUE_BYTES, 4 * self.body_limit_bytes)


def _number(name: str, text: str, kind: Callable[[str], Number], least: Number) -> Number:
    wanted = f"write a {'whole ' if kind is int else ''}number of at least {least}"
    try:
        number = kind(text)
    except ValueError:
        raise InvalidSetting(f"{name} is {text!r}; {wanted}.") from None
    if not least <= number < float("inf"):
        raise InvalidSetting(f"{name} is {text}; {wanted}.")
    return number
