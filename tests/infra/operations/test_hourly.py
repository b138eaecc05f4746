"""What is recorded of a stack's sleep is what the blueprint of the sleeping stack lacks."""

import json

import boto3
import pytest
from moto import mock_aws

from infra.blueprint import RENDERERS, blueprint
from infra.blueprint.sleep import goes
from infra.ledger import Ledger
from infra.operations import hourly
from infra.operations.watchman.deletions import BILLED, DELETIONS, GO_ALONG
from tests.infra.blueprint.test_sleep import EVERY, STEPS, UTILIZATION
from tests.infra.conftest import function, realtime, serverless

KEYS = {
    "rank": "models/tiny/1/model.tar.gz",
    "rank-small": "models/tiny/2/function.zip",
    "rare": "models/tiny/1/m",
}


@pytest.mark.parametrize("workload", EVERY, ids=lambda one: type(one).__name__)
def test_every_type_that_goes_is_removed_or_goes_along(make_stack, workload):
    stack = make_stack(workload)
    whole = RENDERERS[type(workload)](stack, workload, "models/tiny/1/any")
    types = {one.type for one in goes(workload, whole)}
    # A job's timetable costs nothing, and starts jobs that are somebody's use.
    assert types <= DELETIONS.keys() | GO_ALONG | {"aws_scheduler_schedule"}
    recorded = hourly.of(stack, {workload.name: "models/tiny/1/any"})[workload.name]
    assert {type for type, _ in recorded} == types & DELETIONS.keys()
    assert sum(type in BILLED for type, _ in recorded) == bool(recorded)


def test_it_is_named_as_aws_has_it_and_what_was_made_last_goes_first(make_stack):
    stack = make_stack(
        realtime(autoscaling=[STEPS], alarms={"p99_latency_ms": 500}),
        function(provisioned_concurrency=1, autoscaling=UTILIZATION),
        serverless(),
    )
    assert hourly.of(stack, KEYS) == {
        "rank": [
            ("aws_cloudwatch_metric_alarm", "dev-shop-rank-steps"),
            (
                "aws_appautoscaling_target",
                "sagemaker/endpoint/dev-shop-rank/variant/AllTraffic/sagemaker:variant:DesiredInstanceCount",
            ),
            ("aws_sagemaker_endpoint", "dev-shop-rank"),
            ("aws_cloudwatch_metric_alarm", "dev-shop-rank-errors"),
            ("aws_cloudwatch_metric_alarm", "dev-shop-rank-latency"),
        ],
        "rank-small": [
            (
                "aws_appautoscaling_target",
                "lambda/function:dev-shop-rank-small:live/lambda:function:ProvisionedConcurrency",
            ),
            ("aws_lambda_provisioned_concurrency_config", "dev-shop-rank-small,live"),
        ],
        "rare": [],
    }


def test_no_output_changes_when_it_sleeps(make_stack):
    """Else a plan of what the watchman has put to sleep would have changes."""
    stack = make_stack(realtime(), function())
    awake, asleep = blueprint(stack, KEYS).outputs, blueprint(stack, KEYS, ["rank", "rank-small"]).outputs
    assert set(awake) == set(asleep)
    assert asleep["rank_endpoint_name"] == "dev-shop-rank"


def test_the_ledger_gives_it_back_and_forgets_it_with_its_stack():
    with mock_aws():
        s3 = boto3.client("s3", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="s")
        s3.create_bucket(Bucket="bucket")
        ledger = Ledger(s3, "bucket")
        assert ledger.hourly("shop") is None
        written = {"rank": [("aws_sagemaker_endpoint", "dev-shop-rank")], "rare": []}
        ledger.write_hourly("shop", written)
        assert ledger.hourly("shop") == written
        assert json.loads(s3.get_object(Bucket="bucket", Key="hourly/shop.json")["Body"].read())["rare"] == []
        ledger.remove("shop")
        assert ledger.hourly("shop") is None
        ledger.write_schedule({"expression": "rate(1 hour)"})
        s3.put_object(Bucket="bucket", Key="idle/code/1.zip", Body=b"")
        s3.put_object(Bucket="bucket", Key="idle/code/2.zip", Body=b"")
        ledger.clear("idle/code/", keep="idle/code/2.zip")
        ledger.forget_schedule()
        (left,) = s3.list_objects_v2(Bucket="bucket")["Contents"]
        assert ledger.schedule() is None and left["Key"] == "idle/code/2.zip"
