"""What is asked of a model, and how fast the model is: all that a plan is judged by."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from cost.amount import HOURS_PER_MONTH, plain
from cost.errors import InvalidUsage
from cost.simulation.month import ServiceTime
from cost.simulation.traffic import Traffic, shaped

KB_PER_GB: Final = 1024**2
LARGEST_MS: Final = 3_600_000.0
MOST: Final[Mapping[str, Decimal]] = {
    "payload_kb": Decimal(KB_PER_GB),
    "response_kb": Decimal(KB_PER_GB),
    "input_tokens": Decimal(10) ** 8,
    "output_tokens": Decimal(10) ** 8,
}
"""The most of one request: what is larger is a mistake."""


@dataclass(frozen=True, kw_only=True)
class Profile:
    """A model as it was measured: one request at a time, on `threads` vCPUs, in ms; its memory in MB.

    `load_ms` is loading it. `gpu_p50_ms` and `gpu_p99_ms` are the same on a GPU, `gpu` that GPU's name; without them
    nothing is said of GPUs.
    """

    p50_ms: float
    p99_ms: float
    memory_mb: int
    load_ms: float = 0.0
    threads: int = 1
    gpu: str = ""
    gpu_p50_ms: float | None = None
    gpu_p99_ms: float | None = None

    def __post_init__(self) -> None:
        for low, high in ((self.p50_ms, self.p99_ms), (self.gpu_p50_ms, self.gpu_p99_ms)):
            if low is None and high is None:
                continue
            if low is None or high is None or not 0 < low <= high <= LARGEST_MS:
                raise InvalidUsage(
                    f"a model of p50 {low} ms and p99 {high} ms cannot be; write a p50 above 0 and a p99 that is "
                    f"at least as much, at most {LARGEST_MS:.0f}"
                )
        if self.threads < 1 or self.memory_mb < 1 or self.load_ms < 0:
            raise InvalidUsage(
                f"a model of {self.memory_mb} MB on {self.threads} threads that loads in {self.load_ms} ms cannot "
                "be; write at least 1 MB, 1 thread and 0 ms"
            )

    def on_cpu(self, slower: float = 1.0) -> ServiceTime:
        """How long it takes on a CPU that is `slower` times as slow as the one it was measured on."""
        return ServiceTime(self.p50_ms * slower, self.p99_ms * slower)

    @property
    def on_gpu(self) -> ServiceTime | None:
        """How long it takes on the GPU that it was measured on."""
        if self.gpu_p50_ms is None or self.gpu_p99_ms is None:
            return None
        return ServiceTime(self.gpu_p50_ms, self.gpu_p99_ms)


@dataclass(frozen=True, kw_only=True)
class Demand:
    """Requests of a month in `region`, their sizes in KB, and what is asked of the answers.

    `traffic` is one of `cost.simulation.traffic.SHAPES`. `p99_ms` is the latency that 99 of 100 answers must keep;
    None where any will do. `may_wait`: answers may take hours, so that batches are allowed. Tokens are those of one
    request, for what is billed by them. `sketched` is one of many beside the demand that was asked: no month of its
    own is simulated for it.
    """

    region: str
    requests: Decimal
    traffic: str = "constant"
    p99_ms: float | None = None
    may_wait: bool = False
    payload_kb: Decimal = Decimal(0)
    response_kb: Decimal = Decimal(0)
    input_tokens: Decimal | None = None
    output_tokens: Decimal | None = None
    hours: Decimal = HOURS_PER_MONTH
    seed: int = 0
    trace: Traffic | None = None
    sketched: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.requests <= Decimal(10) ** 9:
            raise InvalidUsage(f"requests are {self.requests}; allowed is 1 to 1,000,000,000 a month")
        if self.p99_ms is not None and not 0 < self.p99_ms <= LARGEST_MS:
            raise InvalidUsage(f"the p99 to keep is {self.p99_ms} ms; allowed is above 0 to {LARGEST_MS:.0f}")
        for name, most in MOST.items():
            value = getattr(self, name)
            if value is not None and not 0 <= value <= most:
                raise InvalidUsage(f"{name} are {plain(value)} a request; allowed is 0 to {plain(most)}")

    @functools.cached_property
    def arriving(self) -> Traffic:
        """The month, minute by minute."""
        if self.trace is not None:
            factor = float(self.requests) / self.trace.requests
            return Traffic(self.trace.name, self.trace.per_minute * factor)
        return shaped(self.traffic, float(self.requests), int(self.hours * 60), self.seed)

    @property
    def busiest_per_second(self) -> float:
        """Expected requests per second in the busiest minute."""
        return float(self.arriving.per_minute.max()) / 60

    @property
    def gb_in(self) -> Decimal:
        """GB of requests a month."""
        return self.requests * self.payload_kb / KB_PER_GB

    @property
    def gb_out(self) -> Decimal:
        """GB of answers a month."""
        return self.requests * self.response_kb / KB_PER_GB

    def times(self, requests: Decimal) -> "Demand":
        """The same with other requests, `sketched`."""
        return replace(self, requests=requests, sketched=True)
