"""The `sagemaker` host at twice its capacity: what is let in is answered, the rest refused at once, nothing is lost.

    python -m tests.bench.overload [SECONDS]

The capacity is what wrk gets out of it with 32 clients. An open-loop generator in a process of its own then sends twice as
much; meanwhile /ping is asked and the memory read every second. In a second run SIGTERM comes in the middle.
"""

import http.client
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from model_packaging.latency import rank
from tests.bench import wrk
from tests.bench.open_loop import Tally
from tests.bench.servers import OURS, model_folder, running, sentences
from tests.bench.serving import CLIENTS
from tests.e2e.conftest import CLONE, Yard

SECONDS, DRAIN_SECONDS = 60.0, 10.0
SETTLED = 0.1
"""Of the run, after which the memory is to stay as it is: the first minute of ten."""
GROWTH = 1.05
PING_SECONDS, REFUSAL_SECONDS, EXIT_SECONDS = 2.0, 1.0, 25.0


@dataclass
class Watch:
    """Samples of a run, one a second: the host's memory in MB, and how long /ping took."""

    memory: list[float]
    pings: list[float]


def resident_mb(pid: int) -> float:
    """What a process has in memory."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:"))


def ping(port: int) -> float:
    """Seconds that GET /ping took; it must be answered with 200."""
    started = time.monotonic()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", "/ping")
        assert connection.getresponse().status == 200
    finally:
        connection.close()
    return time.monotonic() - started


def load(
    port: int, bodies: Path, rate: float, seconds: float, each_second: Callable[[], None], result: Path
) -> Tally:
    """Run the generator to its end; `each_second` is called meanwhile."""
    words = [f"127.0.0.1:{port}", str(bodies), f"{rate}", f"{seconds}", str(result)]
    process = subprocess.Popen([sys.executable, "-m", "tests.bench.open_loop", *words], cwd=CLONE)
    while process.poll() is None:
        each_second()
        time.sleep(1)
    assert process.returncode == 0
    return Tally(**json.loads(result.read_text()))


def told(tally: Tally) -> str:
    """A tally in words."""
    answered, refused = (
        f"{len(many)} {name}"
        + (f" (p50 {rank(many, 50) * 1000:.0f} ms, p99 {rank(many, 99) * 1000:.0f} ms)" if many else "")
        for name, many in (("answered", tally.answered), ("refused", tally.refused))
    )
    return (
        f"{tally.sent} sent: {answered}, {refused}, {tally.unreachable} unreachable, {len(tally.lost)} lost"
    )


def steady(
    port: int, pid: int, bodies: Path, rate: float, seconds: float, result: Path
) -> tuple[Tally, Watch]:
    """A run at `rate`, watched."""
    watch = Watch([], [])

    def look() -> None:
        watch.memory.append(resident_mb(pid))
        watch.pings.append(ping(port))

    return load(port, bodies, rate, seconds, look, result), watch


def ended(
    process: "subprocess.Popen[bytes]", port: int, bodies: Path, rate: float, seconds: float, result: Path
) -> tuple[Tally, float, float]:
    """A run at `rate` with SIGTERM in its middle: the tally, when the signal came, and how long the host took to end."""
    started = time.monotonic()
    signalled: list[float] = []
    gone: list[float] = []

    def look() -> None:
        if not signalled and time.monotonic() > started + seconds / 2:
            signalled.append(time.monotonic())
            process.terminate()
        if signalled and not gone and process.poll() is not None:
            gone.append(time.monotonic())

    tally = load(port, bodies, rate, seconds, look, result)
    assert process.wait(EXIT_SECONDS) == 0
    return tally, signalled[0], (gone or [time.monotonic()])[0] - signalled[0]


def overload(_yard: Yard, scratch: Path, seconds: float = SECONDS) -> float:
    """The slowest /ping at twice the capacity, to the two seconds that SageMaker gives it; raises where anything is lost."""
    bodies = scratch / "bodies"
    bodies.write_text("\n".join(OURS.body(sentence) for sentence in sentences()) + "\n")
    model = model_folder(scratch / "model")
    with running(OURS, model, scratch / "log") as server:
        capacity = wrk.run(server.url, bodies, CLIENTS, 5).per_second
        tally, watch = steady(
            server.port, server.process.pid, bodies, 2 * capacity, seconds, scratch / "result"
        )
        settled = watch.memory[max(1, int(len(watch.memory) * SETTLED)) :]
        growth = statistics.median(settled[-30:]) / statistics.median(settled[:30])
        print(f"at {2 * capacity:.0f} a second for {seconds:.0f} s, twice the capacity: {told(tally)}")
        print(
            f"  memory {settled[0]:.0f} MB, at the end {settled[-1]:.0f} MB, at most {max(watch.memory):.0f} MB"
        )
        slowest = max(watch.pings)
        print(f"  /ping: {len(watch.pings)}, slowest {slowest * 1000:.0f} ms")
        _check(not tally.lost and tally.accounted == tally.sent, f"lost: {tally.lost[:3]}")
        _check(not tally.unreachable, f"{tally.unreachable} unreachable")
        _check(growth < GROWTH, f"memory grew by {growth:.2f}")
        _check(bool(tally.refused), "nothing was refused; run it for longer than the queue takes to fill")
        _check(rank(tally.refused, 99) < REFUSAL_SECONDS, "refusals were slow")
        last, when, took = ended(
            server.process, server.port, bodies, 2 * capacity, DRAIN_SECONDS, scratch / "last"
        )
        print(f"  SIGTERM in the middle: {told(last)}; the host ended after {took:.1f} s", flush=True)
        _check(
            not last.lost and last.accounted == last.sent,
            f"lost: {[(at - when, why) for at, why in last.lost][:5]}",
        )
    return slowest / PING_SECONDS


def _check(holds: bool, told: str) -> None:
    if not holds:
        raise SystemExit(f"overload: {told}")


BENCHES = {"overload": overload}


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="modelyard-overload-") as folder:
        print(overload(None, Path(folder), float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS))  # type: ignore[arg-type]
