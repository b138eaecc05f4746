"""What is asked of a model and how fast it is, from options, from an environment's usage and from measuring it."""

import functools
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from cost import HOURS_PER_MONTH, UsageProfile, machines
from cost.amount import plain
from cost.comparison.crossing import MOST
from cost.comparison.demand import Demand, Profile
from cost.errors import InvalidUsage
from cost.simulation.traffic import traced
from cost.usage import is_trace
from infra.bill.month import Month
from infra.errors import Misuse
from infra.workloads import Workload

if TYPE_CHECKING:
    from cost.simulation.traffic import Traffic

TAIL: Final = 2.0
"""The p99 of a model of which only a typical duration is told, as a multiple of it: an assumption."""
MOST_REQUESTS: Final = Decimal(10_000_000)
"""Every request of the month is simulated; so many take 2 GB of memory."""


class Measured(Protocol):
    """How a model was measured: `Latency` of `model_packaging.latency`, or `Answered` of its `profile`."""

    @property
    def load_ms(self) -> float: ...
    @property
    def p50_ms(self) -> float: ...
    @property
    def p99_ms(self) -> float: ...
    @property
    def runs(self) -> int: ...
    @property
    def threads(self) -> float | None: ...
    @property
    def peak_mb(self) -> int | None: ...
    @property
    def origin(self) -> str: ...


Measure = Callable[[], Measured]
"""Measures a workload's model; raises `Misuse` or a packaging error where it cannot be measured."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What the command line says; None is what it leaves open."""

    region: str | None = None
    requests: Decimal | None = None
    traffic: str | None = None
    p99_ms: Decimal | None = None
    may_wait: bool = False
    payload_kb: Decimal | None = None
    response_kb: Decimal | None = None
    input_tokens: Decimal | None = None
    output_tokens: Decimal | None = None
    p50_ms: Decimal | None = None
    measured_p99_ms: Decimal | None = None
    load_ms: Decimal | None = None
    memory_mb: Decimal | None = None
    threads: Decimal | None = None
    gpu: str | None = None
    gpu_p50_ms: Decimal | None = None
    gpu_p99_ms: Decimal | None = None
    seed: Decimal | None = None


@dataclass(frozen=True)
class Question:
    """`rests_on` says of the requests, the speed, the memory and the loading where each comes from."""

    subject: str
    demand: Demand
    profile: Profile
    rests_on: dict[str, str]


def of_options(asked: Asked) -> Question:
    """A question without a stack; raises `Misuse` for what is missing or cannot be."""
    missing = [
        _option(name)
        for name in ("region", "requests", "p50_ms", "memory_mb")
        if getattr(asked, name) is None
    ]
    if "--requests" in missing and asked.traffic is not None and is_trace(asked.traffic):
        missing.remove("--requests")
    if missing:
        raise Misuse(
            f"Without a stack {' and '.join(missing)} must be said; add {' '.join(f'{name} ...' for name in missing)}, "
            "or name a stack and --env."
        )
    return _question("a model", asked, UsageProfile(requests_per_month=Decimal(0)), None, _never, "")


def of_workload(workload: Workload, month: Month, asked: Asked, measure: Measure) -> Question:
    """The question of a stack's workload: its usage, with what was asked on top."""
    usage = month.usage(workload)
    if usage is None and asked.requests is None and not (asked.traffic and is_trace(asked.traffic)):
        raise Misuse(
            f"{workload.name} has no usage in environment {month.stack.environment.name}; write a table "
            f"[usage.{workload.name}] with requests_per_month, or say --requests."
        )
    known = usage or UsageProfile(requests_per_month=Decimal(0))
    return _question(
        f"{workload.name} of {month.stack.name} on {month.stack.environment.name}",
        asked if asked.region else replace(asked, region=month.region),
        known,
        getattr(workload, "memory_mb", None),
        measure,
        f"[usage.{workload.name}]",
    )


def _question(
    subject: str, asked: Asked, usage: UsageProfile, declared_mb: int | None, measure: Measure, table: str
) -> Question:
    measured = functools.cache(measure)
    rests_on: dict[str, str] = {}
    try:
        demand = _demand(asked, usage, table, rests_on)
        profile = _profile(asked, usage, declared_mb, measured, table, rests_on)
    except InvalidUsage as error:
        raise Misuse(f"{error}.") from None
    return Question(subject, demand, profile, rests_on)


