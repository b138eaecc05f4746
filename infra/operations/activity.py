"""When each kind of workload was last used, by CloudWatch, and by Batch for jobs. Whatever cannot be read is an error:

what is not known to be idle must not be taken for it.
"""

import datetime
import math
from collections.abc import Callable, Mapping
from typing import Any

from infra.aws import Aws
from infra.blueprint import metrics
from infra.ledger import Deployed, Ledger
from infra.operations import endpoints, queues
from infra.operations.idle import History

Reader = Callable[[Deployed, Aws, datetime.datetime, datetime.timedelta], History | None]

BACKLOG = "ApproximateBacklogSize"

_MOST_POINTS = 1440
"""Of one answer of GetMetricStatistics."""

# How far back CloudWatch keeps which period (CloudWatch User Guide, 'Metrics retention').
_KEPT = ((datetime.timedelta(days=15), 60), (datetime.timedelta(days=63), 300))
_HOUR = 3600

BATCH_REMEMBERS_HOURS = 7 * 24.0
"""Batch lists a job that ended for seven days at the least (Batch User Guide, 'Job states')."""

QUEUE_MINUTES = 15


def history(record: Deployed, aws: Aws, now: datetime.datetime, window: datetime.timedelta) -> History | None:
    """What AWS says of one workload's use in the last `window`; None where it is not there, or sleeps."""
    return READERS[record.kind](record, aws, now, window)


def last_used(
    record: Deployed, aws: Aws, now: datetime.datetime, window: datetime.timedelta
) -> datetime.datetime | None:
    """When the period ended in which CloudWatch last counted a request; None where there was none in `window`."""
    namespace, dimensions, metric, statistic = _USES[record.kind](record)
    period = _period(window)
    answer = aws.client("cloudwatch").get_metric_statistics(
        Namespace=namespace,
        MetricName=metric,
        Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
        StartTime=now - window,
        EndTime=now + datetime.timedelta(minutes=1),
        Period=period,
        Statistics=[statistic],
    )
    used = [point["Timestamp"] for point in answer["Datapoints"] if point[statistic] > 0]
    if not used:
        return None
    latest: datetime.datetime = max(used) + datetime.timedelta(seconds=period)
    return min(latest, now)


def _period(window: datetime.timedelta) -> int:
    """The shortest period that CloudWatch still has for all of `window`, and that fits into one answer."""
    least = next((period for age, period in _KEPT if window < age), _HOUR)
    return least * max(1, math.ceil((window.total_seconds() + 60) / least / _MOST_POINTS))


_Use = tuple[str, dict[str, str], str, str]


def _requests(record: Deployed) -> _Use:
    return *metrics.of_endpoint(record.name, "Invocations"), "Invocations", "Sum"


def _answers(record: Deployed) -> _Use:
    # An asynchronous endpoint publishes no Invocations, and ModelLatency for each request that it took.
    return *metrics.of_endpoint(record.name, "ModelLatency"), "ModelLatency", "SampleCount"


_USES: Mapping[str, Callable[[Deployed], _Use]] = {
    "RealtimeEndpoint": _requests,
    "ServerlessEndpoint": _requests,
    "MultiModelEndpoint": _requests,
    "AsyncEndpoint": _answers,
    "LambdaEndpoint": lambda record: (*metrics.of_function(record.name), "Invocations", "Sum"),
}

METERED = frozenset(_USES)
"""The kinds whose requests CloudWatch counts."""


def _endpoint(
    record: Deployed, aws: Aws, now: datetime.datetime, window: datetime.timedelta
) -> History | None:
    sagemaker = aws.client("sagemaker")
    found = endpoints.describe(record.name, sagemaker)
    if found is None:
        return None
    tags = sagemaker.list_tags(ResourceArn=found["EndpointArn"])["Tags"]
    # Not when it was last modified: scaling and AWS's own maintenance move that, and what scales by a timetable would
    # never be idle.
    serving = endpoints.describe_configuration(found["EndpointConfigName"], sagemaker) or found
    return History(
        record,
        found["EndpointStatus"],
        max(found["CreationTime"], serving["CreationTime"]),
        last_used(record, aws, now, window),
        changing=found["EndpointStatus"] in endpoints.UNDER_WAY | {endpoints.DELETING},
        tags={tag["Key"]: tag["Value"] for tag in tags},
        waiting=backlog(record, aws, now) if record.kind == "AsyncEndpoint" else 0,
    )


def backlog(record: Deployed, aws: Aws, now: datetime.datetime) -> int:
    """How many requests an asynchronous endpoint had in its queue, by the last datapoint of a quarter of an hour."""
    namespace, dimensions = metrics.of_endpoint(record.name, BACKLOG)
    answer: dict[str, Any] = aws.client("cloudwatch").get_metric_statistics(
        Namespace=namespace,
        MetricName=BACKLOG,
        Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
        StartTime=now - datetime.timedelta(minutes=QUEUE_MINUTES),
        EndTime=now + datetime.timedelta(minutes=1),
        Period=60,
        Statistics=["Maximum"],
    )
    points = sorted(answer["Datapoints"], key=lambda point: point["Timestamp"])
    return math.ceil(points[-1]["Maximum"]) if points else 0


def _function(
    record: Deployed, aws: Aws, now: datetime.datetime, window: datetime.timedelta
) -> History | None:
    from botocore.exceptions import ClientError

    try:
        found = aws.client("lambda").get_function(FunctionName=record.name)
    except ClientError as error:
        if error.response["Error"]["Code"] == "ResourceNotFoundException":
            return None
        raise
    configuration = found["Configuration"]
    state = configuration.get("State", "Active")
    changed = datetime.datetime.fromisoformat(configuration["LastModified"].replace("+0000", "+00:00"))
    return History(
        record,
        state,
        # That it was woken, and is kept ready again, is no change of the function's.
        max(changed, _deployed_at(record, aws)),
        last_used(record, aws, now, window),
        changing=state == "Pending" or configuration.get("LastUpdateStatus") == "InProgress",
        tags=found.get("Tags", {}),
    )


def _job(record: Deployed, aws: Aws, now: datetime.datetime, _window: datetime.timedelta) -> History | None:
    found = queues.look(record.name, aws, now)
    if found is None:
        return None
    state, _, last = found
    queue = aws.client("batch").describe_job_queues(jobQueues=[record.name])["jobQueues"][0]
    return History(
        record,
        state,
        # Batch does not say when a queue was made; the last deploy of its stack was not before that.
        _deployed_at(record, aws),
        last,
        waiting=int(state == queues.RUNNING),
        remembers_hours=BATCH_REMEMBERS_HOURS,
        tags=queue.get("tags", {}),
    )


def _deployed_at(record: Deployed, aws: Aws) -> datetime.datetime:
    """When its stack was last deployed, put to sleep or woken."""
    return Ledger.on(aws).deployed_at(record.stack)


READERS: Mapping[str, Reader] = {
    "RealtimeEndpoint": _endpoint,
    "AsyncEndpoint": _endpoint,
    "ServerlessEndpoint": _endpoint,
    "MultiModelEndpoint": _endpoint,
    "LambdaEndpoint": _function,
    "BatchJob": _job,
}
