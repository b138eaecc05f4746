"""An open-loop load generator: requests leave when they are due, however slow the answers, and each is accounted for.

    python -m tests.bench.open_loop HOST:PORT BODIES RATE SECONDS RESULT

Arrivals are Poisson's, seeded. A request goes out on an idle connection, or on a new one. RESULT gets a `Tally` as JSON.
"""

import asyncio
import json
import random
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

PATIENCE_SECONDS = 65
"""SageMaker's own is 60."""


@dataclass
class Tally:
    """What became of the requests. Latencies are seconds; `lost` has the monotonic time at which each was sent."""

    sent: int = 0
    answered: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    unreachable: int = 0
    lost: list[tuple[float, str]] = field(default_factory=list)

    @property
    def accounted(self) -> int:
        """Requests of which we know."""
        return len(self.answered) + len(self.refused) + self.unreachable + len(self.lost)


class Exchange(asyncio.Protocol):
    """One connection, and the request that is on it."""

    def __init__(self, idle: "list[Exchange]") -> None:
        self._idle, self._received = idle, b""
        self.answer: asyncio.Future[tuple[int, bytes]] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def ask(self, request: bytes) -> "asyncio.Future[tuple[int, bytes]]":
        """Send a request; the future of its status and head."""
        self._received = b""
        self.answer = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return self.answer

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, body = self._received.partition(b"\r\n\r\n")
        if not end or self.answer is None:
            return
        lower = head.lower()
        length = int(lower.partition(b"content-length:")[2].partition(b"\r\n")[0])
        if len(body) < length:
            return
        answer, self.answer = self.answer, None
        if not answer.done():
            answer.set_result((int(head[9:12]), lower))
        if b"connection: close" in lower:
            self.transport.close()
        else:
            self._idle.append(self)

    def connection_lost(self, error: Exception | None) -> None:
        if self in self._idle:
            self._idle.remove(self)
        if self.answer is not None and not self.answer.done():
            self.answer.set_exception(error or ConnectionError("closed without an answer"))


async def send(
    address: tuple[str, int], bodies: list[bytes], rate: float, seconds: float, tally: Tally
) -> None:
    """So many requests a second for so long, and then wait for what is on its way."""
    loop, chosen = asyncio.get_running_loop(), random.Random(7)
    idle: list[Exchange] = []
    running: set[asyncio.Task[None]] = set()
    head = "POST /invocations HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: "
    requests = [f"{head}{len(body)}\r\n\r\n".encode() + body for body in bodies]

    async def one(request: bytes) -> None:
        started = time.monotonic()
        try:
            if idle:
                exchange = idle.pop()
            else:
                _, exchange = await loop.create_connection(lambda: Exchange(idle), *address)
        except OSError:
            tally.unreachable += 1
            return
        try:
            status, lower = await asyncio.wait_for(exchange.ask(request), PATIENCE_SECONDS)
        except (OSError, TimeoutError) as error:
            tally.lost.append((started, f"{type(error).__name__}: {error}"))
            return
        took = time.monotonic() - started
        if status == 200:
            tally.answered.append(took)
        elif status == 503 and b"retry-after:" in lower:
            tally.refused.append(took)
        else:
            tally.lost.append((started, lower.decode(errors="replace")))

    due = time.monotonic()
    end = due + seconds
    while due < end:
        if (left := due - time.monotonic()) > 0:
            await asyncio.sleep(left)
        task = loop.create_task(one(requests[tally.sent % len(requests)]))
        running.add(task)
        task.add_done_callback(running.discard)
        tally.sent += 1
        due += chosen.expovariate(rate)
    if running:
        await asyncio.wait(running)
    for exchange in list(idle):
        exchange.transport.close()


def main(arguments: list[str]) -> None:
    """The generator's process."""
    address, bodies, rate, seconds, result = arguments
    host, _, port = address.rpartition(":")
    tally = Tally()
    lines = Path(bodies).read_bytes().splitlines()
    asyncio.run(send((host, int(port)), lines, float(rate), float(seconds), tally))
    Path(result).write_text(json.dumps(asdict(tally)))


if __name__ == "__main__":
    main(sys.argv[1:])
