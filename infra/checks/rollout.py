"""Roll-outs that SageMaker can do, and can roll back, in the time that the provider waits."""

import math
from collections.abc import Iterator

from infra.checks.kinds import on_instances
from infra.environment import DIRECTORY
from infra.settings import (
    LONGEST_ROLLOUT_SECONDS,
    SECONDS_TO_ALARM,
    Alarms,
    AllAtOnce,
    Canary,
    Rolling,
    Rollout,
)
from infra.stack import Stack
from infra.workloads import InstanceEndpoint

USUAL_START_SECONDS = 300
"""How long instances of SageMaker usually take from nothing to InService; `startup_timeout_seconds` is the most."""


def _rolled_out(stack: Stack) -> Iterator[tuple[InstanceEndpoint, Rollout]]:
    for workload in on_instances(stack):
        rollout = stack.rollout(workload)
        if rollout is not None:
            yield workload, rollout


def _alarms(stack: Stack) -> Iterator[str]:
    for workload, rollout in _rolled_out(stack):
        if not rolls_back(stack.alarms(workload)):
            file = DIRECTORY / f"{stack.environment.name}.toml"
            yield (
                f"{workload.name}: the rollout {rollout.strategy} has no alarm to watch, and nothing would be "
                f"rolled back; write server_error_rate = 0.05 under [alarms] in {file}, alarms=Alarms() here, or "
                "rollout=False."
            )


def rolls_back(alarms: Alarms) -> bool:
    """Whether one of `alarms` tells a bad version of a model; an old backlog does not."""
    return alarms.p99_latency_ms is not None or alarms.server_error_rate is not None


def _instances(stack: Stack) -> Iterator[str]:
    for workload, rollout in _rolled_out(stack):
        count = workload.initial_instances
        if not isinstance(rollout, AllAtOnce) and count < 2:
            # A part is at most half of the instances (botocore: CanarySize, LinearStepSize, MaximumBatchSize).
            yield (
                f"{workload.name}: the rollout {rollout.strategy} goes by parts of at most half of the instances, and "
                f"there is {count}; write instance_count=2, or rollout=AllAtOnce()."
            )


def _neuron(stack: Stack) -> Iterator[str]:
    for workload, rollout in _rolled_out(stack):
        if workload.instance_type.startswith("ml.inf1."):
            # SageMaker Developer Guide, 'Deployment guardrails: exclusions' (2026-11).
            yield (
                f"{workload.name}: SageMaker has no rollout {rollout.strategy} on {workload.instance_type}, and would "
                "update all at once and watch no alarm; write rollout=False, or an ml.inf2 type."
            )


def _durations(stack: Stack) -> Iterator[str]:
    for workload, rollout in _rolled_out(stack):
        starting = workload.startup_timeout_seconds
        parts, watched = 1, rollout.watched_seconds
        if isinstance(rollout, Rolling):
            # There is no second fleet: each part's instances are started when its turn comes (botocore,
            # RollingUpdatePolicy.MaximumBatchSize), so that of many parts the starts take longer than the waits.
            parts = min(math.ceil(100 / rollout.percent), workload.initial_instances)
            watched = parts * rollout.wait_seconds
            starting += (parts - 1) * USUAL_START_SECONDS
        if watched + starting > LONGEST_ROLLOUT_SECONDS:
            each = f", part by part, {parts} times" if parts > 1 else ""
            yield (
                f"{workload.name}: the rollout {rollout.strategy} waits {watched} s in all, and instances "
                f"may take {starting} s to start{each}; the provider waits an hour for an update, which leaves "
                f"{LONGEST_ROLLOUT_SECONDS} s before a roll-back: write a shorter wait_seconds, or fewer parts."
            )


def _waits(stack: Stack) -> Iterator[str]:
    for workload, rollout in _rolled_out(stack):
        # A canary is there to be watched before the rest follows; of many parts the later ones are watched, too.
        watched = rollout.wait_seconds if isinstance(rollout, Canary) else rollout.watched_seconds
        if watched < SECONDS_TO_ALARM:
            yield (
                f"{workload.name}: the rollout {rollout.strategy} watches its alarms for {watched} s, and they take "
                f"{SECONDS_TO_ALARM} s to go off: a bad version would be through by then; write "
                f"wait_seconds = {SECONDS_TO_ALARM} or more."
            )


CHECKS = (_alarms, _instances, _neuron, _durations, _waits)
