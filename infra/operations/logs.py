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

_MOST = 500
"""Streams that are looked at: ten answers of DescribeLogStreams."""


def tail(client: Any, kind: str, name: str, lines: int = 15) -> list[str]:
    """At most `lines` lines of what was started last of what is deployed as `name`; empty where there are none.

    Not of what wrote last: while an update fails, what serves goes on writing. And of that CloudWatch knows an hour
    late (DescribeLogStreams, lastEventTimestamp); when a stream was made it knows at once.
    """
    from botocore.exceptions import ClientError

    group = GROUPS[kind].format(name=name)
    try:
        # A function's streams begin with their day, so that the last of many are the first here.
        pages = client.get_paginator("describe_log_streams").paginate(
            logGroupName=group, orderBy="LogStreamName", descending=True, PaginationConfig={"MaxItems": _MOST}
        )
        streams = [one for page in pages for one in page["logStreams"]]
    except ClientError as error:
        if error.response["Error"]["Code"] == "ResourceNotFoundException":
            return []
        raise
    if not streams:
        return []
    newest = max(streams, key=lambda one: one.get("creationTime", 0))
    return of_stream(client, group, newest["logStreamName"], lines)


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
