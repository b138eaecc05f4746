"""An endpoint scales with its requests, its bounds and its timetables, on a clock that the test drives."""

import pytest

from tests.infra.local.conftest import RUNTIME, make_role, packed_tar, packed_zip, until
from tests.infra.local.test_scaling import UP, place_of, refusal, steps, tracking


@pytest.fixture(scope="module")
def endpoint(by_hand) -> str:
    sagemaker = by_hand.client("sagemaker")
    role = make_role(by_hand.client("iam"), "scaled", "sagemaker.amazonaws.com")
    by_hand.client("s3").create_bucket(Bucket="scaled")
    by_hand.client("s3").put_object(Bucket="scaled", Key="model.tar.gz", Body=packed_tar({"w": b"1"}))
    container = {"Image": "i", "ModelDataUrl": "s3://scaled/model.tar.gz"}
    sagemaker.create_model(ModelName="scaled", ExecutionRoleArn=role, PrimaryContainer=container)
    variant = {
        "VariantName": "AllTraffic",
        "ModelName": "scaled",
        "InstanceType": "ml.m5.large",
        "InitialInstanceCount": 1,
    }
    sagemaker.create_endpoint_config(EndpointConfigName="scaled", ProductionVariants=[variant])
    sagemaker.create_endpoint(EndpointName="scaled", EndpointConfigName="scaled")
    until(lambda: described(by_hand)["EndpointStatus"] == "InService")
    return "scaled"


def described(by_hand) -> dict:
    return by_hand.client("sagemaker").describe_endpoint(EndpointName="scaled")


def beat(by_hand, seconds: float) -> None:
    """Let time pass, and let the endpoint come to where it has to be."""
    for _ in range(round(seconds / 60) or 1):
        by_hand.clock.advance(min(seconds, 60))
        until(lambda: described(by_hand)["EndpointStatus"] == "InService")


def count(by_hand) -> int:
    return described(by_hand)["ProductionVariants"][0]["CurrentInstanceCount"]


def test_it_follows_its_requests_up_and_their_absence_down(by_hand, endpoint):
    scaling, runtime = by_hand.client("application-autoscaling"), by_hand.client("sagemaker-runtime")
    where = place_of(endpoint)
    scaling.register_scalable_target(**where, MinCapacity=1, MaxCapacity=3)
    scaling.put_scaling_policy(**tracking(where, TargetValue=5.0, ScaleInCooldown=0))
    by_hand.clock.advance(60 - by_hand.clock.now().timestamp() % 60)
    for _ in range(3):
        for _ in range(10):
            runtime.invoke_endpoint(EndpointName=endpoint, Body=b"x")
        beat(by_hand, 60)
    assert count(by_hand) == 2
    beat(by_hand, 20 * 60)
    assert count(by_hand) == 1  # by the zeros that SageMaker publishes
    first, second = scaling.describe_scaling_activities(**where)["ScalingActivities"]
    assert (second["Description"], second["StatusCode"]) == (
        "Setting desired instance count to 2.",
        "Successful",
    )
    assert second["StatusMessage"] == (
        "Successfully set desired instance count to 2. Change successfully fulfilled by sagemaker."
    )
    assert "AlarmLow" in first["Cause"] and first["EndTime"] >= first["StartTime"]


def test_bounds_and_timetables_move_it(by_hand, endpoint):
    scaling, where = by_hand.client("application-autoscaling"), place_of(endpoint)
    scaling.register_scalable_target(**where, MinCapacity=2, MaxCapacity=4)
    beat(by_hand, 20)
    assert count(by_hand) == 2
    plan = {"Schedule": "rate(1 hour)", "ScalableTargetAction": {"MinCapacity": 1, "MaxCapacity": 1}}
    scaling.put_scheduled_action(**where, ScheduledActionName="plan", **plan)
    beat(by_hand, 3600)
    assert count(by_hand) == 1
    newest = scaling.describe_scaling_activities(**where)["ScalingActivities"][:2]
    assert [one["Cause"] for one in newest] == [
        "maximum capacity was set to 1",
        "scheduled action name plan was triggered",
    ]
    (target,) = scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"]
    assert (target["MinCapacity"], target["MaxCapacity"]) == (1, 1)


