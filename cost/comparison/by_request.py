"""Plans that are billed by the request: SageMaker Serverless and Lambda, over their memory sizes."""

import math
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar, Final

from cost.comparison import limits
from cost.comparison.demand import Demand, Profile
from cost.comparison.months import cold_share, functions
from cost.comparison.plan import Unsuitable
from cost.purchases import (
    Architecture,
    LambdaDuration,
    LambdaRequests,
    Purchase,
    ServerlessData,
    ServerlessInference,
)
from cost.simulation.month import Month, ServiceTime

MB_PER_VCPU: Final = 1769
"""Lambda gives a whole vCPU at 1,769 MB (AWS Lambda Developer Guide, 'Configure function memory')."""
LAMBDA_MEMORY_MB: Final = (512, 1024, 1769, 2048, 3008, 4096, 5120, 6144, 8192, 10240)
SERVERLESS_MEMORY_MB: Final = (1024, 2048, 3072, 4096, 5120, 6144)
LAMBDA_START_MS: Final = 400.0
"""A new environment of Python, before the model is loaded: an assumption."""
SERVERLESS_START_MS: Final = 5000.0
"""A new container of SageMaker Serverless, before the model is loaded: an assumption."""
LAMBDA_INIT_MS: Final = 10_000.0
"""What is not up by then is begun anew with the first request (AWS Lambda Developer Guide, 'Init phase')."""
LAMBDA_LIMIT, SERVERLESS_LIMIT = 1000, 200
"""Concurrent requests: an account's default quota, and the most of one endpoint."""


def slower(memory_mb: int, profile: Profile) -> float:
    """How many times as long a request takes at `memory_mb`; raises `Unsuitable` where the model does not fit."""
    if profile.memory_mb > memory_mb:
        raise Unsuitable(f"needs {profile.memory_mb} MB")
    return max(1.0, profile.threads * MB_PER_VCPU / memory_mb)


def _service(memory_mb: int, demand: Demand, profile: Profile, limit: limits.Limits) -> ServiceTime:
    """How long a request takes at `memory_mb`; raises `Unsuitable` also where AWS would end or refuse it."""
    service = profile.on_cpu(slower(memory_mb, profile))
    limit.check(demand, service)
    return service


@dataclass(frozen=True)
class Serverless:
    """SageMaker Serverless at one memory size. AWS does not say what processor comes with it: taken to be Lambda's."""

    kind: ClassVar[str] = "SageMaker Serverless"
    memory_mb: int

    @property
    def name(self) -> str:
        return f"SageMaker Serverless {self.memory_mb} MB"

    def _cold_ms(self, profile: Profile) -> float:
        return SERVERLESS_START_MS + profile.load_ms * slower(self.memory_mb, profile)

    def purchases(self, demand: Demand, profile: Profile) -> list[Purchase]:
        service = _service(self.memory_mb, demand, profile, limits.SERVERLESS)
        cold_ms = self._cold_ms(profile)
        # AWS does not say whether a cold start is billed. Its own benchmark takes OverheadLatency, which has the cold
        # starts in it, at the price of inference: aws-samples/sagemaker-serverless-inference-benchmarking, analysis.py.
        starting = cold_share(demand, service, cold_ms, SERVERLESS_LIMIT) * Decimal(cold_ms) / 1000
        seconds = demand.requests * (Decimal(service.mean_seconds) + starting)
        region, gb = demand.region, demand.gb_in + demand.gb_out
        return [
            ServerlessInference(region=region, memory_gb=self.memory_mb // 1024, seconds=seconds),
            *([ServerlessData(region=region, gb=gb)] if gb else []),
        ]

    def simulate(self, demand: Demand, profile: Profile) -> Month:
        service = _service(self.memory_mb, demand, profile, limits.SERVERLESS)
        return functions(demand, service, self._cold_ms(profile), SERVERLESS_LIMIT)


@dataclass(frozen=True)
class Lambda:
    """A Lambda function at one memory size; below 1,769 MB per thread it has a part of a vCPU and is slower."""

    kind: ClassVar[str] = "Lambda"
    memory_mb: int
    architecture: Architecture = "x86"

    @property
    def name(self) -> str:
        return f"Lambda {self.memory_mb} MB" + (" arm64" if self.architecture == "arm64" else "")

    def _cold_ms(self, profile: Profile) -> float:
        first = LAMBDA_START_MS + profile.load_ms * slower(self.memory_mb, profile)
        return first if first <= LAMBDA_INIT_MS else LAMBDA_INIT_MS + first

    def purchases(self, demand: Demand, profile: Profile) -> list[Purchase]:
        service = _service(self.memory_mb, demand, profile, limits.LAMBDA)
        cold_ms = self._cold_ms(profile)
        # The host loads the model in the INIT phase, which is billed as duration since 2025-08-01, of functions in zips
        # too (AWS Compute Blog, 'AWS Lambda standardizes billing for INIT Phase').
        starting = cold_share(demand, service, cold_ms, LAMBDA_LIMIT) * Decimal(cold_ms)
        milliseconds = demand.requests * (math.ceil(service.mean_seconds * 1000) + starting)
        return [
            LambdaRequests(region=demand.region, requests=demand.requests),
            LambdaDuration.of(
                region=demand.region,
                requests=1,
                duration_ms=milliseconds,
                memory_mb=self.memory_mb,
                architecture=self.architecture,
            ),
        ]

    def simulate(self, demand: Demand, profile: Profile) -> Month:
        service = _service(self.memory_mb, demand, profile, limits.LAMBDA)
        return functions(demand, service, self._cold_ms(profile), LAMBDA_LIMIT)
