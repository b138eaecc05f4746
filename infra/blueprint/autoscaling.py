"""Application Auto Scaling: what is scaled, between which counts, and by which metrics and timetables."""

from collections.abc import Iterator, Mapping
from itertools import count

from infra.blueprint import metrics
from infra.blueprint.resource import Join, Resource
from infra.blueprint.scaling_policies import RENDERERS, Position, Scaled, wake_up
from infra.naming import VARIANT
from infra.stack import Stack
from infra.workloads import (
    AsyncEndpoint,
    InstanceEndpoint,
    LambdaEndpoint,
    ScheduledScaling,
    ServerlessEndpoint,
    TargetTracking,
    scaling,
)

__all__ = ["VARIANT", "alias_scaling", "provisioned_scaling", "variant_scaling"]


def variant_scaling(stack: Stack, workload: InstanceEndpoint, endpoint: Resource) -> tuple[Resource, ...]:
    """What scales the instances of an endpoint's variant; for one that goes down to none, what wakes it, too."""
    name = stack.deployed_name(workload)
    scaled = Scaled(
        name=name,
        workload=workload.name,
        namespace="sagemaker",
        dimension="sagemaker:variant:DesiredInstanceCount",
        resource_id=_variant(endpoint),
        home=endpoint,
        at_rest=workload.instance_count,
        locate=lambda metric: metrics.of_endpoint(name, metric),
    )
    resources = _scaling(scaled, workload.autoscaling)
    if isinstance(workload, AsyncEndpoint) and resources and workload.minimum_instances == 0:
        resources += wake_up(Position(scaled, resources[0], "wake-up", resources[-1]))
    return resources


def provisioned_scaling(
    stack: Stack, workload: ServerlessEndpoint, endpoint: Resource
) -> tuple[Resource, ...]:
    """What scales the provisioned concurrency of a serverless endpoint's variant."""
    name = stack.deployed_name(workload)
    scaled = Scaled(
        name=name,
        workload=workload.name,
        namespace="sagemaker",
        dimension="sagemaker:variant:DesiredProvisionedConcurrency",
        resource_id=_variant(endpoint),
        home=endpoint,
        at_rest=workload.provisioned_concurrency or 0,
        locate=lambda metric: metrics.of_endpoint(name, metric),
        utilization="SageMakerVariantProvisionedConcurrencyUtilization",
    )
    return _scaling(scaled, workload.autoscaling)


def alias_scaling(
    stack: Stack, workload: LambdaEndpoint, alias: Resource, concurrency: Resource
) -> tuple[Resource, ...]:
    """What scales the provisioned concurrency of a function's alias; `concurrency` is what it begins with.

    From then on Application Auto Scaling moves it, and `concurrency` has to ignore that.
    """
    name = stack.deployed_name(workload)
    scaled = Scaled(
        name=name,
        workload=workload.name,
        namespace="lambda",
        dimension="lambda:function:ProvisionedConcurrency",
        resource_id=Join(("function:", alias.ref("function_name"), ":", alias.ref("name"))),
        home=concurrency,
        at_rest=workload.provisioned_concurrency or 0,
        locate=lambda _: metrics.of_alias(name, alias.arguments["name"]),
        utilization="LambdaProvisionedConcurrencyUtilization",
    )
    return _scaling(scaled, workload.autoscaling)


def _variant(endpoint: Resource) -> Join:
    return Join(("endpoint/", endpoint.ref("name"), f"/variant/{VARIANT}"))


def _scaling(scaled: Scaled, policies: tuple[scaling.Policy, ...]) -> tuple[Resource, ...]:
    if not policies:
        return ()
    timetable = any(isinstance(policy, ScheduledScaling) for policy in policies)
    # It gets the provider's default tags: a target that AWS has and the state has not is then not adopted but refused,
    # "The scalable target that you tried to tag already exists" (hashicorp/terraform-provider-aws #31839, open).
    target = Resource(
        "aws_appautoscaling_target",
        scaled.workload,
        {
            "service_namespace": scaled.namespace,
            "scalable_dimension": scaled.dimension,
            "resource_id": scaled.resource_id,
            "min_capacity": scaling.least(policies, scaled.at_rest),
            "max_capacity": scaling.most(policies, scaled.at_rest),
        },
        depends_on=(scaled.home,),
        # The name stays when the home is made anew, so that nothing else would tell Terraform to register again.
        follows=(scaled.home,),
        # A timetable moves the target's own bounds: every plan would put them back, and wake what sleeps.
        ignore_changes=("min_capacity", "max_capacity") if timetable else (),
    )
    resources: tuple[Resource, ...] = (target,)
    for policy, label in zip(policies, _labels(policies), strict=True):
        resources += RENDERERS[type(policy)](Position(scaled, target, label, resources[-1]), policy)
    return resources


_LABELS: Mapping[str, str] = {
    "invocations_per_instance": "invocations",
    "concurrent_requests_per_instance": "concurrency",
    "backlog_per_instance": "backlog",
    "utilization": "utilization",
    "target": "metric",
    "StepScaling": "steps",
    "ScheduledScaling": "timetable",
}


def _labels(policies: tuple[scaling.Policy, ...]) -> Iterator[str]:
    """A name per policy: its kind, counted from the second on, so that most names stay when another goes."""
    counters: dict[str, Iterator[int]] = {}
    for policy in policies:
        kind = policy.kind if isinstance(policy, TargetTracking) else type(policy).__name__
        number = next(counters.setdefault(kind, count(1)))
        yield _LABELS[kind] if number == 1 else f"{_LABELS[kind]}-{number}"
