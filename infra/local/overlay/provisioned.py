"""Provisioned concurrency of Lambda's aliases and versions: processes that are started before they are needed."""

import json
import logging
import threading
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from moto.awslambda.exceptions import UnknownFunctionException
from moto.awslambda.models import LambdaBackend, LambdaFunction, lambda_backends
from moto.awslambda.responses import LambdaResponse
from moto.core.common_types import TYPE_RESPONSE

from infra.local.overlay import functions
from infra.local.overlay.faults import Fault
from infra.local.overlay.pool import Pool, PoolClosed

Name = tuple[str, str]
"""A function and its qualifier."""

IN_PROGRESS, READY, FAILED = "IN_PROGRESS", "READY", "FAILED"

PATHS = (r"{0}/(?P<api_version>[^/]+)/functions/(?P<function_name>[\w_:%-]+)/provisioned-concurrency/?$",)
"""Patterns of requests that moto has no route for."""

log = logging.getLogger(__name__)

_lock = threading.Lock()


@dataclass
class Setting:
    """How many are wanted for one alias or version, and how far it is."""

    requested: int
    modified: str
    status: str = IN_PROGRESS
    reason: str | None = None

    def description(self) -> dict[str, Any]:
        """As GetProvisionedConcurrencyConfig shows it."""
        there = self.requested if self.status == READY else 0
        shown = {
            "RequestedProvisionedConcurrentExecutions": self.requested,
            "AllocatedProvisionedConcurrentExecutions": there,
            "AvailableProvisionedConcurrentExecutions": there,
            "Status": self.status,
            "LastModified": self.modified,
        }
        return shown if self.reason is None else {**shown, "StatusReason": self.reason}


def settings_of(backend: LambdaBackend) -> dict[Name, Setting]:
    """All of an account and region."""
    settings: dict[Name, Setting] = backend.__dict__.setdefault("provisioned_concurrency", {})
    return settings


def capacity(account_id: str, region: str, function: str, alias: str) -> int:
    """The concurrency that is asked for on an alias; 0 where none is. LookupError where there is no alias."""
    backend, _ = _resolved(account_id, region, function, alias)
    setting = settings_of(backend).get((function, alias))
    return 0 if setting is None else setting.requested


def set_capacity(account_id: str, region: str, function: str, alias: str, value: int) -> None:
    """Ask for `value` on an alias, and for none with 0. LookupError where there is no alias."""
    backend, version = _resolved(account_id, region, function, alias)
    if value < 1:
        settings_of(backend).pop((function, alias), None)
        _release(version)
        return
    _request(backend, (function, alias), version, value)


def allocated(account_id: str, region: str, function: str, qualifier: str | None) -> int:
    """How many are ready of a qualifier; 0 for one that has none."""
    setting = settings_of(lambda_backends[account_id][region]).get((function, qualifier or ""))
    return setting.requested if setting is not None and setting.status == READY else 0


def renew(account_id: str, region: str, function: str) -> None:
    """The function's processes ended with a change, or an alias moved: what is asked for is started anew."""
    backend = lambda_backends[account_id][region]
    for (name, qualifier), setting in list(settings_of(backend).items()):
        if name != function:
            continue
        try:
            version = backend.get_function(name, qualifier)
        except UnknownFunctionException:
            settings_of(backend).pop((name, qualifier), None)
            continue
        _request(backend, (name, qualifier), version, setting.requested)


def put_provisioned_concurrency_config(self: LambdaResponse) -> TYPE_RESPONSE:
    name, qualifier = _addressed(self)
    wanted = self.json_body.get("ProvisionedConcurrentExecutions")
    if not isinstance(wanted, int) or wanted < 1:
        raise Fault(
            400,
            "ValidationException",
            f"1 validation error detected: Value '{wanted}' at 'provisionedConcurrentExecutions' failed to satisfy "
            "constraint: Member must have value greater than or equal to 1",
        )
    version = self.backend.get_function(name, qualifier)
    if str(version.version) == "$LATEST":
        raise _invalid("Provisioned Concurrency Configs cannot be applied to unpublished function versions.")
    reserved = functions.reserved_concurrency(version)
    if reserved is not None and wanted > reserved:
        raise _invalid(
            "Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for function"
        )
    setting = _request(self.backend, (name, qualifier), version, wanted)
    return 202, {"status": "202"}, json.dumps(setting.description())


