"""Application Auto Scaling through boto3: what is kept, what AWS refuses, and endpoints that really change."""

from datetime import UTC, datetime

import pytest
from botocore.exceptions import ClientError

from tests.infra.local.conftest import new_name

DIMENSION = "sagemaker:variant:DesiredInstanceCount"
INVOCATIONS = {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"}


@pytest.fixture(scope="module")
def scaling(client):
    return client("application-autoscaling")


@pytest.fixture
def place(make_endpoint) -> dict[str, str]:
    """The target of a new endpoint's variant."""
    return place_of(make_endpoint())


@pytest.fixture
def registered(scaling, place) -> dict[str, str]:
    """It, registered."""
    scaling.register_scalable_target(**place, MinCapacity=1, MaxCapacity=4)
    return place


def place_of(endpoint: str) -> dict[str, str]:
    return {
        "ServiceNamespace": "sagemaker",
        "ResourceId": f"endpoint/{endpoint}/variant/AllTraffic",
        "ScalableDimension": DIMENSION,
    }


def refusal(call, **request) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**request)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def code_of(call, **request) -> str:
    return refusal(call, **request)[0]


def tracking(place: dict[str, str], name: str = "track", **changes) -> dict:
    configuration = {"TargetValue": 200.0, "PredefinedMetricSpecification": INVOCATIONS, **changes}
    return {
        **place,
        "PolicyName": name,
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": {k: v for k, v in configuration.items() if v is not None},
    }


def steps(place: dict[str, str], *adjustments: dict, **changes) -> dict:
    configuration = {
        "AdjustmentType": "ChangeInCapacity",
        "StepAdjustments": list(adjustments),
        "Cooldown": 60,
        **changes,
    }
    return {
        **place,
        "PolicyName": "steps",
        "PolicyType": "StepScaling",
        "StepScalingPolicyConfiguration": configuration,
    }


UP = {"MetricIntervalLowerBound": 0.0, "ScalingAdjustment": 1}


def test_tags(scaling, place):
    answer = scaling.register_scalable_target(
        **place, MinCapacity=1, MaxCapacity=4, Tags={"a": "1", "b": "2"}
    )
    arn = answer["ScalableTargetARN"]
    scaling.tag_resource(ResourceARN=arn, Tags={"c": "3"})
    scaling.untag_resource(ResourceARN=arn, TagKeys=["a"])
    assert scaling.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"b": "2", "c": "3"}
    assert code_of(scaling.list_tags_for_resource, ResourceARN=arn + "x") == "ResourceNotFoundException"


@pytest.mark.parametrize("resource", ["endpoint/none/variant/AllTraffic", "endpoint/none", "thing"])
def test_a_target_that_does_not_exist(scaling, resource):
    request = {"ServiceNamespace": "sagemaker", "ResourceId": resource, "ScalableDimension": DIMENSION}
    assert refusal(scaling.register_scalable_target, **request, MinCapacity=1, MaxCapacity=2) == (
        "ValidationException",
        f"SageMaker endpoint variant doesn't exist: {resource}",
    )


def test_a_target_of_a_variant_that_does_not_exist(scaling, place):
    wrong = {**place, "ResourceId": place["ResourceId"].replace("AllTraffic", "Other")}
    assert code_of(scaling.register_scalable_target, **wrong, MinCapacity=1, MaxCapacity=2) == (
        "ValidationException"
    )


@pytest.mark.parametrize(
    ("changes", "bounds", "words"),
    [
        ({}, {"MinCapacity": 3, "MaxCapacity": 2}, "Maximum capacity cannot be less than minimum capacity."),
        ({}, {"MinCapacity": 0, "MaxCapacity": 2}, "Minimum capacity cannot be less than 1"),
        ({}, {"MinCapacity": 1}, "Both MinCapacity and MaxCapacity must be specified"),
        (
            {"ServiceNamespace": "lambda"},
            {"MinCapacity": 1, "MaxCapacity": 2},
            "Unsupported service namespace",
        ),
        (
            {"ScalableDimension": "sagemaker:variant:DesiredProvisionedConcurrency"},
            {"MinCapacity": 1, "MaxCapacity": 2},
            "SageMaker endpoint variant doesn't exist",
        ),
    ],
)
def test_targets_that_are_refused(scaling, place, changes, bounds, words):
    code, message = refusal(scaling.register_scalable_target, **{**place, **changes, **bounds})
    assert code == "ValidationException" and words in message


