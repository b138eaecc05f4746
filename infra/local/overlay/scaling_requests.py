"""What all requests to Application Auto Scaling have in common, and its errors."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from moto.applicationautoscaling.responses import ApplicationAutoScalingResponse
from moto.core.exceptions import JsonRESTError
from moto.core.responses import ActionResult

from infra.local.overlay import constraints
from infra.local.overlay.capacities import CAPACITIES
from infra.local.overlay.faults import NotModelled
from infra.local.overlay.scaling_registry import Place, ScalingBackend, scaling_backends

PAGE = 50


class ScalingError(JsonRESTError):
    """`kind` is AWS's code."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(kind, message)


def request_of(self: ApplicationAutoScalingResponse) -> dict[str, Any]:
    """The request's parameters, checked against botocore's model."""
    sent = json.loads(self.body or "{}")
    request = {key: value for key, value in sent.items() if value is not None}
    findings = constraints.violations("application-autoscaling", self._get_action(), request)
    if findings:
        raise invalid(constraints.message(findings))
    return request


def backend_of(self: ApplicationAutoScalingResponse) -> ScalingBackend:
    """What is scaled in the account and region of the request."""
    return scaling_backends[self.current_account][self.region]


def place_of(request: Mapping[str, Any]) -> Place:
    """What the request is about; only what can be scaled here."""
    namespace, dimension = request["ServiceNamespace"], request["ScalableDimension"]
    if dimension.partition(":")[0] != namespace:
        raise invalid("Unsupported service namespace, resource type or scalable dimension")
    if dimension not in CAPACITIES:
        raise NotModelled("application-autoscaling", "scaling", f"of {dimension}")
    return Place(namespace, request["ResourceId"], dimension)


def matches(place: Place, request: Mapping[str, Any]) -> bool:
    """Whether a listing that is filtered so has it."""
    return all(request.get(key) in (None, value) for key, value in place.shown().items())


def page(request: Mapping[str, Any], key: str, found: Iterable[Mapping[str, Any]]) -> ActionResult:
    """One page of a listing."""
    listed = list(found)
    token = request.get("NextToken", "0")
    if not (token.isascii() and token.isdecimal()):
        raise ScalingError("InvalidNextTokenException", "The next token is invalid.")
    end = int(token) + request.get("MaxResults", PAGE)
    following = {"NextToken": str(end)} if end < len(listed) else {}
    return ActionResult({key: listed[int(token) : end], **following})


def invalid(message: str) -> ScalingError:
    """AWS's error for a request that cannot be."""
    return ScalingError("ValidationException", message)


def absent(message: str) -> ScalingError:
    """AWS's error for what is not there."""
    return ScalingError("ObjectNotFoundException", message)