def _demand(asked: Asked, usage: UsageProfile, table: str, rests_on: dict[str, str]) -> Demand:
    shape = asked.traffic or usage.traffic or "constant"
    told = "--traffic" if asked.traffic else table if usage.traffic else "assumed: nothing tells the shape"
    requests = asked.requests if asked.requests is not None else usage.requests_per_month or None
    trace: Traffic | None = None
    if is_trace(shape):
        trace = traced(
            Path(shape), int(HOURS_PER_MONTH * 60), None if requests is None else float(requests or 1)
        )
        rests_on["requests"] = f"{told}, scaled to the month"
        requests = requests if requests is not None else Decimal(round(trace.requests))
    else:
        said = "--requests" if asked.requests is not None else table
        rests_on["requests"] = f"{said}; {shape} traffic ({told})"
    if requests is None or not 1 <= requests <= MOST_REQUESTS:
        many = requests is not None and requests > MOST_REQUESTS
        raise InvalidUsage(
            f"requests are {plain(requests or Decimal(0))} a month; allowed is 1 to {plain(MOST_REQUESTS)}, since each "
            "is simulated"
            + (f"; compare {plain(MOST_REQUESTS)}, whose break-evens go on to {plain(MOST)}" if many else "")
        )
    return Demand(
        region=str(asked.region),
        requests=requests,
        traffic=shape,
        p99_ms=None if asked.p99_ms is None else float(asked.p99_ms),
        may_wait=asked.may_wait,
        payload_kb=_first(asked.payload_kb, usage.payload_kb, Decimal(0)),
        response_kb=_first(asked.response_kb, usage.response_kb, Decimal(0)),
        input_tokens=asked.input_tokens,
        output_tokens=asked.output_tokens,
        seed=0 if asked.seed is None else _whole("seed", asked.seed, 0),
        trace=trace,
    )


def _profile(
    asked: Asked,
    usage: UsageProfile,
    declared_mb: int | None,
    measured: Callable[[], Measured],
    table: str,
    rests_on: dict[str, str],
) -> Profile:
    typical = asked.p50_ms if asked.p50_ms is not None else usage.duration_ms
    looked: Measured | None = None
    if typical is None:
        if asked.measured_p99_ms is not None:
            raise InvalidUsage(
                "--measured-p99-ms is given without --p50-ms; say both, or neither to have it measured"
            )
        looked = measured()
        p50, p99 = looked.p50_ms, looked.p99_ms
        rests_on["speed"] = f"{looked.origin}, {looked.runs} requests of sample.json, one after the other"
    else:
        p50 = float(typical)
        slowest = asked.measured_p99_ms
        slowest = usage.duration_p99_ms if slowest is None and asked.p50_ms is None else slowest
        p99 = p50 * TAIL if slowest is None else float(slowest)
        said = "--p50-ms" if asked.p50_ms is not None else f"duration_ms of {table}"
        rests_on["speed"] = said + (
            f"; its p99 is assumed to be {TAIL:g} times as long" if slowest is None else ""
        )
    if asked.memory_mb is not None:
        memory_mb, rests_on["memory"] = _whole("memory_mb", asked.memory_mb, 1), "--memory-mb"
    elif looked is None and declared_mb is not None:
        memory_mb, rests_on["memory"] = declared_mb, "what the workload declares: the model may need less"
    else:
        looked = looked or measured()
        if looked.peak_mb is None:
            raise InvalidUsage("this system does not tell how much memory a process had; say --memory-mb")
        memory_mb, rests_on["memory"] = (
            looked.peak_mb,
            "the most that the measured process had, without a web server",
        )
    load_ms = float(asked.load_ms) if asked.load_ms is not None else looked.load_ms if looked else 0.0
    rests_on["loading"] = (
        "--load-ms"
        if asked.load_ms is not None
        else "measured with it"
        if looked
        else "not known, and counted as none"
    )
    _check_gpu(asked)
    if asked.threads is not None:
        threads, rests_on["threads"] = _whole("threads", asked.threads, 1), "--threads"
    else:
        busy = None if looked is None or typical is not None else looked.threads
        threads = max(1, round(busy or 1))
        rests_on["threads"] = "assumed" if busy is None else f"measured: {busy:g} processors busy"
    return Profile(
        p50_ms=p50,
        p99_ms=p99,
        memory_mb=memory_mb,
        load_ms=load_ms,
        threads=threads,
        gpu=asked.gpu or "",
        gpu_p50_ms=None if asked.gpu_p50_ms is None else float(asked.gpu_p50_ms),
        gpu_p99_ms=None if asked.gpu_p99_ms is None else float(asked.gpu_p99_ms),
    )


def _whole(name: str, number: Decimal, least: int) -> int:
    if number != int(number) or number < least:
        raise InvalidUsage(f"{_option(name)} is {plain(number)}; write a whole number from {least} on")
    return int(number)


def _check_gpu(asked: Asked) -> None:
    known = sorted({machine.gpu for machine in machines().values() if machine.gpu})
    if asked.gpu is not None and asked.gpu not in known:
        raise InvalidUsage(f"--gpu is {asked.gpu!r}; allowed are {', '.join(known)}")
    told = [asked.gpu, asked.gpu_p50_ms, asked.gpu_p99_ms]
    if any(value is None for value in told) and any(value is not None for value in told):
        raise InvalidUsage("--gpu, --gpu-p50-ms and --gpu-p99-ms belong together; say all three, or none")


def _first(*values: Decimal | None) -> Decimal:
    return next(value for value in values if value is not None)


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _never() -> Measured:
    raise AssertionError("what is asked without a stack is told whole")
