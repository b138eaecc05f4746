"""What a workload has cost this month at list price, by what AWS says of its use; not what AWS will bill."""

import datetime
import functools
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from cost import (
    Estimate,
    InstanceHours,
    LambdaDuration,
    LambdaProvisionedConcurrency,
    LambdaRequests,
    PriceCatalog,
    Purchase,
    ServerlessInference,
    ServerlessProvisionedConcurrency,
)
from cost.purchases import Architecture
from infra.blueprint import metrics
from infra.connection import Connection
from infra.ledger import Deployed
from infra.naming import ALIAS
from infra.operations import endpoints, scaling

_HOUR = 3600
_MICROSECONDS = 1_000_000

Spending = Callable[[Deployed, Connection, datetime.datetime], list[Purchase] | None]


def this_month(record: Deployed, connection: Connection, now: datetime.datetime) -> Decimal | None:
    """USD since the first of the month, or since it was last made; None where that is not known, or not priced.

    Instances are counted as their scaling set them, and else as they are now. Data, logs, alarms and storage are not in
    it.
    """
    bought = SPENT[record.kind](record, connection, now)
    if bought is None:
        return None
    total = Estimate.of(bought, _catalog()).total
    return None if total.at_least else total.usd


@functools.cache
def _catalog() -> PriceCatalog:
    """Read once, for all workloads."""
    return PriceCatalog.load()


def _instances(record: Deployed, connection: Connection, now: datetime.datetime) -> list[Purchase] | None:
    sagemaker = connection.client("sagemaker")
    found = endpoints.describe(record.name, sagemaker)
    if found is None or record.instance_type is None:
        return None
    count = endpoints.instances(found)
    made = found["CreationTime"]
    steps = [
        (moment, wanted) for moment, wanted in scaling.changes(record.name, connection) if moment >= made
    ]
    if steps:
        serving = endpoints.describe_configuration(found["EndpointConfigName"], sagemaker) or {}
        began_with = serving.get("ProductionVariants", [{}])[0].get("InitialInstanceCount", count)
        # What somebody has set by hand since the last of them is what there is now.
        steps = [(made, began_with), *steps[:-1], (steps[-1][0], count)]
    else:
        steps = [(made, count)]
    ends = [moment for moment, _ in steps[1:]] + [now]
    seconds = sum(
        (_seconds_since(since, end, now) * there for (since, there), end in zip(steps, ends, strict=True)),
        Decimal(),
    )
    region, kind = connection.environment.region, record.instance_type
    return [InstanceHours(region=region, instance_type=kind, hours=seconds / _HOUR, count=1)]


def _serverless(record: Deployed, connection: Connection, now: datetime.datetime) -> list[Purchase] | None:
    sagemaker, region = connection.client("sagemaker"), connection.environment.region
    found = endpoints.describe(record.name, sagemaker)
    configuration = (
        endpoints.describe_configuration(found["EndpointConfigName"], sagemaker) if found else None
    )
    if found is None or configuration is None:
        return None
    settings = configuration["ProductionVariants"][0]["ServerlessConfig"]
    memory_gb = settings["MemorySizeInMB"] // 1024
    place = metrics.of_endpoint(record.name, "ModelLatency")
    used = Decimal(str(_sum(connection, now, place, "ModelLatency"))) / _MICROSECONDS
    bought: list[Purchase] = [ServerlessInference(region=region, memory_gb=memory_gb, seconds=used)]
    if ready := settings.get("ProvisionedConcurrency"):
        seconds = _seconds_since(found["CreationTime"], now, now)
        bought.append(
            ServerlessProvisionedConcurrency(
                region=region, memory_gb=memory_gb, seconds=seconds, concurrency=ready
            )
        )
    return bought


def _function(record: Deployed, connection: Connection, now: datetime.datetime) -> list[Purchase] | None:
    from botocore.exceptions import ClientError

    client, region = connection.client("lambda"), connection.environment.region
    try:
        found = client.get_function_configuration(FunctionName=record.name)
    except ClientError as error:
        if error.response["Error"]["Code"] == "ResourceNotFoundException":
            return None
        raise
    architecture: Architecture = "arm64" if found.get("Architectures") == ["arm64"] else "x86"
    memory_mb, place = found["MemorySize"], metrics.of_function(record.name)
    requests = Decimal(str(_sum(connection, now, place, "Invocations")))
    milliseconds = Decimal(str(_sum(connection, now, place, "Duration")))
    bought: list[Purchase] = [
        LambdaRequests(region=region, requests=requests),
        LambdaDuration(
            region=region,
            gb_seconds=milliseconds / 1000 * memory_mb / 1024,
            architecture=architecture,
        ),
    ]
    ready = client.list_provisioned_concurrency_configs(FunctionName=record.name)
    for one in ready["ProvisionedConcurrencyConfigs"]:
        if one["FunctionArn"].endswith(f":{ALIAS}"):
            since = datetime.datetime.fromisoformat(one["LastModified"].replace("+0000", "+00:00"))
            bought.append(
                LambdaProvisionedConcurrency.of(
                    region=region,
                    concurrency=one["RequestedProvisionedConcurrentExecutions"],
                    memory_mb=memory_mb,
                    hours=_seconds_since(since, now, now) / _HOUR,
                    architecture=architecture,
                )
            )
    return bought


SPENT: Mapping[str, Spending] = {
    "RealtimeEndpoint": _instances,
    "AsyncEndpoint": _instances,
    "ServerlessEndpoint": _serverless,
    "MultiModelEndpoint": _instances,
    "LambdaEndpoint": _function,
    # EC2 bills the machines, and says of none which job it ran.
    "BatchJob": lambda _record, _connection, _now: None,
}


def _begin(now: datetime.datetime) -> datetime.datetime:
    return now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def _seconds_since(moment: datetime.datetime, end: datetime.datetime, now: datetime.datetime) -> Decimal:
    """Of the month that `now` is in, from `moment` to `end`."""
    return Decimal(str(max(0.0, (end - max(moment, _begin(now))).total_seconds())))


def _sum(connection: Connection, now: datetime.datetime, place: metrics.Place, metric: str) -> float:
    """All of this month."""
    namespace, dimensions = place
    answer: dict[str, Any] = connection.client("cloudwatch").get_metric_statistics(
        Namespace=namespace,
        MetricName=metric,
        Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
        StartTime=_begin(now),
        EndTime=now + datetime.timedelta(minutes=1),
        Period=_HOUR,
        Statistics=["Sum"],
    )
    return float(sum(point["Sum"] for point in answer["Datapoints"]))
