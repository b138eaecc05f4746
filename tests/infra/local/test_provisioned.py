"""Provisioned concurrency: processes that are there before anybody asks, and AWS's answers about them."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from tests.infra.local.conftest import until

CODE = """
import os, time
started = time.time()
def handler(event, context):
    time.sleep(event.get("seconds", 0))
    return {"pid": os.getpid(), "started": started, "type": os.environ["AWS_LAMBDA_INITIALIZATION_TYPE"]}
"""


@pytest.fixture
def alias(functions, make_function) -> str:
    """A function with the alias `live` on its version 1; gives its name."""
    name = make_function(CODE, Timeout=10)
    version = functions.publish_version(FunctionName=name)["Version"]
    functions.create_alias(FunctionName=name, Name="live", FunctionVersion=version)
    return name


def provision(functions, name: str, count: int, qualifier: str = "live") -> dict:
    return functions.put_provisioned_concurrency_config(
        FunctionName=name, Qualifier=qualifier, ProvisionedConcurrentExecutions=count
    )


def config(functions, name: str) -> dict:
    return functions.get_provisioned_concurrency_config(FunctionName=name, Qualifier="live")


def ready(functions, name: str) -> None:
    until(lambda: config(functions, name)["Status"] == "READY")


def call(functions, name: str, seconds: float = 0) -> dict:
    answer = functions.invoke(FunctionName=name, Qualifier="live", Payload=json.dumps({"seconds": seconds}))
    return json.loads(answer["Payload"].read())


def test_processes_are_initialised_before_the_first_invocation(functions, alias):
    asked = provision(functions, alias, 2)
    assert (asked["Status"], asked["RequestedProvisionedConcurrentExecutions"]) == ("IN_PROGRESS", 2)
    assert asked["AvailableProvisionedConcurrentExecutions"] == 0
    ready(functions, alias)
    assert config(functions, alias)["AvailableProvisionedConcurrentExecutions"] == 2
    before = time.time()
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: call(functions, alias, 0.5), range(2)))
    assert len({answer["pid"] for answer in answers}) == 2
    assert all(answer["started"] < before for answer in answers)
    assert {answer["type"] for answer in answers} == {"provisioned-concurrency"}


def test_a_moved_alias_has_new_processes_ready(functions, alias):
    provision(functions, alias, 1)
    ready(functions, alias)
    old = call(functions, alias)["pid"]
    functions.update_function_configuration(FunctionName=alias, Environment={"Variables": {"COLOUR": "red"}})
    version = functions.publish_version(FunctionName=alias)["Version"]
    functions.update_alias(FunctionName=alias, Name="live", FunctionVersion=version)
    ready(functions, alias)
    before = time.time()
    answer = call(functions, alias)
    assert answer["pid"] != old
    assert answer["started"] < before


def test_it_is_listed_and_deleted(functions, alias):
    provision(functions, alias, 1)
    listed = functions.list_provisioned_concurrency_configs(FunctionName=alias)[
        "ProvisionedConcurrencyConfigs"
    ]
    assert [one["FunctionArn"].split(":function:")[1] for one in listed] == [f"{alias}:live"]
    functions.delete_provisioned_concurrency_config(FunctionName=alias, Qualifier="live")
    with pytest.raises(ClientError) as refused:
        config(functions, alias)
    assert refused.value.response["Error"]["Code"] == "ProvisionedConcurrencyConfigNotFoundException"
    assert call(functions, alias)["type"] == "on-demand"


def test_an_alias_that_goes_takes_it_along(functions, alias):
    provision(functions, alias, 1)
    functions.delete_alias(FunctionName=alias, Name="live")
    listed = functions.list_provisioned_concurrency_configs(FunctionName=alias)
    assert listed["ProvisionedConcurrencyConfigs"] == []


@pytest.mark.parametrize(
    ("qualifier", "count", "code"),
    [
        ("$LATEST", 1, "InvalidParameterValueException"),
        ("live", 0, "ValidationException"),
        ("missing", 1, "ResourceNotFoundException"),
    ],
)
def test_what_aws_refuses_is_refused(client, alias, qualifier, count, code):
    lenient = client("lambda", parameter_validation=False)
    with pytest.raises(ClientError) as refused:
        provision(lenient, alias, count, qualifier)
    assert refused.value.response["Error"]["Code"] == code


def test_more_than_is_reserved_is_refused(functions, alias):
    functions.put_function_concurrency(FunctionName=alias, ReservedConcurrentExecutions=1)
    with pytest.raises(ClientError, match="should not be greater than the reservedConcurrentExecution"):
        provision(functions, alias, 2)


def test_a_function_that_does_not_start_fails_with_its_reason(functions, make_function):
    name = make_function("raise RuntimeError('no weights')")
    version = functions.publish_version(FunctionName=name)["Version"]
    functions.create_alias(FunctionName=name, Name="live", FunctionVersion=version)
    provision(functions, name, 1)
    until(lambda: config(functions, name)["Status"] == "FAILED")
    assert "no weights" in config(functions, name)["StatusReason"]


def test_its_use_is_measured(functions, client, alias):
    provision(functions, alias, 2)
    ready(functions, alias)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: call(functions, alias, 0.5), range(2)))
    now = datetime.now(UTC)

    def most(metric: str, **dimensions: str) -> float:
        points = client("cloudwatch").get_metric_statistics(
            Namespace="AWS/Lambda",
            MetricName=metric,
            Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
            StartTime=now - timedelta(minutes=5),
            EndTime=now + timedelta(minutes=5),
            Period=600,
            Statistics=["Maximum"],
        )["Datapoints"]
        return max(point["Maximum"] for point in points)

    of_alias = {"FunctionName": alias, "Resource": f"{alias}:live"}
    assert most("ProvisionedConcurrencyUtilization", **of_alias) == 1.0
    assert most("ConcurrentExecutions", FunctionName=alias) == 2
    assert most("ProvisionedConcurrencySpilloverInvocations", **of_alias) == 0


def test_capacity_is_that_of_the_alias():
    from infra.local.overlay import provisioned

    with pytest.raises(LookupError, match="function:absent:live"):
        provisioned.capacity("123456789012", "us-east-1", "absent", "live")
