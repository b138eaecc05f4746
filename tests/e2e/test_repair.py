"""Each resource of a stack, taken away by hand: the next deploy puts it back, and only it and what hung on it."""

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra import environment, loader
from infra.blueprint import Blueprint, blueprint
from infra.blueprint.resource import Join, Ref
from infra.operations import storage
from tests.e2e.conftest import Yard
from tests.e2e.test_adoption import is_settled

pytestmark = [pytest.mark.e2e, pytest.mark.drill]

STACK = """
from infra import (
    Alarms, BatchJob, FunctionUrl, LambdaEndpoint, Network, RealtimeEndpoint, ScheduledScaling, Stack, TargetTracking,
)
from model_packaging import Model

digits = Model("models/digits", framework="sklearn", weights=("weights.npz",), prepare="train.py")


def stack(env):
    busy = TargetTracking(min_capacity=1, max_capacity=2, invocations_per_instance=100)
    night = ScheduledScaling(schedule="cron(0 22 * * ? *)", min_capacity=1, max_capacity=1)
    network = Network(subnet_ids=env["subnets"], security_group_ids=env["security_groups"])
    return Stack("mend", env, [
        RealtimeEndpoint("read", model=digits, instance_type=env["instance"], autoscaling=[busy, night],
                         alarms=Alarms(p99_latency_ms=500)),
        LambdaEndpoint("ready", model=digits, provisioned_concurrency=1, url=FunctionUrl(), network=False),
        BatchJob("nightly", model=digits, instance_types=env["batch_instances"], memory_mb=3072, max_vcpus=8,
                 schedule="cron(0 2 * * ? *)", network=network, alarms=Alarms(server_error_rate=0.1)),
    ])
"""
MEND = ("mend", "--env", "local")
Client = Callable[[str], Any]
WAIT_SECONDS = 30


def _scaling(id: str) -> dict[str, str]:
    """The three words that name a scalable target; its resource's own has slashes, too."""
    space, *resource, dimension = id.split("/")
    return {"ServiceNamespace": space, "ResourceId": "/".join(resource), "ScalableDimension": dimension}


def _policy(client: Client, id: str) -> None:
    target, _, name = id.rpartition("/")
    client("application-autoscaling").delete_scaling_policy(PolicyName=name, **_scaling(target))


def _timetable(client: Client, name: str) -> None:
    scaling = client("application-autoscaling")
    for space in ("sagemaker", "lambda"):
        for one in scaling.describe_scheduled_actions(ServiceNamespace=space)["ScheduledActions"]:
            if one["ScheduledActionName"].endswith(name):
                keys = ("ServiceNamespace", "ScheduledActionName", "ResourceId", "ScalableDimension")
                scaling.delete_scheduled_action(**{key: one[key] for key in keys})
                return
    raise AssertionError(f"no timetable {name}")


def _compute_environment(client: Client, name: str) -> None:
    batch = client("batch")
    batch.update_compute_environment(computeEnvironment=name, state="DISABLED")
    try:
        batch.delete_compute_environment(computeEnvironment=name)
    except ClientError:
        batch.update_compute_environment(computeEnvironment=name, state="ENABLED")
        raise


def _queue(client: Client, arn: str) -> None:
    batch = client("batch")
    batch.update_job_queue(jobQueue=arn, state="DISABLED")
    batch.delete_job_queue(jobQueue=arn)


def _rule(client: Client, name: str) -> None:
    events = client("events")
    targets = [one["Id"] for one in events.list_targets_by_rule(Rule=name)["Targets"]]
    events.remove_targets(Rule=name, Ids=targets)
    events.delete_rule(Name=name)


def _target(client: Client, id: str) -> None:
    rule, target = id.split("/")
    client("events").remove_targets(Rule=rule, Ids=[target])


def _instance_profile(client: Client, name: str) -> None:
    iam = client("iam")
    for role in iam.get_instance_profile(InstanceProfileName=name)["InstanceProfile"]["Roles"]:
        iam.remove_role_from_instance_profile(InstanceProfileName=name, RoleName=role["RoleName"])
    iam.delete_instance_profile(InstanceProfileName=name)


def _role(client: Client, name: str) -> None:
    """A role, with what hangs on it: IAM deletes none that has policies or is in a profile."""
    iam = client("iam")
    for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
        iam.delete_role_policy(RoleName=name, PolicyName=policy)
    for policy in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
        iam.detach_role_policy(RoleName=name, PolicyArn=policy["PolicyArn"])
    for profile in iam.list_instance_profiles_for_role(RoleName=name)["InstanceProfiles"]:
        iam.remove_role_from_instance_profile(
            InstanceProfileName=profile["InstanceProfileName"], RoleName=name
        )
    iam.delete_role(RoleName=name)


