"""How SageMaker updates an endpoint: in which steps, and which alarms roll it back."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from infra.blueprint.resource import Resource
from infra.blueprint.watches import BACKLOG_AGE
from infra.settings import LONGEST_ROLLOUT_SECONDS, AllAtOnce, Canary, Linear, Rolling
from infra.stack import Stack
from infra.workloads import InstanceEndpoint, SageMakerEndpoint


def deployment_config(
    stack: Stack, workload: SageMakerEndpoint, alarms: Sequence[Resource]
) -> dict[str, Any] | None:
    """The endpoint's `deployment_config`; None where the environment asks for none, or AWS has none (serverless)."""
    rollout = stack.rollout(workload) if isinstance(workload, InstanceEndpoint) else None
    if rollout is None:
        return None
    telling = [alarm for alarm in alarms if alarm.arguments.get("metric_name") != BACKLOG_AGE]
    return {
        **_RENDER[type(rollout)](rollout),
        **({"auto_rollback_configuration": _rollback(telling)} if telling else {}),
    }


def _rollback(alarms: Sequence[Resource]) -> dict[str, Any]:
    # The age of the backlog is not among them: an alarm that is on ends an update, also when the old instances are the
    # reason (SageMaker Developer Guide, 'Auto-rollback configuration'), and an old backlog is often what it is to end.
    return {"alarms": [{"alarm_name": alarm.ref("alarm_name")} for alarm in alarms]}


def _blue_green(type: str, wait_seconds: int, **size: dict[str, Any]) -> dict[str, Any]:
    return {
        "blue_green_update_policy": {
            "traffic_routing_configuration": {
                "type": type,
                "wait_interval_in_seconds": wait_seconds,
                **size,
            },
            "termination_wait_in_seconds": 0,
            "maximum_execution_timeout_in_seconds": LONGEST_ROLLOUT_SECONDS,
        }
    }


def _share(percent: int) -> dict[str, Any]:
    return {"type": "CAPACITY_PERCENT", "value": percent}


def _all_at_once(rollout: AllAtOnce) -> dict[str, Any]:
    return _blue_green("ALL_AT_ONCE", rollout.wait_seconds)


def _canary(rollout: Canary) -> dict[str, Any]:
    return _blue_green("CANARY", rollout.wait_seconds, canary_size=_share(rollout.percent))


def _linear(rollout: Linear) -> dict[str, Any]:
    return _blue_green("LINEAR", rollout.wait_seconds, linear_step_size=_share(rollout.percent))


def _rolling(rollout: Rolling) -> dict[str, Any]:
    return {
        "rolling_update_policy": {
            "maximum_batch_size": _share(rollout.percent),
            "wait_interval_in_seconds": rollout.wait_seconds,
            "maximum_execution_timeout_in_seconds": LONGEST_ROLLOUT_SECONDS,
        }
    }


_RENDER: Mapping[type, Callable[[Any], dict[str, Any]]] = {
    AllAtOnce: _all_at_once,
    Canary: _canary,
    Linear: _linear,
    Rolling: _rolling,
}
