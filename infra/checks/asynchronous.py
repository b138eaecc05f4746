"""Where an asynchronous endpoint writes, and whom it tells."""

import re
from collections.abc import Iterator

from infra.stack import Stack
from infra.workloads import AsyncEndpoint

_PREFIX = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/.*)?")
_TOPIC = re.compile(
    r"arn:aws[a-z-]*:sns:(?P<region>[a-z0-9-]+):\d{12}:(?P<name>[A-Za-z0-9_-]{1,256}(\.fifo)?)"
)
LONGEST = 512
"""Characters (botocore: DestinationS3Uri)."""


def _outputs(stack: Stack) -> Iterator[str]:
    for workload in _asynchronous(stack):
        uri = workload.output_uri
        if uri is not None and (_PREFIX.fullmatch(uri) is None or len(uri) > LONGEST):
            yield (
                f"{workload.name}: output_uri is {uri!r}; write an S3 prefix of at most {LONGEST} characters, such as "
                "'s3://bucket/answers/', or leave it out."
            )


def _topics(stack: Stack) -> Iterator[str]:
    region = stack.environment.region
    for workload in _asynchronous(stack):
        for field in ("success_topic", "error_topic"):
            arn = getattr(workload, field)
            if arn is None:
                continue
            fault = _fault(arn, region)
            if fault is not None:
                yield (
                    f"{workload.name}: {field} is {fault}; write {stack.environment.arn('sns', 'NAME')!r}, or leave it "
                    "out: the stack then makes a topic."
                )


def _fault(arn: str, region: str) -> str | None:
    match = _TOPIC.fullmatch(arn)
    if match is None:
        return f"{arn!r}, which is no SNS topic's ARN"
    if match["region"] != region:
        return f"in {match['region']}, and SageMaker tells topics in {region} only"
    if match["name"].endswith(".fifo"):
        return "a FIFO topic, and SageMaker publishes to standard ones only"
    return None


def _asynchronous(stack: Stack) -> Iterator[AsyncEndpoint]:
    return (one for one in stack.workloads if isinstance(one, AsyncEndpoint))


CHECKS = (_outputs, _topics)
