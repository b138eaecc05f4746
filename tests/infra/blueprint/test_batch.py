"""What a job becomes: machines, queue, definition, schedule and roles, as AWS needs them."""

import json

import pytest

from infra import Alarms, BatchJob, Environment, Network, Stack
from infra.blueprint import blueprint
from infra.blueprint.batch import ARRAY_TAG, COMMAND
from infra.blueprint.resource import Join, Ref
from infra.errors import InvalidStack
from infra.rules import findings
from tests.infra.conftest import MODEL

NETWORK = Network(subnet_ids=("subnet-1", "subnet-2"), security_group_ids=("sg-1",))
KEY = "arn:aws:kms:us-east-1:111122223333:key/1"


def job(**changes) -> BatchJob:
    fields = {"model": MODEL, "instance_types": ["m5.large"], "network": NETWORK}
    return BatchJob("embed", **{**fields, **changes})


def made(workload: BatchJob, artifact: str = f"models/tiny/{'a' * 64}/job.tar.gz", **settings):
    environment = Environment(name="dev", region="us-east-1", account_id="111122223333", **settings)
    stack = Stack("shop", environment, [workload])
    content = blueprint(stack, {"embed": artifact})
    assert findings(stack, content) == []
    return content


def one(content, type: str, name: str = "embed"):
    [found] = [resource for resource in content.of_type(type) if resource.name == name]
    return found.arguments


def policy(content, name: str) -> dict[str, dict]:
    """The statements of one of the roles, by their names."""
    document = json.loads(one(content, "aws_iam_role_policy", f"embed-{name}")["policy"])
    return {statement["Sid"]: statement for statement in document["Statement"]}


def test_spot_comes_first_and_on_demand_behind_it():
    content = made(job())
    spot, on_demand = (resource for resource in content.of_type("aws_batch_compute_environment"))
    assert [
        (
            one.arguments["compute_resources"]["type"],
            one.arguments["compute_resources"]["allocation_strategy"],
            one.arguments["compute_resources"]["min_vcpus"],
        )
        for one in (spot, on_demand)
    ] == [("SPOT", "SPOT_PRICE_CAPACITY_OPTIMIZED", 0), ("EC2", "BEST_FIT_PROGRESSIVE", 0)]
    assert "bid_percentage" not in spot.arguments["compute_resources"]
    assert one(content, "aws_batch_job_queue")["compute_environment_order"] == [
        {"order": 1, "compute_environment": spot.ref("arn")},
        {"order": 2, "compute_environment": on_demand.ref("arn")},
    ]


@pytest.mark.parametrize(
    ("changes", "kinds"),
    [
        ({"on_demand_fallback": False}, ["SPOT"]),
        ({"spot": False}, ["EC2"]),
        ({"spot": False, "on_demand_fallback": False}, ["EC2"]),
    ],
)
def test_one_market_alone(changes, kinds):
    content = made(job(**changes))
    found = content.of_type("aws_batch_compute_environment")
    assert [one.arguments["compute_resources"]["type"] for one in found] == kinds


@pytest.mark.parametrize(
    "changes",
    [
        {"max_vcpus": 32},
        {"instance_types": ["c5.large"]},
        {"network": NETWORK.model_copy(update={"subnet_ids": ("subnet-3",)})},
    ],
)
def test_another_environment_has_another_name_and_is_there_before_the_old_one_goes(changes):
    before, after = (
        next(made(one).of_type("aws_batch_compute_environment")) for one in (job(), job(**changes))
    )
    assert before.arguments["name"] != after.arguments["name"]
    assert before.create_before_destroy
    assert before.arguments["name"].startswith("dev-shop-embed-spot-")


def test_an_encrypted_volume_is_another_environment_too():
    plain, keyed = (
        next(made(job(), **settings).of_type("aws_batch_compute_environment"))
        for settings in ({}, {"kms_key_arn": KEY})
    )
    assert plain.arguments["name"] != keyed.arguments["name"]


