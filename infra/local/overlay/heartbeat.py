"""What AWS does by itself as time goes by: it looks at alarms, does their actions, and scales."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import cast

from moto.cloudwatch.models import CloudWatchBackend, cloudwatch_backends

from infra.local.machine import Machine
from infra.local.overlay import alarm_notifications, alarms, scaling_engine, series
from infra.local.overlay.alarm_requests import SCALING, SNS
from infra.local.overlay.alarms import Firing
from infra.local.overlay.hosting import HostingBackend, hosting_backends
from infra.local.telemetry import Metric, put_metrics

log = logging.getLogger(__name__)

SECONDS = 10
"""The shortest period of a metric."""

QUIET = "InvocationsPerInstance"


def start(machine: Machine) -> None:
    """Beat on the machine's clock until it stops."""
    alarms.Watch.machine = machine
    machine.every(SECONDS, lambda now: beat(now, machine))


def beat(now: datetime, machine: Machine) -> None:
    """All that is due at `now`."""
    publish_quiet(now)
    scaling_engine.beat(now)
    for _, _, backend in list(cloudwatch_backends.iter_backends()):
        try:
            firings = list(alarms.evaluate(cast(CloudWatchBackend, backend), now))
        except Exception:
            log.exception("alarms could not be evaluated")
            continue
        act(firings, machine)


def act(firings: Sequence[Firing], machine: Machine) -> None:
    """Do the actions of alarms."""
    now = machine.clock()
    for firing in firings:
        if SNS in firing.action:
            alarms.remember_action(firing, now, alarm_notifications.publish(firing, now))
    scaling_engine.answer([firing for firing in firings if SCALING in firing.action], now)


def publish_quiet(now: datetime) -> None:
    """Put 0 for each variant without requests in the minute that is over; once, however often it is called.

    So does SageMaker: "If traffic to a variant becomes zero, SageMaker automatically scales in to the minimum. In this
    case, it emits metrics with a value of zero." Without them nothing would be there to scale in by.
    """
    end = now.timestamp() // 60 * 60
    for _, _, found in list(hosting_backends.iter_backends()):
        backend = cast(HostingBackend, found)
        with backend.lock:
            served = [
                (endpoint.name, variant.name)
                for endpoint in backend.endpoints.values()
                if not endpoint.is_async
                for variant in endpoint.variants
                if "InstanceType" in variant.production
            ]
        place = backend.account_id, backend.region_name
        for endpoint_name, variant_name in served:
            dimensions = {"EndpointName": endpoint_name, "VariantName": variant_name}
            named = [{"Name": name, "Value": value} for name, value in dimensions.items()]
            key = series.key_of("AWS/SageMaker", QUIET, named)
            if not series.samples(cloudwatch_backends[place[0]][place[1]], key, end - 60, end):
                moment = now - timedelta(seconds=now.timestamp() - end + 30)
                put_metrics(*place, "AWS/SageMaker", dimensions, (Metric(QUIET, 0, "None"),), moment)