def get_provisioned_concurrency_config(self: LambdaResponse) -> TYPE_RESPONSE:
    return 200, {}, json.dumps(_found(self).description())


def list_provisioned_concurrency_configs(self: LambdaResponse) -> TYPE_RESPONSE:
    name = functions.bare_name(unquote(self.path.rstrip("/").split("/")[-2]))
    function = self.backend.get_function(name)
    base = f"{function.function_arn.split(':function:')[0]}:function:{name}"
    listed = [
        {"FunctionArn": f"{base}:{qualifier}", **setting.description()}
        for (owner, qualifier), setting in settings_of(self.backend).items()
        if owner == name
    ]
    return 200, {}, json.dumps({"ProvisionedConcurrencyConfigs": listed})


def delete_provisioned_concurrency_config(self: LambdaResponse) -> TYPE_RESPONSE:
    _found(self)
    name, qualifier = _addressed(self)
    del settings_of(self.backend)[name, qualifier]
    _release(self.backend.get_function(name, qualifier))
    return 204, {"status": "204"}, ""


def _resolved(
    account_id: str, region: str, function: str, alias: str
) -> tuple[LambdaBackend, LambdaFunction]:
    backend = lambda_backends[account_id][region]
    try:
        return backend, backend.get_function(function, alias)
    except UnknownFunctionException:
        raise LookupError(f"function:{function}:{alias}") from None


def _request(backend: LambdaBackend, name: Name, version: LambdaFunction, wanted: int) -> Setting:
    setting = Setting(wanted, Pool.machine.clock().strftime("%Y-%m-%dT%H:%M:%S+0000"))
    with _lock:
        settings_of(backend)[name] = setting
    threading.Thread(target=_prepare, args=(backend, name, setting, version), daemon=True).start()
    return setting


def _prepare(backend: LambdaBackend, name: Name, setting: Setting, version: LambdaFunction) -> None:
    """Start what is missing. Where the function changes meanwhile, `renew` makes another setting of it.

    It may have been deleted before this begins, or while it goes on: then nothing is kept.
    """
    if settings_of(backend).get(name) is not setting:
        return
    try:
        error = functions.pool_of(version).keep(setting.requested)
    except PoolClosed:
        return
    except Fault as fault:
        error = fault.message
    except Exception as failure:  # nobody waits for this thread: else it would be in progress for ever
        log.exception("provisioned concurrency of %s", version.function_name)
        error = f"{type(failure).__name__}: {failure}"
    if error is not None:
        setting.reason = f"FUNCTION_ERROR_INIT_FAILURE: {error}"
    setting.status = READY if error is None else FAILED
    if name not in settings_of(backend):
        _release(version)


def _release(version: LambdaFunction) -> None:
    try:
        functions.pool_of(version).keep(0)
    except PoolClosed:
        return


def _addressed(self: LambdaResponse) -> Name:
    name = functions.bare_name(unquote(self.path.rstrip("/").split("/")[-2]))
    return name, self.querystring.get("Qualifier", [""])[0]


def _found(self: LambdaResponse) -> Setting:
    name, qualifier = _addressed(self)
    self.backend.get_function(name, qualifier)
    setting = settings_of(self.backend).get((name, qualifier))
    if setting is None:
        raise Fault(
            404,
            "ProvisionedConcurrencyConfigNotFoundException",
            "No Provisioned Concurrency Config found for this function",
        )
    return setting


def _invalid(message: str) -> Fault:
    return Fault(400, "InvalidParameterValueException", message)


OPERATIONS = {
    function.__name__: function
    for function in (
        put_provisioned_concurrency_config,
        get_provisioned_concurrency_config,
        list_provisioned_concurrency_configs,
        delete_provisioned_concurrency_config,
    )
}