def test_a_burstable_type_is_not_scaled(scaling, sagemaker, make_config, settle):
    name = new_name("endpoint")
    config = make_config(changes={"InstanceType": "ml.t2.medium"})
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=config)
    settle(name)
    code, message = refusal(scaling.register_scalable_target, **place_of(name), MinCapacity=1, MaxCapacity=2)
    assert code == "ValidationException" and "burstable instance type ml.t2.medium" in message


def test_what_is_not_modelled_says_so(scaling):
    request = {
        "ServiceNamespace": "ecs",
        "ResourceId": "service/a/b",
        "ScalableDimension": "ecs:service:DesiredCount",
    }
    assert (
        code_of(scaling.register_scalable_target, **request, MinCapacity=1, MaxCapacity=2) == "NotImplemented"
    )


def test_what_is_not_registered_is_not_found(scaling, place):
    assert code_of(scaling.deregister_scalable_target, **place) == "ObjectNotFoundException"
    assert code_of(scaling.put_scaling_policy, **tracking(place)) == "ObjectNotFoundException"
    action = {"ScheduledActionName": "none"}
    plan = {"Schedule": "rate(1 day)", "ScalableTargetAction": {"MinCapacity": 1}}
    assert code_of(scaling.put_scheduled_action, **place, **action, **plan) == "ObjectNotFoundException"
    scaling.register_scalable_target(**place, MinCapacity=1, MaxCapacity=2)
    assert code_of(scaling.delete_scaling_policy, **place, PolicyName="none") == "ObjectNotFoundException"
    assert code_of(scaling.delete_scheduled_action, **place, **action) == "ObjectNotFoundException"


def test_a_target_is_described_and_updated_in_part(scaling, registered):
    scaling.register_scalable_target(
        **registered, MaxCapacity=6, SuspendedState={"DynamicScalingInSuspended": True}
    )
    found = scaling.describe_scalable_targets(
        ServiceNamespace="sagemaker", ResourceIds=[registered["ResourceId"]], ScalableDimension=DIMENSION
    )
    (target,) = found["ScalableTargets"]
    assert (target["MinCapacity"], target["MaxCapacity"]) == (1, 6)
    assert target["SuspendedState"] == {
        "DynamicScalingInSuspended": True,
        "DynamicScalingOutSuspended": False,
        "ScheduledScalingSuspended": False,
    }
    assert target["RoleARN"].endswith("AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint")


def test_a_policy_makes_its_alarms_and_takes_them_along(client, scaling, registered):
    answer = scaling.put_scaling_policy(**tracking(registered))
    names = [alarm["AlarmName"] for alarm in answer["Alarms"]]
    found = client("cloudwatch").describe_alarms(AlarmNames=names)["MetricAlarms"]
    assert sorted(alarm["AlarmArn"] for alarm in found) == sorted(one["AlarmARN"] for one in answer["Alarms"])
    high = next(alarm for alarm in found if "AlarmHigh" in alarm["AlarmName"])
    _, endpoint, _, variant = registered["ResourceId"].split("/")
    assert high["Dimensions"] == [
        {"Name": "EndpointName", "Value": endpoint},
        {"Name": "VariantName", "Value": variant},
    ]
    assert (high["MetricName"], high["Statistic"]) == ("InvocationsPerInstance", "Sum")
    assert high["AlarmActions"][0].startswith(answer["PolicyARN"] + ":createdBy/")
    (policy,) = scaling.describe_scaling_policies(
        ServiceNamespace="sagemaker", ResourceId=registered["ResourceId"], PolicyNames=["track"]
    )["ScalingPolicies"]
    sent = tracking(registered)["TargetTrackingScalingPolicyConfiguration"]
    assert policy["TargetTrackingScalingPolicyConfiguration"] == sent
    assert policy["Alarms"] == answer["Alarms"]
    again = scaling.put_scaling_policy(**tracking(registered, TargetValue=100.0, DisableScaleIn=True))
    assert again["PolicyARN"] == answer["PolicyARN"] and len(again["Alarms"]) == 1
    scaling.delete_scaling_policy(**registered, PolicyName="track")
    prefix = f"TargetTracking-{registered['ResourceId']}"
    assert client("cloudwatch").describe_alarms(AlarmNamePrefix=prefix)["MetricAlarms"] == []


