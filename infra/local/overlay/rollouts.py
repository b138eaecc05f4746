"""How an update moves traffic to the new variants, and which alarms take it back."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from moto.cloudwatch.models import cloudwatch_backends

from infra.local.overlay.hosted import Endpoint

LOOK_SECONDS = 10
"""How often the alarms are looked at, of AWS's time."""


@dataclass(frozen=True)
class Rollout:
    """The share of the traffic after each step, the wait after each, and the wait before the old ones end."""

    shares: tuple[float, ...] = (1.0,)
    wait_seconds: float = 0
    termination_seconds: float = 0
    alarms: tuple[str, ...] = ()


def rollout_of(config: Mapping[str, Any] | None, instances: int) -> Rollout:
    """What a DeploymentConfig asks for, where `instances` serve; all at once, and no wait, without one."""
    if not config:
        return Rollout()
    alarms = tuple(one["AlarmName"] for one in config.get("AutoRollbackConfiguration", {}).get("Alarms", []))
    if (rolling := config.get("RollingUpdatePolicy")) is not None:
        shares = _steps(_share(rolling["MaximumBatchSize"], instances))
        return Rollout(shares, rolling["WaitIntervalInSeconds"], 0, alarms)
    policy = config.get("BlueGreenUpdatePolicy", {})
    routing = policy.get("TrafficRoutingConfiguration", {"Type": "ALL_AT_ONCE"})
    shares = _BLUE_GREEN[routing["Type"]](routing, instances)
    return Rollout(
        shares, routing.get("WaitIntervalInSeconds", 0), policy.get("TerminationWaitInSeconds", 0), alarms
    )


def shift(endpoint: Endpoint, rollout: Rollout) -> str | None:
    """Move the traffic to the incoming variants step by step; the reason to take it back, if there is one."""
    for share in rollout.shares:
        endpoint.share = share
        waited = 0.0
        while True:
            if names := ringing(endpoint.site.account_id, endpoint.site.region, rollout.alarms):
                return (
                    f"The deployment was rolled back because of alarms in ALARM state: {', '.join(names)}. "
                    "The endpoint serves with its configuration from before."
                )
            if waited >= rollout.wait_seconds:
                break
            seconds = min(LOOK_SECONDS, rollout.wait_seconds - waited)
            if not endpoint.site.machine.pause(seconds):
                return None
            waited += seconds
    return None


def ringing(account_id: str, region: str, alarms: tuple[str, ...]) -> list[str]:
    """Those of the alarms that are on."""
    known = cloudwatch_backends[account_id][region].alarms
    return [name for name in alarms if name in known and known[name].state_value == "ALARM"]


_BLUE_GREEN: Mapping[str, Callable[[Mapping[str, Any], int], tuple[float, ...]]] = {
    "ALL_AT_ONCE": lambda routing, instances: (1.0,),
    "CANARY": lambda routing, instances: (_share(routing["CanarySize"], instances), 1.0),
    "LINEAR": lambda routing, instances: _steps(_share(routing["LinearStepSize"], instances)),
}


def _share(size: Mapping[str, Any], instances: int) -> float:
    value: float = size["Value"]
    return min(1.0, value / 100 if size["Type"] == "CAPACITY_PERCENT" else value / max(1, instances))


def _steps(share: float) -> tuple[float, ...]:
    count = math.ceil(round(1 / share, 9))
    return tuple(min(1.0, share * number) for number in range(1, count + 1))
