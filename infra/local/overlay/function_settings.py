"""Lambda functions: what was sent and moto does not keep."""

from collections.abc import Callable
from typing import Any

from moto.awslambda.models import LambdaFunction

from infra.local.overlay import constraints

SENT = "sent"
"""Attribute of moto's function: the request's members that a description shows unchanged."""

moto_init = LambdaFunction.__init__
moto_get_configuration = LambdaFunction.get_configuration
moto_update_configuration = LambdaFunction.update_configuration
moto_update_function_code = LambdaFunction.update_function_code


def _kept() -> set[str]:
    """What a request may carry and a description shows in the same shape."""
    model = constraints.service_model("lambda")
    sent, shown = model.shape_for("CreateFunctionRequest"), model.shape_for("FunctionConfiguration")
    same = {name for name in sent.members if name in shown.members}
    shown_otherwise = {"Layers", "VpcConfig", "SnapStart", "FunctionName"}
    return same - shown_otherwise - {"Description"}  # each version has its own, which moto keeps


def init(self: LambdaFunction, account_id: str, spec: dict[str, Any], region: str, version: Any = 1) -> None:
    moto_init(self, account_id, spec, region, version)
    setattr(self, SENT, {name: spec[name] for name in _kept() if name in spec})


def get_configuration(self: LambdaFunction, on_create: bool = False) -> dict[str, Any]:
    """moto's, and what was sent and moto does not keep; without it each plan of Terraform shows a change."""
    sent: dict[str, Any] = getattr(self, SENT)
    configuration: dict[str, Any] = moto_get_configuration(self, on_create)
    configuration |= {name: value for name, value in sent.items() if value not in ({}, None, "")}
    configuration["LoggingConfig"] = {
        "LogFormat": "Text",
        "LogGroup": f"/aws/lambda/{self.function_name}",
        **sent.get("LoggingConfig", {}),
    }
    if not sent.get("DeadLetterConfig", {}).get("TargetArn"):
        configuration.pop("DeadLetterConfig", None)
    if not sent.get("Environment", {}).get("Variables"):
        configuration.pop("Environment", None)
    if not any(configuration.get("ImageConfigResponse", {}).get("ImageConfig", {}).values()):
        configuration.pop("ImageConfigResponse", None)
    configuration["Architectures"] = self.architectures
    return configuration


def update_configuration(self: LambdaFunction, updates: dict[str, Any]) -> dict[str, Any]:
    # published versions are copies that share this dict: a new one, never a changed one
    sent = getattr(self, SENT) | {name: updates[name] for name in _kept() if name in updates}
    setattr(self, SENT, sent)
    moto_update_configuration(self, updates)
    configuration: dict[str, Any] = self.get_configuration()
    return configuration


def update_function_code(self: LambdaFunction, updates: dict[str, Any]) -> dict[str, Any]:
    """moto's, and the architecture, which comes with the code."""
    if "Architectures" in updates:
        self.architectures = updates["Architectures"]
    configuration: dict[str, Any] = moto_update_function_code(self, updates)
    return configuration


PLUMBING: dict[str, Callable[..., Any]] = {
    "__init__": init,
    "get_configuration": get_configuration,
    "update_configuration": update_configuration,
    "update_function_code": update_function_code,
}
"""Methods of moto's function."""