@pytest.mark.parametrize(
    ("predefined", "metric", "period", "periods"),
    [
        ("SageMakerVariantInvocationsPerInstance", "InvocationsPerInstance", 60, 15),
        ("SageMakerVariantConcurrentRequestsPerModelHighResolution", "ConcurrentRequestsPerModel", 10, 90),
    ],
)
def test_predefined_metrics(client, scaling, registered, predefined, metric, period, periods):
    request = tracking(registered, PredefinedMetricSpecification={"PredefinedMetricType": predefined})
    names = [alarm["AlarmName"] for alarm in scaling.put_scaling_policy(**request)["Alarms"]]
    low = client("cloudwatch").describe_alarms(AlarmNames=[names[1]])["MetricAlarms"][0]
    assert (low["MetricName"], low["Period"], low["EvaluationPeriods"]) == (metric, period, periods)
    assert low["Threshold"] == 180


OWN = {"MetricName": "queue", "Namespace": "Mine", "Statistic": "Average"}


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda place: tracking(place, "second"), "Only one TargetTrackingScaling policy for a given metric"),
        (
            lambda place: tracking(
                place,
                "other",
                PredefinedMetricSpecification={
                    "PredefinedMetricType": "LambdaProvisionedConcurrencyUtilization"
                },
            ),
            "LambdaProvisionedConcurrencyUtilization is not supported for sagemaker:variant",
        ),
        (lambda place: tracking(place, "both", CustomizedMetricSpecification=OWN), "Exactly one of"),
        (lambda place: tracking(place, "none", PredefinedMetricSpecification=None), "Exactly one of"),
        (lambda place: tracking(place, "zero", TargetValue=0.0), "TargetValue"),
        (lambda place: steps(place), "at least one"),
        (lambda place: steps(place, {"ScalingAdjustment": 1}), "bounds must be specified"),
        (lambda place: steps(place, UP, {**UP, "MetricIntervalLowerBound": 5.0}), "overlap"),
        (
            lambda place: steps(
                place,
                {**UP, "MetricIntervalUpperBound": 5.0},
                {"MetricIntervalLowerBound": 6.0, "ScalingAdjustment": 2},
            ),
            "gap",
        ),
        (lambda place: steps(place, UP, MinAdjustmentMagnitude=2), "MinAdjustmentMagnitude"),
    ],
)
def test_policies_that_are_refused(scaling, registered, make, words):
    scaling.put_scaling_policy(**tracking(registered))
    code, message = refusal(scaling.put_scaling_policy, **make(registered))
    assert code == "ValidationException" and words in message


def test_several_policies_of_other_metrics_and_kinds(scaling, registered):
    scaling.put_scaling_policy(**tracking(registered))
    scaling.put_scaling_policy(
        **tracking(registered, "own", PredefinedMetricSpecification=None, CustomizedMetricSpecification=OWN)
    )
    answer = scaling.put_scaling_policy(**steps(registered, UP))
    assert answer["Alarms"] == []
    found = scaling.describe_scaling_policies(
        ServiceNamespace="sagemaker", ResourceId=registered["ResourceId"]
    )
    assert {one["PolicyName"] for one in found["ScalingPolicies"]} == {"track", "own", "steps"}
    page = scaling.describe_scaling_policies(ServiceNamespace="sagemaker", MaxResults=1)
    assert len(page["ScalingPolicies"]) == 1 and "NextToken" in page


