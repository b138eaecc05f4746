"""How many instances an account may have of each type, asked before an endpoint is made that could never come up.

A new account has none of most GPU types, and CreateEndpoint says so (ResourceLimitExceeded) only when all else is made.
Names, codes and values are those of Service Quotas.
"""

import collections
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from infra.connection import Connection
from infra.engines.plan import PlanSummary
from infra.errors import Misuse
from infra.operations import endpoints
from infra.settings import Rolling
from infra.stack import Stack
from infra.workloads import InstanceEndpoint

SERVICE = "sagemaker"
NAME = "{instance_type} for endpoint usage"


@dataclass(frozen=True)
class Quota:
    """How many instances of a type an account may run at once behind its endpoints in a region."""

    code: str
    value: float


def check(stack: Stack, plan: PlanSummary, connection: Connection, say: Callable[[str], None]) -> None:
    """Raise `Misuse` where `plan` makes or changes endpoints of more instances than the account may have at all.

    An update starts its instances before it ends the others, and needs both. What other endpoints of the account use is
    not counted. What AWS does not tell is not checked, and that is said.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    changed = {
        change.name: change.action
        for change in plan.changes
        if change.type == "aws_sagemaker_endpoint" and change.action in ("create", "replace", "update")
    }
    workloads = [
        workload
        for workload in stack.workloads
        if isinstance(workload, InstanceEndpoint) and workload.name in changed
    ]
    if not workloads or connection.environment.embedded_aws:  # which has no quotas
        return
    try:
        quotas = _quotas({workload.instance_type for workload in workloads}, connection)
    except ClientError as error:
        say(f"Quotas are not checked: {error.response['Error']['Message']} (servicequotas:ListServiceQuotas)")
        return
    except BotoCoreError as error:
        say(f"Quotas are not checked: {error}")
        return
    running = {
        workload.name: _running(stack.deployed_name(workload), workload.instance_type, connection)
        for workload in workloads
        if workload.instance_type in quotas and changed[workload.name] == "update"
    }
    _compare(stack, workloads, running, quotas, say)


def _running(name: str, instance_type: str, connection: Connection) -> int:
    """How many instances of that type the endpoint `name` has."""
    sagemaker = connection.client("sagemaker")
    live = endpoints.describe(name, sagemaker) or {}
    serving = endpoints.describe_configuration(live["EndpointConfigName"], sagemaker) if live else None
    if serving is None or serving["ProductionVariants"][0].get("InstanceType") != instance_type:
        return 0
    return endpoints.instances(live)


def _needed(stack: Stack, workload: InstanceEndpoint, running: int) -> int:
    """How many at once: a fleet beside the one that runs (blue/green, SageMaker's default), or a part of one."""
    rollout = stack.rollout(workload)
    if running and isinstance(rollout, Rolling):
        return max(workload.instance_count, running + math.ceil(running * rollout.percent / 100))
    return workload.instance_count + running


def _compare(
    stack: Stack,
    workloads: list[InstanceEndpoint],
    running: Mapping[str, int],
    quotas: dict[str, Quota],
    say: Callable[[str], None],
) -> None:
    least: collections.Counter[str] = collections.Counter()
    most: collections.Counter[str] = collections.Counter()
    for workload in workloads:
        least[workload.instance_type] += _needed(stack, workload, running.get(workload.name, 0))
        most[workload.instance_type] += max(workload.instance_count, workload.maximum_instances)
    findings = []
    for instance_type, quota in sorted(quotas.items()):
        name = NAME.format(instance_type=instance_type)
        region = stack.environment.region
        ask = (
            f"aws service-quotas request-service-quota-increase --service-code {SERVICE} --quota-code {quota.code} "
            f"--region {region} --desired-value"
        )
        has = f"the quota '{name}' of account {stack.environment.account_id} in {region} is {quota.value:g}"
        if least[instance_type] > quota.value:
            updated = [
                one for one in workloads if one.instance_type == instance_type and running.get(one.name)
            ]
            why = ", for an update starts its instances before it ends those that serve" if updated else ""
            findings.append(
                f"{has}, and {least[instance_type]} are needed{why}: {ask} {least[instance_type]}"
            )
        elif most[instance_type] > quota.value:
            say(f"{has}, and scaling may want {most[instance_type]}: {ask} {most[instance_type]}")
    if findings:
        raise Misuse("\n".join(findings))


def _quotas(instance_types: set[str], connection: Connection) -> dict[str, Quota]:
    """Those of `instance_types` that AWS lists."""
    wanted = {NAME.format(instance_type=one): one for one in instance_types}
    found: dict[str, Quota] = {}
    pages = connection.client("service-quotas").get_paginator("list_service_quotas")
    for page in pages.paginate(ServiceCode=SERVICE, PaginationConfig={"PageSize": 100}):
        for quota in page["Quotas"]:
            if quota["QuotaName"] in wanted:
                found[wanted[quota["QuotaName"]]] = Quota(quota["QuotaCode"], quota["Value"])
        if len(found) == len(wanted):
            break
    return found