def test_a_target_goes_with_its_endpoint(by_hand, endpoint):
    by_hand.client("sagemaker").delete_endpoint(EndpointName=endpoint)
    until(lambda: not by_hand.client("sagemaker").list_endpoints()["Endpoints"])
    by_hand.clock.advance(10)
    scaling = by_hand.client("application-autoscaling")
    assert scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"] == []
    assert len(scaling.describe_scaling_activities(**place_of(endpoint))["ScalingActivities"]) >= 4


def test_provisioned_concurrency_of_an_alias_is_scaled(by_hand):
    functions, scaling = by_hand.client("lambda"), by_hand.client("application-autoscaling")
    functions.create_function(
        FunctionName="scaled",
        Role=make_role(by_hand.client("iam"), "scaled-function", "lambda.amazonaws.com"),
        Code={"ZipFile": packed_zip({"app.py": "def handler(event, context): return 1\n"})},
        Runtime=RUNTIME,
        Handler="app.handler",
        Publish=True,
    )
    functions.create_alias(FunctionName="scaled", Name="live", FunctionVersion="1")
    where = {
        "ServiceNamespace": "lambda",
        "ResourceId": "function:scaled:live",
        "ScalableDimension": "lambda:function:ProvisionedConcurrency",
    }
    code, message = refusal(
        scaling.register_scalable_target,
        **{**where, "ResourceId": "function:scaled:$LATEST"},
        MinCapacity=1,
        MaxCapacity=2,
    )
    assert code == "ValidationException" and "alias doesn't exist" in message
    alias = {"FunctionName": "scaled", "Qualifier": "live"}
    functions.put_provisioned_concurrency_config(**alias, ProvisionedConcurrentExecutions=1)

    def provisioned() -> dict:
        return functions.get_provisioned_concurrency_config(**alias)

    until(lambda: provisioned()["Status"] == "READY")
    scaling.register_scalable_target(**where, MinCapacity=1, MaxCapacity=4)
    metric = {"PredefinedMetricType": "LambdaProvisionedConcurrencyUtilization"}
    scaling.put_scaling_policy(
        **tracking(where, TargetValue=0.5, ScaleOutCooldown=300, PredefinedMetricSpecification=metric)
    )
    by_hand.clock.advance(60 - by_hand.clock.now().timestamp() % 60)
    for _ in range(3):
        functions.invoke(**alias, Payload="{}")  # all of the one that is provisioned
        by_hand.clock.advance(60)
    until(lambda: provisioned()["Status"] == "READY")
    assert provisioned()["AllocatedProvisionedConcurrentExecutions"] == 2
    by_hand.clock.advance(10)
    (activity,) = scaling.describe_scaling_activities(**where)["ScalingActivities"]
    assert (activity["Description"], activity["StatusCode"]) == (
        "Setting provisioned concurrency to 2.",
        "Successful",
    )
    # Lambda publishes no utilization while nothing runs: without any traffic AWS never scales in
    by_hand.clock.advance(3600)
    assert provisioned()["RequestedProvisionedConcurrentExecutions"] == 2


def test_provisioned_concurrency_of_a_serverless_variant_is_scaled(by_hand, serverless):
    scaling, where = by_hand.client("application-autoscaling"), place_of(serverless)
    where |= {"ScalableDimension": "sagemaker:variant:DesiredProvisionedConcurrency"}
    scaling.register_scalable_target(**where, MinCapacity=3, MaxCapacity=4)
    by_hand.clock.advance(10)

    def variant() -> dict:
        found = by_hand.client("sagemaker").describe_endpoint(EndpointName=serverless)
        return found["ProductionVariants"][0]

    until(lambda: variant()["CurrentServerlessConfig"]["ProvisionedConcurrency"] == 3)
    by_hand.clock.advance(10)
    (activity,) = scaling.describe_scaling_activities(**where)["ScalingActivities"]
    assert (activity["Description"], activity["Cause"], activity["StatusCode"]) == (
        "Setting desired provisioned concurrency to 3.",
        "minimum capacity was set to 3",
        "Successful",
    )
    for least, shown in ((0, None), (2, 2)):  # off, and on again
        scaling.register_scalable_target(**where, MinCapacity=least, MaxCapacity=least)
        by_hand.clock.advance(10)
        until(lambda: variant()["CurrentServerlessConfig"].get("ProvisionedConcurrency") == shown)  # noqa: B023
        by_hand.clock.advance(10)


