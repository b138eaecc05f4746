from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cost import HOURS_PER_MONTH, PriceCatalog
from infra import Environment, LambdaEndpoint, RealtimeEndpoint, Stack
from infra.bill.month import Month
from infra.comparison.question import TAIL, Asked, Question, of_options, of_workload
from infra.errors import Misuse
from infra.workloads import Workload
from model_packaging import Model

D = Decimal
CATALOG = PriceCatalog.load()
MODEL = Model(Path("models/triage"), framework="onnx")
FUNCTION = LambdaEndpoint("small", model=MODEL, memory_mb=2048)
ENDPOINT = RealtimeEndpoint("classify", model=MODEL, instance_type="ml.m5.large")


@dataclass(frozen=True)
class Seen:
    load_ms: float = 700.0
    p50_ms: float = 9.0
    p99_ms: float = 14.0
    runs: int = 30
    threads: float | None = 1.9
    peak_mb: int | None = 230
    origin: str = "measured on this machine as `modelyard package` does"


def never() -> Seen:
    raise AssertionError("nothing was to be measured")


def asked_of(workload: Workload, usage: dict[str, Any] | None, measure: Any = never, **said: Any) -> Question:
    tables = {} if usage is None else {workload.name: usage}
    values = Environment(name="dev", region="us-east-1", account_id="111122223333", usage=tables)
    month = Month(Stack("triage", values, [workload]), CATALOG, HOURS_PER_MONTH)
    return of_workload(workload, month, Asked(**said), measure)


def test_the_usage_tells_requests_speed_and_sizes_and_the_declaration_its_memory() -> None:
    usage = {
        "requests_per_month": 5000,
        "duration_ms": 40,
        "duration_p99_ms": 90,
        "payload_kb": 2,
        "response_kb": 0.5,
        "traffic": "bursty",
    }
    found = asked_of(FUNCTION, usage)
    demand, profile = found.demand, found.profile
    assert (demand.requests, demand.traffic, demand.region) == (5000, "bursty", "us-east-1")
    assert (demand.payload_kb, demand.response_kb) == (2, D("0.5"))
    assert (profile.p50_ms, profile.p99_ms, profile.memory_mb, profile.threads) == (40, 90, 2048, 1)
    assert found.rests_on["speed"] == "duration_ms of [usage.small]"
    assert "declares" in found.rests_on["memory"] and "not known" in found.rests_on["loading"]


def test_options_come_before_the_usage() -> None:
    usage = {"requests_per_month": 5000, "duration_ms": 40, "traffic": "bursty"}
    found = asked_of(
        FUNCTION,
        usage,
        requests=D(9000),
        traffic="diurnal",
        p50_ms=D(10),
        measured_p99_ms=D(12),
        memory_mb=D(300),
        threads=D(2),
        load_ms=D(50),
        p99_ms=D(500),
        region="eu-west-1",
    )
    demand, profile = found.demand, found.profile
    assert (demand.requests, demand.traffic, demand.p99_ms, demand.region) == (
        9000,
        "diurnal",
        500,
        "eu-west-1",
    )
    assert (profile.p50_ms, profile.p99_ms, profile.memory_mb, profile.threads) == (10, 12, 300, 2)
    assert profile.load_ms == 50
    assert found.rests_on["speed"] == "--p50-ms" and found.rests_on["memory"] == "--memory-mb"


def test_without_a_duration_the_model_is_measured_once() -> None:
    measured = []

    def measure() -> Seen:
        measured.append(1)
        return Seen()

    found = asked_of(ENDPOINT, {"requests_per_month": 5000}, measure)
    profile = found.profile
    assert (profile.p50_ms, profile.p99_ms, profile.memory_mb, profile.load_ms) == (9, 14, 230, 700)
    assert profile.threads == 2 and found.rests_on["threads"] == "measured: 1.9 processors busy"
    assert "measured on this machine as `modelyard package` does, 30 requests" in found.rests_on["speed"]
    assert measured == [1]


