"""What AWS Batch refuses of compute environments and definitions, and what makes an environment INVALID."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from infra.local.overlay import constraints
from infra.local.overlay.faults import Fault, NotModelled

DEFINITION_BYTES = 24 * 1024
"""AWS Batch User Guide, 'Service quotas'."""


def check_environment(request: Mapping[str, Any]) -> None:
    """Raise AWS's error for a request that it would not take."""
    resources = request.get("computeResources")
    if request["type"] != "MANAGED" or resources is None:
        raise NotModelled("batch", "CreateComputeEnvironment", "of a type other than MANAGED")
    if resources["type"] not in ("EC2", "SPOT"):
        raise NotModelled("batch", "CreateComputeEnvironment", f"on {resources['type']}")
    for key in ("instanceRole", "instanceTypes", "subnets", "minvCpus"):
        if resources.get(key) in (None, []):
            raise _refused(f"Error executing request, Exception : {key} is required.")
    strategy = resources.get("allocationStrategy", "BEST_FIT")
    if strategy.startswith("SPOT_") and resources["type"] != "SPOT":
        raise _refused(f"Allocation strategy {strategy} is for SPOT compute environments only.")
    if resources["type"] == "SPOT" and strategy == "BEST_FIT" and not resources.get("spotIamFleetRole"):
        raise _refused("spotIamFleetRole is required for SPOT compute environments with BEST_FIT.")
    if resources["maxvCpus"] < resources["minvCpus"]:
        raise _refused("maxvCpus must not be smaller than minvCpus.")


def check_service_role(account_id: str, partition: str, role: str) -> None:
    """Raise AWS's error for a role that is not there; without one Batch takes its service-linked one."""
    from moto.iam.exceptions import NotFoundException
    from moto.iam.models import iam_backends

    try:
        iam_backends[account_id][partition].get_role_by_arn(role)
    except NotFoundException:
        raise _refused(f"Role {role} does not exist or is not authorized.") from None


def check_definition(request: Mapping[str, Any]) -> None:
    """Raise AWS's error for a definition that it would not take."""
    container = request.get("containerProperties")
    if request["type"] != "container" or container is None:
        raise NotModelled("batch", "RegisterJobDefinition", "without containerProperties")
    if not container.get("image"):
        raise _refused("Container properties should have image.")
    if len(str(container)) > DEFINITION_BYTES:
        raise _refused("Job definition is larger than 24 KiB.")
    sizes = {one["type"]: one["value"] for one in container.get("resourceRequirements", [])}
    for kind, least in (("VCPU", 1), ("MEMORY", 4)):
        if not str(sizes.get(kind, "")).isdecimal() or int(sizes[kind]) < least:
            raise _refused(f"Container properties should have {kind} of at least {least}.")
    attempts = request.get("retryStrategy", {}).get("attempts", 1)
    if not 1 <= attempts <= 10:
        raise _refused("Number of attempts must be between 1 and 10.")
    if len(request.get("retryStrategy", {}).get("evaluateOnExit", [])) > 5:
        raise _refused("At most 5 evaluateOnExit conditions are allowed.")
    if request.get("timeout", {}).get("attemptDurationSeconds", 60) < 60:
        raise _refused("attemptDurationSeconds must be at least 60.")


def unhealthy(account_id: str, partition: str, region: str, resources: Mapping[str, Any]) -> str | None:
    """What is missing of what an environment is made of: with it Batch calls the environment INVALID."""
    from moto.ec2.models import ec2_backends

    ec2: Any = ec2_backends[account_id][region]
    known: list[tuple[str, Callable[[str], bool], list[str]]] = [
        ("instance type", _is_type, resources.get("instanceTypes", [])),
        ("subnet ID", lambda one: any(one in zone for zone in ec2.subnets.values()), resources["subnets"]),
        (
            "security group",
            lambda one: any(one in groups for groups in ec2.groups.values()),
            resources.get("securityGroupIds", []),
        ),
        (
            "launch template",
            lambda one: one in ec2.launch_templates or one in ec2.launch_template_name_to_ids,
            _template(resources),
        ),
        (
            "instance profile",
            lambda one: _has_profile(account_id, partition, one),
            [resources["instanceRole"]],
        ),
    ]
    for what, exists, wanted in known:
        for one in wanted:
            if not exists(one):
                return f"The {what} '{one}' does not exist"
    return None


def _template(resources: Mapping[str, Any]) -> list[str]:
    named = resources.get("launchTemplate", {})
    return [named[key] for key in ("launchTemplateId", "launchTemplateName") if named.get(key)]


def _has_profile(account_id: str, partition: str, arn: str) -> bool:
    from moto.iam.models import iam_backends

    profiles: Any = iam_backends[account_id][partition].instance_profiles
    return any(arn in (one.arn, one.name) and one.roles for one in profiles.values())


@cache
def _types() -> frozenset[str]:
    shape = constraints.service_model("ec2").shape_for("InstanceType")
    return frozenset(shape.metadata["enum"])


def _is_type(name: str) -> bool:
    """A size, a family, or one of Batch's own words."""
    families = {one.partition(".")[0] for one in _types()}
    return name in _types() or name in families or name.startswith(("optimal", "default_"))


def _refused(message: str) -> Fault:
    return Fault(400, "ClientException", message)
