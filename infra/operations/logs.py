"""The last lines that a container or a function wrote, from CloudWatch Logs."""

from collections.abc import Iterator
from typing import Any

from infra.connection import Connection

ENDPOINTS = "/aws/sagemaker/Endpoints/{name}"

GROUPS = {
    "RealtimeEndpoint": ENDPOINTS,
    "AsyncEndpoint": ENDPOINTS,
    "ServerlessEndpoint": ENDPOINTS,
    "MultiModelEndpoint": ENDPOINTS,
    "LambdaEndpoint": "/aws/lambda/{name}",
    "BatchJob": "/aws/batch/{name}",
}
"""Where AWS keeps the output of each kind of workload."""


def tail(client: Any, kind: str, name: str, lines: int = 15) -> list[str]:
    """At most `lines` lines from the newest stream of what is deployed as `name`; empty where there are none."""
    from botocore.exceptions import ClientError

    group = GROUPS[kind].format(name=name)
    try:
        streams = client.describe_log_streams(
            logGroupName=group, orderBy="LastEventTime", descending=True, limit=1
        )
        if not streams["logStreams"]:
            return []
    except ClientError as error:
        if error.response["Error"]["Code"] == "ResourceNotFoundException":
            return []
        raise
    return of_stream(client, group, streams["logStreams"][0]["logStreamName"], lines)


def last(kind: str, name: str, connection: Connection) -> Iterator[str]:
    """The same as a message has them: under a heading, and indented; nothing where there are none."""
    lines = tail(connection.client("logs"), kind, name)
    if lines:
        yield f"The last lines of its log ({GROUPS[kind].format(name=name)}):"
        yield from (f"  {line}" for line in lines)


def of_stream(client: Any, group: str, stream: str, lines: int = 15) -> list[str]:
    """At most `lines` lines from the end of one stream; empty where it is not there."""
    from botocore.exceptions import ClientError

    try:
        events = client.get_log_events(
            logGroupName=group, logStreamName=stream, limit=lines, startFromHead=False
        )
    except ClientError as error:
        if error.response["Error"]["Code"] == "ResourceNotFoundException":
            return []
        raise
    return [event["message"].rstrip() for event in events["events"]][-lines:]