def test_the_role_outlives_the_environment():
    environment = next(made(job()).of_type("aws_batch_compute_environment"))
    assert {resource.address for resource in environment.depends_on} == {
        "aws_launch_template.embed",
        "aws_iam_instance_profile.embed",
        "aws_iam_role.embed-host",
        "aws_iam_role_policy.embed-host",
    }


def test_the_machines_take_version_2_of_the_metadata_service_only_and_their_volume_is_encrypted():
    template = one(made(job(), kms_key_arn=KEY), "aws_launch_template")
    assert template["metadata_options"]["http_tokens"] == "required"
    [volume] = template["block_device_mappings"]
    assert (volume["ebs"]["encrypted"], volume["ebs"]["kms_key_id"]) == ("true", KEY)


def test_only_a_reclaimed_host_is_tried_again():
    definition = one(made(job(attempts=4, timeout_seconds=600)), "aws_batch_job_definition")
    assert definition["retry_strategy"] == {
        "attempts": 4,
        "evaluate_on_exit": [
            {"on_status_reason": "Host EC2*", "action": "RETRY"},
            {"on_exit_code": "143", "action": "RETRY"},
            {"on_reason": "*", "action": "EXIT"},
        ],
    }
    assert definition["timeout"] == {"attempt_duration_seconds": 600}
    assert definition["deregister_on_new_revision"] is False


def test_the_container():
    workload = job(
        instance_types=["g4dn.xlarge"],
        gpus=1,
        vcpus=4,
        memory_mb=8000,
        environment={"B": "1", "A": "2"},
        array_size=9,
    )
    content = made(workload)
    definition = one(content, "aws_batch_job_definition")
    container = json.loads(definition["container_properties"])
    variables = {item["name"]: item["value"] for item in container["environment"]}
    bucket = "s3://modelyard-dev-111122223333-us-east-1"
    assert container["command"] == list(COMMAND)
    assert "-gpu-" in container["image"]
    assert container["jobRoleArn"] == "arn:aws:iam::111122223333:role/dev-shop-embed-job-role-us-east-1"
    assert container["resourceRequirements"] == [
        {"type": "VCPU", "value": "4"},
        {"type": "MEMORY", "value": "8000"},
        {"type": "GPU", "value": "1"},
    ]
    assert variables["MODELYARD_ARTIFACT"] == f"{bucket}/models/tiny/{'a' * 64}/job.tar.gz"
    assert variables["MODELYARD_INPUT"] == f"{bucket}/data/shop/embed/input/"
    assert (variables["A"], variables["B"]) == ("2", "1")
    assert container["logConfiguration"]["options"]["awslogs-group"] == "/aws/batch/dev-shop-embed"
    assert definition["tags"] == {ARRAY_TAG: "9"}
    assert len(definition["container_properties"]) < 24 * 1024


def test_no_word_of_the_command_falls_apart_in_awss_image():
    assert all(word.split() == [word] and not set(word) & set("'\"\\") for word in COMMAND)


def test_the_job_reads_its_model_and_input_and_writes_its_output():
    content = made(job(input_uri="s3://docs/new", output_uri="s3://answers/"), kms_key_arn=KEY)
    statements = policy(content, "job")
    assert statements["ReadTheModel"]["Resource"] == [
        "arn:aws:s3:::modelyard-dev-111122223333-us-east-1/models/tiny/*"
    ]
    assert statements["ReadTheItems"]["Resource"] == ["arn:aws:s3:::docs/new/*"]
    assert statements["WriteTheAnswers"]["Action"] == ["s3:PutObject"]
    assert statements["WriteTheAnswers"]["Resource"] == [
        "arn:aws:s3:::answers/*",
        "arn:aws:s3:::answers/failure/*",
    ]
    assert statements["ListThem"]["Condition"] == {"StringLike": {"s3:prefix": ["new/*"]}}
    assert statements["UseTheKey"]["Resource"] == [KEY]