@pytest.fixture
def serverless(by_hand, endpoint) -> str:
    """A serverless endpoint of the same model."""
    sagemaker = by_hand.client("sagemaker")
    config = {"MemorySizeInMB": 2048, "MaxConcurrency": 5, "ProvisionedConcurrency": 1}
    variant = {"VariantName": "AllTraffic", "ModelName": "scaled", "ServerlessConfig": config}
    sagemaker.create_endpoint_config(EndpointConfigName="serverless", ProductionVariants=[variant])
    sagemaker.create_endpoint(EndpointName="serverless", EndpointConfigName="serverless")
    until(lambda: sagemaker.describe_endpoint(EndpointName="serverless")["EndpointStatus"] == "InService")
    return "serverless"


@pytest.fixture
def asynchronous(by_hand, endpoint) -> str:
    """An asynchronous endpoint of the same model, with AWS's recipe for going down to zero."""
    sagemaker, scaling = by_hand.client("sagemaker"), by_hand.client("application-autoscaling")
    variant = {
        "VariantName": "AllTraffic",
        "ModelName": "scaled",
        "InstanceType": "ml.m5.large",
        "InitialInstanceCount": 1,
    }
    output = {"OutputConfig": {"S3OutputPath": "s3://scaled/out/"}}
    sagemaker.create_endpoint_config(
        EndpointConfigName="queue", ProductionVariants=[variant], AsyncInferenceConfig=output
    )
    sagemaker.create_endpoint(EndpointName="queue", EndpointConfigName="queue")
    until(lambda: sagemaker.describe_endpoint(EndpointName="queue")["EndpointStatus"] == "InService")
    where = place_of("queue")
    scaling.register_scalable_target(**where, MinCapacity=0, MaxCapacity=2)
    dimension = {"Name": "EndpointName", "Value": "queue"}
    backlog = {
        "MetricName": "ApproximateBacklogSizePerInstance",
        "Namespace": "AWS/SageMaker",
        "Dimensions": [dimension],
        "Statistic": "Average",
    }
    scaling.put_scaling_policy(
        **tracking(
            where, TargetValue=5.0, PredefinedMetricSpecification=None, CustomizedMetricSpecification=backlog
        )
    )
    wake = scaling.put_scaling_policy(**steps(where, UP))
    by_hand.client("cloudwatch").put_metric_alarm(
        AlarmName="queue-wake-up",
        Namespace="AWS/SageMaker",
        MetricName="HasBacklogWithoutCapacity",
        Dimensions=[dimension],
        Statistic="Average",
        Period=60,
        EvaluationPeriods=2,
        Threshold=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        AlarmActions=[wake["PolicyARN"]],
    )
    return "queue"


def test_an_asynchronous_endpoint_sleeps_at_zero_and_its_alarm_wakes_it(by_hand, asynchronous):
    sagemaker, cloudwatch = by_hand.client("sagemaker"), by_hand.client("cloudwatch")

    def instances() -> int:
        found = sagemaker.describe_endpoint(EndpointName=asynchronous)
        return found["ProductionVariants"][0]["CurrentInstanceCount"]

    def minutes(count: int) -> list[int]:
        seen = []
        for _ in range(count):
            by_hand.clock.advance(60)
            until(
                lambda: (
                    sagemaker.describe_endpoint(EndpointName=asynchronous)["EndpointStatus"] == "InService"
                )
            )
            seen.append(instances())
        return seen

    assert minutes(20)[-1] == 0
    by_hand.client("s3").put_object(Bucket="scaled", Key="in", Body=b"x")

    def invoke() -> None:
        by_hand.client("sagemaker-runtime").invoke_endpoint_async(
            EndpointName=asynchronous, InputLocation="s3://scaled/in"
        )

    cloudwatch.disable_alarm_actions(AlarmNames=["queue-wake-up"])
    invoke()
    assert set(minutes(10)) == {0}  # without the alarm's action nothing wakes it
    cloudwatch.enable_alarm_actions(AlarmNames=["queue-wake-up"])
    assert 1 in minutes(3)
    listed = by_hand.client("s3").list_objects_v2
    until(lambda: listed(Bucket="scaled", Prefix="out/").get("KeyCount") == 1)
    assert minutes(25)[-1] == 0
