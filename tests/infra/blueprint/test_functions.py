"""A function with every setting, as Terraform gets it."""

import pytest

from infra import Alarms, FunctionUrl, Network, TargetTracking
from infra.blueprint.resource import Ref
from tests.infra.blueprint.conftest import only, statements
from tests.infra.conftest import function

ZIP, LAYER = (
    f"models/tiny/{'a' * 64}/function.zip",
    f"models/tiny/{'a' * 64}/function-python3.11-x86_64.tar.gz",
)
IMAGE = f"111122223333.dkr.ecr.us-east-1.amazonaws.com/modelyard-dev:tiny-{'a' * 64}"
KEY = "arn:aws:kms:us-east-1:111122223333:key/1234"
VPC = Network(subnet_ids=("subnet-1", "subnet-2"), security_group_ids=("sg-1",))


def arguments(made) -> dict:
    return dict(only(made, "aws_lambda_function").arguments)


def test_a_plain_function_says_no_more_than_it_must(render):
    assert arguments(render(function(), ZIP)) == {
        "function_name": "dev-shop-rank-small",
        "role": Ref("aws_iam_role", "rank-small", "arn"),
        "architectures": ["x86_64"],
        "runtime": "python3.11",
        "handler": "modelyard_host.aws_lambda.handler",
        "s3_bucket": "modelyard-dev-111122223333-us-east-1",
        "s3_key": ZIP,
        "memory_size": 1024,
        "timeout": 30,
        "publish": True,
        "tracing_config": {"mode": "PassThrough"},
        "ephemeral_storage": {"size": 512},
    }


@pytest.mark.parametrize(
    ("package", "key", "is_image"),
    [("image", LAYER, True), (None, LAYER, True), (None, ZIP, False), ("zip", ZIP, False)],
)
def test_the_package_is_what_was_built(render, package, key, is_image):
    made = arguments(render(function(package=package), key))
    assert made.get("image_uri") == (IMAGE if is_image else None)
    assert made.get("package_type") == ("Image" if is_image else None)
    assert ("runtime" in made, "handler" in made, "s3_key" in made) == ((not is_image,) * 3)


def test_processor_tmp_and_variables(render):
    made = arguments(
        render(function(architecture="arm64", ephemeral_storage_mb=2048, environment={"AA": "1"}), ZIP)
    )
    assert made["architectures"] == ["arm64"]
    assert made["ephemeral_storage"] == {"size": 2048}
    assert made["environment"] == {"variables": {"AA": "1"}}


def test_a_key_encrypts_variables_and_logs_and_the_role_may_read(render):
    made = render(function(environment={"AA": "1"}), ZIP, kms_key_arn=KEY)
    assert arguments(made)["kms_key_arn"] == KEY
    assert only(made, "aws_cloudwatch_log_group").arguments["kms_key_id"] == KEY
    allowed = statements(made)["ReadItsVariables"]
    assert (allowed["Action"], allowed["Resource"]) == (["kms:Decrypt"], [KEY])


def test_without_variables_the_role_has_no_use_of_the_key(render):
    made = render(function(), ZIP, kms_key_arn=KEY)
    assert "kms_key_arn" not in arguments(made)
    assert list(statements(made)) == ["WriteItsLogs"]
    streamed = render(function(url=FunctionUrl(streaming=True)), ZIP, kms_key_arn=KEY)
    assert "ReadItsVariables" in statements(streamed)


def test_a_vpc_and_the_rights_for_its_interfaces(render):
    made = render(function(network=VPC), ZIP)
    assert arguments(made)["vpc_config"] == {
        "subnet_ids": ["subnet-1", "subnet-2"],
        "security_group_ids": ["sg-1"],
    }
    found = statements(made)
    ec2 = "arn:aws:ec2:us-east-1:111122223333:"
    assert found["MakeInterfaces"]["Resource"] == [
        f"{ec2}{one}"
        for one in ("network-interface/*", "subnet/subnet-1", "subnet/subnet-2", "security-group/sg-1")
    ]
    assert set(found["LookAtTheNetwork"]["Action"]) == {
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSubnets",
    }
    deny = found["NotFromTheCode"]
    assert deny["Effect"] == "Deny"
    assert deny["Condition"] == {
        "ArnEquals": {
            "lambda:SourceFunctionArn": "arn:aws:lambda:us-east-1:111122223333:function:dev-shop-rank-small"
        }
    }


