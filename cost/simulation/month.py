"""A month of traffic against one way of serving it: instance hours, latencies, cold and refused requests.

traffic -> arrivals (seed) -> capacity per minute (the policy) -> queue or environments -> Month
"""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from cost.simulation.environments import serve
from cost.simulation.queue import Fleet, waits
from cost.simulation.traffic import MINUTES_PER_DAY, Traffic

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from cost.simulation.capacity import Capacity

    Seconds = NDArray[np.float64]

TIMEOUT_SECONDS: Final = 60.0
"""SageMaker ends an invocation after 60 s; who would wait longer is refused."""
KEEP_WARM_SECONDS: Final = 600.0
"""How long an idle environment stays. AWS promises nothing; 5 to 15 minutes is what people measure: an assumption."""
_Z99: Final = 2.3263478740408408


class Policy(Protocol):
    """How many instances there are: `capacity.Fixed`, `Tracking` or `Backlog`."""

    def over(self, requests: "NDArray[np.int64]") -> "Capacity": ...


@dataclass(frozen=True)
class ServiceTime:
    """How long a model takes for one request, in ms: its median and its 99th percentile, log-normal between."""

    p50_ms: float
    p99_ms: float

    @property
    def sigma(self) -> float:
        """The standard deviation of its logarithm."""
        return math.log(max(self.p99_ms, self.p50_ms) / self.p50_ms) / _Z99

    @property
    def mean_seconds(self) -> float:
        """How long a request takes on average."""
        return self.p50_ms / 1000 * math.exp(self.sigma**2 / 2)

    def sample(self, count: int, seed: int) -> "Seconds":
        """`count` of them, in seconds."""
        import numpy as np

        random = np.random.default_rng([seed, 1])
        return random.lognormal(math.log(self.p50_ms / 1000), self.sigma, count)


@dataclass(frozen=True)
class Month:
    """What a month came to. Latencies are those of the requests that were answered, None where none was.

    `cold_share` and `refused_share` are of all requests, 0 to 1.
    """

    requests: int
    instance_hours: float
    p50_ms: float | None
    p99_ms: float | None
    cold_share: float
    refused_share: float
    seed: int
    instances: "NDArray[np.int64] | None" = None


def on_instances(
    traffic: Traffic, service: ServiceTime, policy: Policy, *, slots: int = 1, seed: int = 0
) -> Month:
    """On instances that each serve `slots` requests at a time; one queue for all."""
    import numpy as np

    arrivals = traffic.arrivals(seed)
    minutes = len(traffic.per_minute)
    # What waits at the month's end is answered in the next; a day on, so that it is not taken for refused.
    capacity = policy.over(_per_minute(arrivals, minutes + MINUTES_PER_DAY))
    coming, ready = capacity.ahead()
    minute = (arrivals // 60).astype(np.int64)
    served = coming[minute] > 0
    at, minute = arrivals[served], minute[served]
    takes = service.sample(len(arrivals), seed)[served]
    fleet = Fleet.of(capacity.serving[minute] * slots, coming[minute] * slots, ready[minute])
    latency = waits(at, takes, fleet, int(capacity.serving[0]) * slots) + takes
    refused = int((~served).sum())
    limit = math.inf if (capacity.serving == 0).any() else TIMEOUT_SECONDS
    answered = latency[latency <= limit]
    refused += len(latency) - len(answered)
    billed = capacity.billed[:minutes]
    return _month(answered, len(arrivals), float(billed.sum()) / 60, 0, refused, seed, billed)


def on_demand(
    traffic: Traffic,
    service: ServiceTime,
    *,
    cold_start_ms: float,
    limit: int,
    keep_warm_seconds: float = KEEP_WARM_SECONDS,
    seed: int = 0,
) -> Month:
    """On environments that start as requests come: Lambda, or SageMaker Serverless."""
    import numpy as np

    arrivals = traffic.arrivals(seed)
    takes = service.sample(len(arrivals), seed)
    served = serve(
        arrivals,
        takes,
        cold_start_seconds=cold_start_ms / 1000,
        keep_warm_seconds=keep_warm_seconds,
        limit=limit,
    )
    latency = (takes + np.where(served.cold, cold_start_ms / 1000, 0.0))[~served.refused]
    return _month(latency, len(arrivals), 0.0, int(served.cold.sum()), int(served.refused.sum()), seed, None)


def _per_minute(arrivals: "Seconds", minutes: int) -> "NDArray[np.int64]":
    import numpy as np

    return np.bincount((arrivals // 60).astype(np.int64), minlength=minutes)[:minutes]


def _month(
    latency: "Seconds",
    requests: int,
    instance_hours: float,
    cold: int,
    refused: int,
    seed: int,
    instances: "NDArray[np.int64] | None",
) -> Month:
    import numpy as np

    p50, p99 = (np.percentile(latency, [50, 99]) * 1000).tolist() if len(latency) else (None, None)
    share = max(1, requests)
    return Month(requests, instance_hours, p50, p99, cold / share, refused / share, seed, instances)