def _role_policy(client: Client, id: str) -> None:
    role, name = id.split(":")
    client("iam").delete_role_policy(RoleName=role, PolicyName=name)


def _alias(client: Client, id: str) -> None:
    function, name = id.split("/")
    client("lambda").delete_alias(FunctionName=function, Name=name)


def _url(client: Client, id: str) -> None:
    function, qualifier = id.split("/")
    client("lambda").delete_function_url_config(FunctionName=function, Qualifier=qualifier)


def _concurrency(client: Client, id: str) -> None:
    function, qualifier = id.split(",")
    client("lambda").delete_provisioned_concurrency_config(FunctionName=function, Qualifier=qualifier)


def _endpoint(client: Client, name: str) -> None:
    sagemaker = client("sagemaker")
    sagemaker.delete_endpoint(EndpointName=name)
    sagemaker.get_waiter("endpoint_deleted").wait(EndpointName=name, WaiterConfig={"Delay": 1})


def _topic_policy(client: Client, arn: str) -> None:
    """A topic has always one: what a person can do is to put AWS's own there."""
    statement = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": ["SNS:Publish"], "Resource": arn}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    client("sns").set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=policy)


def _function(client: Client, name: str) -> None:
    client("lambda").delete_function(FunctionName=name)


DELETE: Mapping[str, Callable[[Client, str], Any]] = {
    "aws_appautoscaling_policy": _policy,
    "aws_appautoscaling_scheduled_action": _timetable,
    "aws_appautoscaling_target": lambda client, id: client(
        "application-autoscaling"
    ).deregister_scalable_target(**_scaling(id)),
    "aws_batch_compute_environment": _compute_environment,
    "aws_batch_job_definition": lambda client, id: client("batch").deregister_job_definition(
        jobDefinition=id
    ),
    "aws_batch_job_queue": _queue,
    "aws_cloudwatch_event_rule": _rule,
    "aws_cloudwatch_event_target": _target,
    "aws_cloudwatch_log_group": lambda client, id: client("logs").delete_log_group(logGroupName=id),
    "aws_cloudwatch_metric_alarm": lambda client, id: client("cloudwatch").delete_alarms(AlarmNames=[id]),
    "aws_iam_instance_profile": _instance_profile,
    "aws_iam_policy": lambda client, id: client("iam").delete_policy(PolicyArn=id),
    "aws_iam_role": _role,
    "aws_iam_role_policy": _role_policy,
    "aws_lambda_alias": _alias,
    "aws_lambda_function": _function,
    "aws_lambda_function_url": _url,
    "aws_lambda_provisioned_concurrency_config": _concurrency,
    "aws_launch_template": lambda client, id: client("ec2").delete_launch_template(LaunchTemplateId=id),
    "aws_sagemaker_endpoint": _endpoint,
    "aws_sagemaker_endpoint_configuration": lambda client, id: client("sagemaker").delete_endpoint_config(
        EndpointConfigName=id
    ),
    "aws_sagemaker_model": lambda client, id: client("sagemaker").delete_model(ModelName=id),
    "aws_scheduler_schedule": lambda client, id: client("scheduler").delete_schedule(
        GroupName=id.split("/")[0], Name=id.split("/")[1]
    ),
    "aws_sns_topic": lambda client, id: client("sns").delete_topic(TopicArn=id),
    "aws_sns_topic_policy": _topic_policy,
}
"""How a person deletes one, by the identifier that an import takes."""

IN_USE = frozenset({"aws_sagemaker_endpoint_configuration", "aws_batch_compute_environment"})
"""What AWS does not delete while something uses it."""

UPDATED = frozenset({"aws_sns_topic_policy"})
"""What is never gone, and is put right where it is."""


@pytest.fixture(scope="module")
def mend(yard) -> Iterator[Yard]:
    (yard.root / "stacks" / "mend.py").write_text(STACK)
    yard.run("deploy", *MEND, "--yes")
    try:
        yield yard
    finally:
        yard.run("destroy", *MEND, "--yes")
        assert yard.census() == []


def declared(yard: Yard) -> Blueprint:
    """The stack's blueprint; which artifacts it runs does not matter to what refers to what."""
    stack = loader.load("mend", environment.load("local", yard.root), yard.root)
    return blueprint(stack, {workload.name: "models/digits/1/model.tar.gz" for workload in stack.workloads})