def test_without_a_vpc_the_role_writes_its_logs_and_nothing_else(render):
    found = statements(render(function(network=False), ZIP, network=VPC))
    assert list(found) == ["WriteItsLogs"]
    assert found["WriteItsLogs"]["Action"] == ["logs:CreateLogStream", "logs:PutLogEvents"]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (FunctionUrl(), {"authorization_type": "AWS_IAM", "invoke_mode": "BUFFERED"}),
        (FunctionUrl(public=True), {"authorization_type": "NONE", "invoke_mode": "BUFFERED"}),
    ],
)
def test_a_url_asks_for_iam_unless_it_is_public_by_name(render, url, expected):
    made = only(render(function(url=url), ZIP), "aws_lambda_function_url").arguments
    assert {name: made[name] for name in expected} == expected
    assert "cors" not in made


def test_a_url_that_streams_brings_its_own_runtime(render, base):
    made = render(function(url=FunctionUrl(streaming=True), environment={"AA": "1"}), ZIP)
    assert only(made, "aws_lambda_function_url").arguments["invoke_mode"] == "RESPONSE_STREAM"
    assert arguments(made)["environment"]["variables"] == {
        "AA": "1",
        "AWS_LAMBDA_EXEC_WRAPPER": "/var/task/modelyard_host/stream.sh",
    }


@pytest.mark.parametrize(("public", "headers"), [(True, 1), (False, 5)])
def test_web_pages_are_named_and_may_post(render, public, headers):
    url = FunctionUrl(public=public, cors_origins=["https://app.example.com"])
    cors = only(render(function(url=url), ZIP), "aws_lambda_function_url").arguments["cors"]
    assert (cors["allow_origins"], cors["allow_methods"]) == (["https://app.example.com"], ["POST"])
    assert len(cors["allow_headers"]) == headers


def test_no_url_is_no_url(render):
    made = render(function(url=None), ZIP)
    assert not list(made.of_type("aws_lambda_function_url"))
    assert set(made.outputs) == {"rank-small_function_name", "rank-small_invoke_policy_arn"}


def test_concurrency_that_is_ready_is_the_aliass(render):
    made = only(render(function(provisioned_concurrency=3), ZIP), "aws_lambda_provisioned_concurrency_config")
    assert made.arguments["provisioned_concurrent_executions"] == 3
    assert made.arguments["qualifier"] == Ref("aws_lambda_alias", "rank-small", "name")
    assert made.ignore_changes == ()


def test_concurrency_that_scales_is_left_where_scaling_moved_it(render):
    scaling = TargetTracking(min_capacity=2, max_capacity=5, utilization=0.7)
    made = render(function(provisioned_concurrency=1, autoscaling=scaling), ZIP)
    concurrency = only(made, "aws_lambda_provisioned_concurrency_config")
    assert concurrency.arguments["provisioned_concurrent_executions"] == 2
    assert concurrency.ignore_changes == ("provisioned_concurrent_executions",)
    target = only(made, "aws_appautoscaling_target").arguments
    assert (target["service_namespace"], target["min_capacity"], target["max_capacity"]) == ("lambda", 2, 5)


def test_nothing_is_kept_ready_unless_it_is_asked_for(render):
    assert not list(render(function(), ZIP).of_type("aws_lambda_provisioned_concurrency_config"))


def test_alarms_are_those_of_the_environment(render):
    made = render(function(), ZIP, alarms=Alarms(p99_latency_ms=200))
    assert {one.name for one in made.of_type("aws_cloudwatch_metric_alarm")} == {
        "rank-small-latency",
        "rank-small-errors",
        "rank-small-throttles",
    }


def test_what_goes_with_a_function_is_made_anew_with_it(render):
    """A zip that becomes an image is another function under the same name."""
    made = render(function(provisioned_concurrency=1), ZIP)
    followed = {
        resource.type: [other.type for other in resource.follows]
        for resource in made.resources
        if resource.follows
    }
    assert followed == {
        "aws_lambda_alias": ["aws_lambda_function"],
        "aws_lambda_function_url": ["aws_lambda_alias"],
        "aws_lambda_provisioned_concurrency_config": ["aws_lambda_alias"],
    }
