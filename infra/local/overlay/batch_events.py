"""What EventBridge is told of jobs, and what its rules do with it."""

import json
import logging
import uuid
from datetime import datetime
from typing import Any

from infra.local.overlay.batch_jobs import Job
from infra.local.overlay.batch_views import detail

log = logging.getLogger(__name__)


def tell(account_id: str, region: str, job: Job, at: datetime) -> None:
    """A job's state changed: the rules of the default bus that it fits send it to their SNS topics."""
    from moto.core.exceptions import ServiceException
    from moto.events.models import events_backends
    from moto.sns.models import sns_backends

    event = {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Batch Job State Change",
        "source": "aws.batch",
        "account": account_id,
        "time": f"{at:%Y-%m-%dT%H:%M:%SZ}",
        "region": region,
        "resources": [job.arn],
        "detail": detail(job),
    }
    for rule in list(events_backends[account_id][region].event_buses["default"].rules.values()):
        if rule.state != "ENABLED" or not _fits(rule, event):
            continue
        for target in list(rule.targets):
            arn = target["Arn"]
            if arn.split(":")[2] != "sns":
                log.warning("rule %s: the embedded AWS sends no events to %s", rule.name, arn)
                continue
            try:
                sns_backends[account_id][arn.split(":")[3]].publish(message=json.dumps(event), arn=arn)
            except ServiceException as error:
                log.warning("rule %s: %s", rule.name, error)


def _fits(rule: Any, event: Any) -> bool:
    """A rule without a pattern is one on a schedule."""
    return rule.event_pattern.dump() is not None and rule.event_pattern.matches_event(event)