def dependents(content: Blueprint, address: str) -> set[str]:
    """What refers to a resource, goes with it or waits for it, near or far."""
    found = {address}
    while True:
        more = {
            one.address
            for one in content.resources
            if found
            & ({*_referred(one.arguments)} | {other.address for other in (*one.depends_on, *one.follows)})
        }
        if more <= found:
            return found - {address}
        found |= more


def _referred(value: Any) -> Iterator[str]:
    if isinstance(value, Ref):
        yield f"{value.type}.{value.name}"
    elif isinstance(value, Join):
        for part in value.parts:
            yield from _referred(part)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _referred(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _referred(item)


def planned(said: str) -> dict[str, str]:
    """What a deploy was going to do, by address."""
    return {
        address: action
        for action, address in re.findall(
            r"^  (create|update|replace|delete) (aws_\S+)", said, flags=re.MULTILINE
        )
    }


def identifiers(yard: Yard) -> dict[str, str]:
    rows = json.loads(yard.run("import-ids", *MEND, "--json").stdout)
    return {f"{row['type']}.{row['name']}": row["id"] or row["name"] for row in rows}


@pytest.mark.timeout(3000)
def test_each_resource_that_is_deleted_by_hand_is_put_back_and_only_it(mend):
    content = declared(mend)
    types = {one.type for one in content.resources}
    assert types == set(DELETE), types ^ set(DELETE)
    table, refused, alone = [], [], 0
    for resource in content.resources:
        # What was made anew has another identifier where AWS makes it up.
        id = identifiers(mend)[resource.address]
        try:
            DELETE[resource.type](mend.client, id)
        except ClientError as error:
            assert resource.type in IN_USE, error
            refused.append(resource.address)
            continue
        assert resource.type not in IN_USE
        started = time.monotonic()
        changes = planned(mend.run("deploy", *MEND, "--yes").stderr)
        expected = "update" if resource.type in UPDATED else "create"
        assert changes.pop(resource.address, None) == expected, changes
        allowed = dependents(content, resource.address)
        assert set(changes) <= allowed, f"{resource.address}: {set(changes) - allowed}"
        alone += not changes
        others = ", ".join(f"{action} {address}" for address, action in changes.items()) or "nothing else"
        table.append(f"{resource.address}: {time.monotonic() - started:.0f} s, {others}")
    is_settled(mend, "mend")
    print(
        f"{len(table)} of {len(content.resources)} resources of {len(types)} types deleted by hand and put back, {alone} "
        f"of them with nothing else; {len(refused)} are in use, which AWS does not delete: {', '.join(refused)}"
    )
    print("\n".join(table))


BUCKET = {"Bucket": "modelyard-local-123456789012-us-east-1"}
REPOSITORY = {"repositoryName": "modelyard-local"}
PARTS: Mapping[str, Callable[[Client], Any]] = {
    "policy": lambda client: client("s3").delete_bucket_policy(**BUCKET),
    "public access block": lambda client: client("s3").delete_public_access_block(**BUCKET),
    "encryption": lambda client: client("s3").delete_bucket_encryption(**BUCKET),
    "ownership": lambda client: client("s3").delete_bucket_ownership_controls(**BUCKET),
    "versioning": lambda client: client("s3").put_bucket_versioning(
        **BUCKET, VersioningConfiguration={"Status": "Suspended"}
    ),
    "lifecycle": lambda client: client("s3").delete_bucket_lifecycle(**BUCKET),
    "repository's lifecycle": lambda client: client("ecr").delete_lifecycle_policy(**REPOSITORY),
    "repository's policy": lambda client: client("ecr").delete_repository_policy(**REPOSITORY),
    "repository": lambda client: client("ecr").delete_repository(**REPOSITORY, force=True),
}
"""What somebody can take from what an environment has one of."""


@pytest.mark.timeout(900)
def test_what_an_environment_has_one_of_is_put_right_by_a_deploy(mend):
    def is_right() -> bool:
        return storage.is_complete(mend.client("s3"), BUCKET["Bucket"]) and storage.is_repository_complete(
            mend.client("ecr"), REPOSITORY["repositoryName"]
        )

    assert is_right()
    for name, take in PARTS.items():
        take(mend.client)
        assert not is_right(), name
        done = mend.run("deploy", *MEND, "--yes")
        assert "plan: no changes" in done.stdout and planned(done.stderr) == {}, name
        assert is_right(), name
    print(
        f"{len(PARTS)} parts of the bucket and the repository taken away by hand: each put back by the next deploy"
    )