def test_a_memory_that_nothing_tells_is_measured_although_the_speed_is_told() -> None:
    found = asked_of(ENDPOINT, {"requests_per_month": 5000, "duration_ms": 40}, Seen)
    assert (found.profile.p50_ms, found.profile.memory_mb) == (40, 230)
    assert found.profile.p99_ms == 40 * TAIL and "assumed to be 2 times" in found.rests_on["speed"]
    assert found.profile.threads == 1 and found.rests_on["threads"] == "assumed"


def test_a_trace_tells_the_requests(tmp_path: Path) -> None:
    file = tmp_path / "day.csv"
    file.write_text("time,requests\n2026-11-02T00:00,300\n2026-11-02T12:00,900\n")
    said = {"p50_ms": D(9), "memory_mb": D(300), "region": "us-east-1", "traffic": str(file)}
    found = of_options(Asked(**said))
    # 30 days of 1,200, and the ten hours at 25 an hour that are left of 730.
    assert found.demand.requests == 30 * 1200 + 250
    assert found.demand.arriving.requests == pytest.approx(36_250)
    more = of_options(Asked(**said, requests=D(72_500)))
    assert more.demand.requests == 72_500 and more.demand.arriving.requests == pytest.approx(72_500)


@pytest.mark.parametrize(
    ("workload", "usage", "said", "message"),
    [
        (ENDPOINT, None, {}, "classify has no usage in environment dev; write a table [usage.classify]"),
        (
            ENDPOINT,
            {"requests_per_month": 0},
            {"p50_ms": D(9)},
            "requests are 0 a month; allowed is 1 to 10,000,000",
        ),
        (
            ENDPOINT,
            {"requests_per_month": 10**9},
            {"p50_ms": D(9)},
            "requests are 1,000,000,000 a month; allowed is 1 to 10,000,000",
        ),
        (ENDPOINT, {"requests_per_month": 9}, {"p50_ms": D(0), "memory_mb": D(9)}, "write a p50 above 0"),
        (
            ENDPOINT,
            {"requests_per_month": 9},
            {"measured_p99_ms": D(5)},
            "--measured-p99-ms is given without --p50-ms",
        ),
        (
            ENDPOINT,
            {"requests_per_month": 9},
            {"p50_ms": D(9), "measured_p99_ms": D(5), "memory_mb": D(9)},
            "a p99 that is at least",
        ),
        (
            ENDPOINT,
            {"requests_per_month": 9},
            {"p50_ms": D(9), "memory_mb": D(9), "p99_ms": D(0)},
            "the p99 to keep is 0.0 ms",
        ),
        (
            ENDPOINT,
            {"requests_per_month": 9},
            {"p50_ms": D(9), "memory_mb": D(9), "threads": D(0)},
            "--threads is 0; write a whole number from 1 on",
        ),
        (
            ENDPOINT,
            {"requests_per_month": 9},
            {"p50_ms": D(9), "memory_mb": D(9), "gpu": "T4", "gpu_p50_ms": D(5)},
            "--gpu, --gpu-p50-ms and --gpu-p99-ms belong together",
        ),
    ],
)
def test_what_cannot_be_is_one_line(
    workload: Workload, usage: dict[str, Any] | None, said: dict[str, Any], message: str
) -> None:
    with pytest.raises(Misuse) as caught:
        asked_of(workload, usage, never, **said)
    assert message in str(caught.value) and "\n" not in str(caught.value)


def test_a_system_that_does_not_tell_the_memory_has_it_asked_for() -> None:
    with pytest.raises(Misuse, match="say --memory-mb"):
        asked_of(ENDPOINT, {"requests_per_month": 9}, lambda: Seen(peak_mb=None))


def test_without_a_stack_what_is_missing_is_named() -> None:
    with pytest.raises(Misuse, match="--region and --p50-ms and --memory-mb must be said; add --region"):
        of_options(Asked(requests=D(5)))
