"""Resource policies of Lambda functions: one for each qualifier, as on AWS; moto has one for all of them."""

import json
import re
import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from moto.awslambda.models import LambdaBackend
from moto.awslambda.responses import LambdaResponse
from moto.core.common_types import TYPE_RESPONSE

from infra.local.overlay import constraints, functions
from infra.local.overlay.faults import Fault

Statement = dict[str, Any]
Place = tuple[str, str | None]
"""A function and its qualifier."""

CONDITIONS: Mapping[str, tuple[str, str]] = {
    "SourceArn": ("ArnLike", "AWS:SourceArn"),
    "SourceAccount": ("StringEquals", "AWS:SourceAccount"),
    "PrincipalOrgID": ("StringEquals", "aws:PrincipalOrgID"),
    "FunctionUrlAuthType": ("StringEquals", "lambda:FunctionUrlAuthType"),
    "EventSourceToken": ("StringEquals", "lambda:EventSourceToken"),
    "InvokedViaFunctionUrl": ("Bool", "lambda:InvokedViaFunctionUrl"),
}
"""What AddPermission takes, and the condition that becomes of it."""

URL_CONDITIONS = {"lambda:FunctionUrlAuthType": "NONE", "lambda:InvokedViaFunctionUrl": "true"}
"""What is true of a request to a URL without authorization."""

ANYBODY: tuple[Any, ...] = ("*", {"AWS": "*"})


def policies_of(backend: LambdaBackend) -> dict[Place, dict[str, Statement]]:
    """The statements of each function and qualifier by their ids."""
    policies: dict[Place, dict[str, Statement]] = backend.__dict__.setdefault("function_policies", {})
    return policies


def anybody_may(backend: LambdaBackend, name: str, qualifier: str | None) -> bool:
    """Whether a request to a URL without authorization is let in. Since October 2025 that takes both actions."""
    statements = policies_of(backend).get((name, qualifier), {}).values()
    allowed = {
        statement["Action"]
        for statement in statements
        if statement["Principal"] in ANYBODY and _holds(statement.get("Condition", {}))
    }
    return {"lambda:InvokeFunctionUrl", "lambda:InvokeFunction"} <= allowed


def forget(backend: LambdaBackend, name: str, qualifier: str | None = None) -> None:
    """An alias or version is gone; without a qualifier the function with all of them."""
    policies = policies_of(backend)
    for place in [one for one in policies if one[0] == name and qualifier in (None, one[1])]:
        del policies[place]


def add_permission(self: LambdaResponse) -> TYPE_RESPONSE:
    place = _addressed(self, -2)
    request = {**self.json_body, "FunctionName": place[0]}
    if findings := constraints.violations("lambda", "AddPermission", request):
        raise Fault(400, "ValidationException", constraints.message(findings))
    function = self.backend.get_function(*place)
    statements = policies_of(self.backend).setdefault(place, {})
    sid = request["StatementId"]
    if sid in statements:
        raise Fault(
            409,
            "ResourceConflictException",
            f"The statement id ({sid}) provided already exists. Please provide a new statement id, or remove the "
            "existing statement.",
        )
    base = f"{function.function_arn.split(':function:')[0]}:function:{place[0]}"
    statements[sid] = _statement(request, base if place[1] is None else f"{base}:{place[1]}")
    return 201, {"status": "201"}, json.dumps({"Statement": json.dumps(statements[sid])})


def get_policy(self: LambdaResponse) -> TYPE_RESPONSE:
    place = _addressed(self, -2)
    self.backend.get_function(*place)
    statements = policies_of(self.backend).get(place)
    if not statements:
        raise Fault(404, "ResourceNotFoundException", "The resource you requested does not exist.")
    policy = {"Version": "2012-10-17", "Id": "default", "Statement": list(statements.values())}
    text = json.dumps(policy)
    revision = str(uuid.uuid5(uuid.NAMESPACE_OID, text))
    return 200, {}, json.dumps({"Policy": text, "RevisionId": revision})


def remove_permission(self: LambdaResponse) -> TYPE_RESPONSE:
    place = _addressed(self, -3)
    self.backend.get_function(*place)
    sid = unquote(self.path.rstrip("/").rsplit("/", 1)[-1])
    if policies_of(self.backend).get(place, {}).pop(sid, None) is None:
        raise Fault(404, "ResourceNotFoundException", f"Statement {sid} is not found in resource policy.")
    return 204, {"status": "204"}, ""


def _statement(request: Mapping[str, Any], resource: str) -> Statement:
    made: Statement = {
        "Sid": request["StatementId"],
        "Effect": "Allow",
        "Principal": _principal(request["Principal"]),
        "Action": request["Action"],
        "Resource": resource,
    }
    condition: dict[str, dict[str, str]] = {}
    for given, (operator, key) in CONDITIONS.items():
        value = request.get(given)
        if value not in (None, False):
            condition.setdefault(operator, {})[key] = "true" if value is True else value
    return {**made, "Condition": condition} if condition else made


def _principal(given: str) -> str | dict[str, str]:
    if given == "*":
        return given
    if re.fullmatch(r"\d{12}", given):
        return {"AWS": f"arn:aws:iam::{given}:root"}
    return {"AWS" if given.startswith("arn:") else "Service": given}


def _holds(condition: Mapping[str, Mapping[str, str]]) -> bool:
    return all(URL_CONDITIONS.get(key) == value for keys in condition.values() for key, value in keys.items())


def _addressed(self: LambdaResponse, part: int) -> Place:
    name = functions.bare_name(unquote(self.path.rstrip("/").split("/")[part]))
    return name, self.querystring.get("Qualifier", [None])[0]


OPERATIONS = {function.__name__: function for function in (add_permission, get_policy, remove_permission)}
