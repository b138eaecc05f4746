"""Scaling is taken off an endpoint for a moment, and is then as it was."""

import copy
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from infra.connection import Connection
from infra.operations import scaling

ENDPOINT = "dev-shop-rank"
POLICY = "arn:aws:autoscaling:us-east-1:123456789012:scalingPolicy:policy"
TOPIC = "arn:aws:sns:us-east-1:123456789012:topic"
HERE = {
    "ServiceNamespace": "sagemaker",
    "ResourceId": f"endpoint/{ENDPOINT}/variant/AllTraffic",
    "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
}
STEPS = {
    "AdjustmentType": "ChangeInCapacity",
    "StepAdjustments": [{"MetricIntervalLowerBound": 0.0, "ScalingAdjustment": 1}],
    "Cooldown": 60,
}


class Account:
    """A registered endpoint with a step policy and an action, as far as boto3 sees it; each policy has another ARN."""

    def __init__(self) -> None:
        self.target: dict[str, Any] | None = {
            **HERE, "MinCapacity": 1, "MaxCapacity": 4, "RoleARN": "arn:slr", "ScalableTargetARN": "arn:target",
        }  # fmt: skip
        self.tags = {"modelyard:stack": "shop"}
        self.policies = [
            {**HERE, "PolicyName": "steps", "PolicyARN": f"{POLICY}-0", "PolicyType": "StepScaling",
             "StepScalingPolicyConfiguration": STEPS, "CreationTime": 1, "Alarms": []},
        ]  # fmt: skip
        self.actions = [
            {**HERE, "ScheduledActionName": "monday", "Schedule": "cron(0 7 ? * MON *)", "Timezone": "Europe/Berlin",
             "ScheduledActionARN": "arn:a", "CreationTime": 1, "ScalableTargetAction": {"MinCapacity": 2}},
        ]  # fmt: skip
        self.made = 0
        self.is_refusing = False

    def describe_scalable_targets(self, ServiceNamespace: str, ResourceIds: list[str]) -> dict[str, Any]:
        there = self.target is not None and ResourceIds == [HERE["ResourceId"]]
        return {"ScalableTargets": [self.target] if there else []}

    def describe_scaling_policies(self, **given: Any) -> dict[str, Any]:
        assert given == HERE
        return {"ScalingPolicies": copy.deepcopy(self.policies)}

    def describe_scheduled_actions(self, **given: Any) -> dict[str, Any]:
        return {"ScheduledActions": copy.deepcopy(self.actions)}

    def deregister_scalable_target(self, **given: Any) -> None:
        assert given == HERE
        self.target, self.policies, self.actions, self.tags = None, [], [], {}

    def list_tags_for_resource(self, ResourceARN: str) -> dict[str, Any]:
        assert ResourceARN == "arn:target"
        return {"Tags": self.tags}

    def register_scalable_target(self, Tags: dict[str, str], **given: Any) -> None:
        if self.is_refusing:
            raise ClientError({"Error": {"Code": "ValidationException", "Message": "no"}}, "Register")
        self.target, self.tags = {**given, "RoleARN": "arn:slr", "ScalableTargetARN": "arn:target"}, Tags

    def put_scaling_policy(self, **given: Any) -> dict[str, Any]:
        assert self.target is not None
        self.made += 1
        arn = f"{POLICY}-{self.made}"
        self.policies.append({**given, "PolicyARN": arn, "CreationTime": 1, "Alarms": []})
        return {"PolicyARN": arn}

    def put_scheduled_action(self, **given: Any) -> None:
        self.actions.append({**given, "ScheduledActionARN": "arn:a", "CreationTime": 1})


class Connected(Connection):
    """An account, and CloudWatch by moto."""

    def __init__(self, environment, account: Account) -> None:
        super().__init__(environment, {})
        object.__setattr__(self, "account", account)

    def client(self, service: str) -> Any:
        if service == "cloudwatch":
            return boto3.client(service, "us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
        return self.account


@pytest.fixture
def alarm():
    """An alarm that calls the step policy, and something else."""
    with mock_aws():
        cloudwatch = boto3.client("cloudwatch", "us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
        cloudwatch.put_metric_alarm(
            AlarmName="busy", MetricName="CPUUtilization", Namespace="/aws/sagemaker/Endpoints", Statistic="Average",
            Period=60, EvaluationPeriods=2, Threshold=70.0, ComparisonOperator="GreaterThanThreshold",
            Dimensions=[{"Name": "EndpointName", "Value": ENDPOINT}], AlarmActions=[f"{POLICY}-0", TOPIC],
        )  # fmt: skip
        yield lambda: cloudwatch.describe_alarms(AlarmNames=["busy"])["MetricAlarms"][0]


def known(account: Account) -> tuple[Any, ...]:
    """All of an account but the policies' ARNs."""
    policies = [{key: value for key, value in one.items() if key != "PolicyARN"} for one in account.policies]
    return account.target, policies, account.actions, account.tags


@pytest.mark.parametrize("ends_well", [True, False])
def test_it_is_off_in_between_and_then_as_it_was_however_that_ends(environment, alarm, ends_well):
    account, said = Account(), []
    before, watched = copy.deepcopy(known(account)), alarm()

    def change() -> None:
        with scaling.suspended([ENDPOINT], Connected(environment, account), said.append):
            assert known(account) == (None, [], [], {})
            if not ends_well:
                raise ZeroDivisionError

    if ends_well:
        change()
    else:
        with pytest.raises(ZeroDivisionError):
            change()
    assert known(account) == before
    assert alarm()["AlarmActions"] == [f"{POLICY}-1", TOPIC]
    for key in ("MetricName", "Threshold", "Dimensions", "Period", "EvaluationPeriods", "ComparisonOperator"):
        assert alarm()[key] == watched[key]
    assert [line.split(":")[0] for line in said] == [ENDPOINT, ENDPOINT]


def test_nothing_is_done_to_what_is_not_scaled(environment):
    account = Account()
    account.target = None
    said: list[str] = []
    with scaling.suspended([ENDPOINT], Connected(environment, account), said.append):
        pass
    assert said == [] and account.target is None and account.made == 0


def test_what_cannot_be_put_back_is_told_and_hides_nothing(environment):
    account, said = Account(), []
    account.is_refusing = True
    with (
        pytest.raises(ZeroDivisionError),
        scaling.suspended([ENDPOINT], Connected(environment, account), said.append),
    ):
        raise ZeroDivisionError
    assert said[-1].startswith(f"{ENDPOINT} could not be registered as scalable again: ")
    assert said[-1].endswith("Deploy once more.")
