"""The watchman as Lambda runs it: its zip, on the embedded AWS, over endpoints that nobody uses."""

import io
import json
import time
from dataclasses import dataclass
from typing import Any

import pytest

from infra.ledger import Deployed, Ledger
from infra.operations.idle import KEEP, IdleRule
from infra.operations.watchman import handler, package
from infra.operations.watchman.settings import Settings
from tests.infra.local.conftest import RUNTIME, new_name

HOURS = 0.0001


@dataclass
class Watched:
    """An environment of one stack: its bucket with what is recorded, and the watchman's function."""

    client: Any
    bucket: str
    function: str

    @property
    def ledger(self) -> Ledger:
        return Ledger(self.client("s3"), self.bucket)

    def go_round(self) -> tuple[dict, bool]:
        """What a round returned, and whether it failed."""
        answer = self.client("lambda").invoke(FunctionName=self.function, Payload=b"{}")
        return json.loads(answer["Payload"].read()), "FunctionError" in answer

    def written(self) -> list[dict]:
        """What the rounds wrote."""
        s3 = self.client("s3")
        keys = [
            one["Key"]
            for one in s3.list_objects_v2(Bucket=self.bucket, Prefix="idle/log/").get("Contents", ())
        ]
        return [json.loads(s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()) for key in keys]

    def lives(self, endpoint: str) -> bool:
        found = self.client("sagemaker").list_endpoints(NameContains=endpoint)["Endpoints"]
        return any(one["EndpointStatus"] == "InService" for one in found)


@pytest.fixture
def watch(client, functions, function_role):
    """Makes the environment, with a watchman over `endpoints`; what of each goes is its endpoint, or what is given."""

    def make(*endpoints: str, armed: bool, most: int = 5, **goes: list[tuple[str, str]]) -> Watched:
        bucket = new_name("watched")
        client("s3").create_bucket(Bucket=bucket)
        made = Watched(client, bucket, new_name("watchman"))
        made.ledger.write(
            "shop", [Deployed("shop", name, "RealtimeEndpoint", name, "any") for name in endpoints]
        )
        own = {name: [("aws_sagemaker_endpoint", name)] for name in endpoints}
        made.ledger.write_hourly("shop", own | {name.replace("_", "-"): one for name, one in goes.items()})
        code = io.BytesIO()
        package.write(code)
        functions.create_function(
            FunctionName=made.function,
            Role=function_role,
            Runtime=RUNTIME,
            Handler="infra.operations.watchman.handler.handler",
            Code={"ZipFile": code.getvalue()},
            Timeout=60,
            MemorySize=256,
            Environment={"Variables": Settings("local", bucket, IdleRule(HOURS, 0), most, armed).variables()},
        )
        return made

    return make


def test_it_tells_then_puts_to_sleep_what_is_idle_and_keeps_what_is_kept(client, make_endpoint, watch):
    idle, kept = make_endpoint(), make_endpoint()
    arn = client("sagemaker").describe_endpoint(EndpointName=kept)["EndpointArn"]
    client("sagemaker").add_tags(ResourceArn=arn, Tags=[{"Key": KEEP, "Value": ""}])
    target = {
        "ServiceNamespace": "sagemaker",
        "ResourceId": f"endpoint/{idle}/variant/AllTraffic",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
    }
    scaling = client("application-autoscaling")
    scaling.register_scalable_target(**target, MinCapacity=1, MaxCapacity=2)
    goes = [
        ("aws_appautoscaling_target", "/".join(target.values())),
        ("aws_sagemaker_endpoint", idle),
        ("aws_cloudwatch_metric_alarm", f"{idle}-gone-already"),
    ]
    time.sleep(1)  # longer than the rule asks
    for armed, outcome in ((False, "would be put to sleep"), (True, "put to sleep")):
        watched = watch(idle, kept, armed=armed, **{idle.replace("-", "_"): goes})
        did, failed = watched.go_round()
        assert not failed, did
        assert {one["name"]: one["outcome"] for one in did["workloads"]} == {idle: outcome, kept: "kept"}
        assert (did["armed"], did["max"], did["environment"]) == (armed, 5, "local")
        assert watched.written() == [did]
        assert watched.ledger.asleep("shop") == (frozenset({idle}) if armed else frozenset())
        assert watched.lives(kept) and watched.lives(idle) is not armed
    left = scaling.describe_scalable_targets(ServiceNamespace="sagemaker", ResourceIds=[target["ResourceId"]])
    assert left["ScalableTargets"] == []
    assert {one["outcome"] for one in watched.go_round()[0]["workloads"]} == {"asleep", "kept"}


def test_what_goes_wrong_with_one_is_told_at_the_end_and_stops_no_other(make_endpoint, watch):
    wrong, right = make_endpoint(), make_endpoint()
    time.sleep(1)
    watched = watch(
        wrong, right, armed=True, **{wrong.replace("-", "_"): [("aws_appautoscaling_target", "nonsense")]}
    )
    error, failed = watched.go_round()
    assert failed and error["errorType"] == "RoundFailed"
    assert error["errorMessage"].startswith(f"{wrong}: ") and right not in error["errorMessage"]
    (did,) = watched.written()
    assert {one["name"]: one["outcome"] for one in did["workloads"]} == {
        wrong: "failed",
        right: "put to sleep",
    }


def test_an_invocation_that_lambda_repeats_does_nothing(watch):
    watched = watch(armed=True)
    aws = handler.Clients(handler.Bucket(watched.bucket), {"s3": watched.client("s3")})
    assert handler._begins(aws, watched.bucket, "idle/log/one.json")
    assert not handler._begins(aws, watched.bucket, "idle/log/one.json")