def test_everything_goes_with_its_target(client, scaling, registered):
    scaling.put_scaling_policy(**tracking(registered))
    plan = {"Schedule": "rate(1 day)", "ScalableTargetAction": {"MinCapacity": 1}}
    scaling.put_scheduled_action(**registered, ScheduledActionName="plan", **plan)
    scaling.deregister_scalable_target(**registered)
    where = {"ServiceNamespace": "sagemaker", "ResourceId": registered["ResourceId"]}
    assert scaling.describe_scaling_policies(**where)["ScalingPolicies"] == []
    assert scaling.describe_scheduled_actions(**where)["ScheduledActions"] == []
    prefix = f"TargetTracking-{registered['ResourceId']}"
    assert client("cloudwatch").describe_alarms(AlarmNamePrefix=prefix)["MetricAlarms"] == []


def test_a_scheduled_action_is_kept_as_sent_and_updated_in_part(scaling, registered):
    start = datetime(2027, 1, 1, tzinfo=UTC)
    scaling.put_scheduled_action(
        **registered,
        ScheduledActionName="plan",
        Schedule="cron(0 7 ? * MON-FRI *)",
        Timezone="Europe/Berlin",
        StartTime=start,
        ScalableTargetAction={"MinCapacity": 2, "MaxCapacity": 4},
    )
    scaling.put_scheduled_action(
        **registered, ScheduledActionName="plan", ScalableTargetAction={"MinCapacity": 3}
    )
    (plan,) = scaling.describe_scheduled_actions(
        ServiceNamespace="sagemaker", ResourceId=registered["ResourceId"], ScheduledActionNames=["plan"]
    )["ScheduledActions"]
    assert plan["ScalableTargetAction"] == {"MinCapacity": 3}
    assert (plan["Schedule"], plan["Timezone"], plan["StartTime"]) == (
        "cron(0 7 ? * MON-FRI *)",
        "Europe/Berlin",
        start,
    )
    assert "EndTime" not in plan


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"Schedule": "cron(0 7 * * *)"}, "fields"),
        ({"Schedule": "daily"}, "no schedule"),
        ({"Timezone": "Mars/Olympus"}, "no time zone"),
        ({"ScalableTargetAction": {"MinCapacity": 3, "MaxCapacity": 2}}, "Maximum capacity"),
    ],
)
def test_scheduled_actions_that_are_refused(scaling, registered, changes, words):
    plan = {"Schedule": "rate(1 day)", "ScalableTargetAction": {"MinCapacity": 1}, **changes}
    code, message = refusal(scaling.put_scheduled_action, **registered, ScheduledActionName="plan", **plan)
    assert code == "ValidationException" and words in message


@pytest.mark.parametrize("changes", [{"InstanceType": "ml.m5.xlarge"}, {"VariantName": "Other"}])
def test_an_update_neither_moves_nor_removes_what_is_scaled(
    scaling, sagemaker, registered, make_config, settle, changes
):
    endpoint = registered["ResourceId"].split("/")[1]
    code, message = refusal(
        sagemaker.update_endpoint, EndpointName=endpoint, EndpointConfigName=make_config(changes=changes)
    )
    assert (
        code == "ValidationException" and '"AllTraffic" must be deregistered as scalable targets' in message
    )
    sagemaker.update_endpoint(
        EndpointName=endpoint, EndpointConfigName=make_config()
    )  # another model may come
    settle(endpoint)
    scaling.deregister_scalable_target(**registered)
    sagemaker.update_endpoint(EndpointName=endpoint, EndpointConfigName=make_config(changes=changes))
    assert settle(endpoint)[0][-1] == "InService"
