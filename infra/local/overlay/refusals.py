"""What moto answers with success and does not do. The embedded AWS refuses it: a canned success is a lie."""

import re
from collections.abc import Iterable
from functools import cache

from moto.core.utils import camelcase_to_underscores
from moto.s3.models import S3Backend
from moto.s3.responses import S3Response

from infra.local.overlay import constraints

REFUSED: dict[str, re.Pattern[str]] = {
    # jobs that moto shows as Completed at once, and notebooks and clusters that never run
    "sagemaker": re.compile(
        r"Create\w+Job(V2)?|StartPipelineExecution|(Create|Start)NotebookInstance|CreateCluster|Search"
    ),
    # findings that somebody queued beforehand
    "ecr": re.compile(r"StartImageScan|DescribeImageScanFindings"),
    # and retries, destinations and ages of events, which no invocation takes notice of
    "lambda": re.compile(r"InvokeAsync|(Put|Update)FunctionEventInvokeConfig"),
    # instances that never run, and prices and capacity that somebody made up
    "ec2": re.compile(r"RunInstances|RunScheduledInstances|RequestSpot\w+|CreateFleet|DescribeSpot\w+"),
}
"""botocore's name of the service: the operations, by a pattern of the whole name."""


def is_refused(service: str, operation: str) -> bool:
    """Whether moto only pretends to do `operation`."""
    pattern = REFUSED.get(service)
    return pattern is not None and pattern.fullmatch(operation) is not None


def has_method(operation: str, classes: Iterable[type]) -> bool:
    """Whether moto has code for `operation`, in one of its classes for the service."""
    return any(hasattr(one, camelcase_to_underscores(operation)) for one in classes)


Subresource = tuple[str, bool, str]
"""HTTP method, whether it is of an object, and the key in the query."""


@cache
def unknown_s3_subresources() -> frozenset[Subresource]:
    """What moto's S3 takes no notice of: it would answer GET ?analytics with the list of objects, and take
    DELETE ?metrics for the deletion of the bucket."""
    known: set[Subresource] = set()
    unknown: set[Subresource] = set()
    model = constraints.service_model("s3")
    for operation in model.operation_names:
        http = model.operation_model(operation).http
        path, _, query = http["requestUri"].partition("?")
        key = query.split("&")[0].split("=")[0]
        found = (http["method"], "{Key" in path, key)
        (known if has_method(operation, (S3Response, S3Backend)) else unknown).add(found)
    return frozenset(one for one in unknown - known if one[2])


def is_unknown_to_s3(method: str, path: str, keys: Iterable[str]) -> bool:
    """Whether a request with a path in path style asks for what moto's S3 does not know."""
    of_object = len(path.strip("/").split("/")) > 1
    return any((method, of_object, key) in unknown_s3_subresources() for key in keys)