def test_a_machine_takes_its_role_without_a_condition_that_ec2_never_fulfils():
    content = made(job())
    trusts = {
        name: json.loads(one(content, "aws_iam_role", f"embed-{name}")["assume_role_policy"])["Statement"][0]
        for name in ("host", "job")
    }
    assert trusts["host"]["Principal"] == {"Service": "ec2.amazonaws.com"}
    assert "Condition" not in trusts["host"]
    assert trusts["job"]["Condition"] == {"StringEquals": {"aws:SourceAccount": "111122223333"}}


def test_a_public_image_needs_no_right_to_pull():
    content = made(job(image="public.ecr.aws/docker/library/python:3.12-slim"))
    assert {"PullTheImage", "SignInToTheRegistry"}.isdisjoint(policy(content, "host"))


def test_a_schedule_submits_this_job_with_a_role_of_its_own():
    content = made(job(schedule="rate(1 day)", timezone="Europe/Berlin", array_size=3))
    schedule = one(content, "aws_scheduler_schedule")
    parts = schedule["target"]["input"].parts
    text = "".join(part if isinstance(part, str) else f"<{part.type}>" for part in parts)
    assert json.loads(text) == {
        "JobName": "dev-shop-embed",
        "JobQueue": "<aws_batch_job_queue>",
        "JobDefinition": "<aws_batch_job_definition>",
        "ArrayProperties": {"Size": 3},
    }
    assert isinstance(schedule["target"]["input"], Join)
    assert schedule["schedule_expression_timezone"] == "Europe/Berlin"
    [statement] = policy(content, "schedule").values()
    assert statement["Action"] == ["batch:SubmitJob"]
    assert all("dev-shop-embed" in arn for arn in statement["Resource"])
    assert list(made(job()).of_type("aws_scheduler_schedule")) == []


def test_failed_jobs_tell_the_topic_where_the_environment_has_alarms():
    content = made(job(), alarms=Alarms())
    pattern = json.loads(one(content, "aws_cloudwatch_event_rule", "embed-failed")["event_pattern"])
    assert pattern["detail"]["status"] == ["FAILED"]
    assert pattern["detail"]["jobQueue"] == ["arn:aws:batch:us-east-1:111122223333:job-queue/dev-shop-embed"]
    target = one(content, "aws_cloudwatch_event_target", "embed-failed")
    assert target["arn"] == Ref("aws_sns_topic", "alarms", "arn")
    statements = json.loads(one(content, "aws_sns_topic_policy", "alarms")["policy"])["Statement"]
    # EventBridge publishes nothing where its statement has a condition.
    assert statements[1:] == [
        {
            "Sid": "FailedJobs",
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": ["sns:Publish"],
            "Resource": ["arn:aws:sns:us-east-1:111122223333:dev-shop-alarms"],
        }
    ]
    topic = "arn:aws:sns:us-east-1:111122223333:pager"
    own = made(job(), alarms=Alarms(topic_arn=topic))
    assert one(own, "aws_cloudwatch_event_target", "embed-failed")["arn"] == topic
    assert list(own.of_type("aws_sns_topic")) == []
    assert list(made(job()).of_type("aws_cloudwatch_event_rule")) == []


def test_a_job_in_an_image_that_the_deploy_makes():
    content = made(job(image="build"), artifact="models/tiny/1/job.tar.gz@tiny-2")
    container = json.loads(one(content, "aws_batch_job_definition")["container_properties"])
    assert container["image"] == "111122223333.dkr.ecr.us-east-1.amazonaws.com/modelyard-dev:tiny-2"
    variables = {variable["name"]: variable["value"] for variable in container["environment"]}
    assert variables["MODELYARD_ARTIFACT"].endswith("/models/tiny/1/job.tar.gz")
    with pytest.raises(InvalidStack, match="The image of embed is made by a deploy, and none was made"):
        made(job(image="build"))


@pytest.mark.parametrize("word", ["optimal", "default_x86_64"])
def test_where_batch_chooses_the_machines_the_image_is_for_x86(word):
    [chosen, named] = [
        json.loads(one(made(job(instance_types=[kind])), "aws_batch_job_definition")["container_properties"])
        for kind in (word, "m5.large")
    ]
    assert chosen["image"] == named["image"]
