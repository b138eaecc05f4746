"""One model without a machine of its own, and two behind one endpoint: from deploy to destroy."""

import json

import pytest

from tests.e2e.conftest import CLONE

pytestmark = [pytest.mark.e2e, pytest.mark.drill]

RARE, BOTH = "local-readers-rare", "local-readers-both"
THREE = json.loads((CLONE / "stacks" / "models" / "digits" / "sample.json").read_text())
TICKETS = json.loads((CLONE / "stacks" / "tickets.json").read_text())


@pytest.fixture(scope="module")
def deployed(yard):
    """The stack, deployed; taken down afterwards whatever happened."""
    result = yard.run("deploy", "readers", "--env", "local", "--yes")
    try:
        yield result
    finally:
        yard.run("destroy", "readers", "--env", "local", "--yes")


@pytest.fixture
def ask(yard, deployed):
    """JSON in, JSON out, through plain boto3."""
    client = yard.client("sagemaker-runtime")

    def ask(endpoint: str, data, **more: str):
        answer = client.invoke_endpoint(
            EndpointName=endpoint, ContentType="application/json", Body=json.dumps(data), **more
        )
        return json.loads(answer["Body"].read())

    return ask


def test_the_stack_is_short():
    assert len((CLONE / "stacks" / "readers.py").read_text().splitlines()) <= 30


def test_each_model_is_packed_once_and_told_by_name(deployed):
    assert {"rare: model.tar.gz", "both/digits: model.tar.gz", "both/triage: model.tar.gz"} <= {
        line.partition(",")[0] for line in deployed.stderr.splitlines()
    }
    assert f"rare_endpoint_name = {RARE}" in deployed.stdout


def test_the_serverless_endpoint_reads_a_digit(ask):
    assert ask(RARE, THREE)["digit"] in range(10)


def test_both_models_answer_by_their_names(ask):
    assert ask(BOTH, THREE, TargetModel="digits.tar.gz") == ask(RARE, THREE)
    texts = {"texts": [ticket["text"] for ticket in TICKETS]}
    labels = [item["label"] for item in ask(BOTH, texts, TargetModel="triage.tar.gz")]
    assert labels == [ticket["label"] for ticket in TICKETS]


def test_a_model_that_is_not_in_the_set_is_an_error_of_the_caller(yard, deployed):
    client = yard.client("sagemaker-runtime")
    with pytest.raises(client.exceptions.ValidationError, match="Failed to download model data"):
        client.invoke_endpoint(EndpointName=BOTH, Body=b"{}", TargetModel="none.tar.gz")


def test_the_command_line_names_the_model(yard, deployed):
    text = json.dumps({"text": TICKETS[0]["text"]})
    result = yard.run("invoke", "both", "--env", "local", "--json", text, "--target", "triage")
    assert json.loads(result.stdout)["label"] == TICKETS[0]["label"]
    result = yard.run("invoke", "both", "--env", "local", "--json", text, code=2)
    assert f"{BOTH} has several models; say which one: --target MODEL." in result.stderr
    result = yard.run("invoke", "rare", "--env", "local", "--json", text, "--target", "digits", code=2)
    assert "has one model; leave --target out" in result.stderr


def test_status_counts_instances_where_there_are_some(yard, deployed):
    told = json.loads(yard.run("status", "--env", "local", "--json").stdout)
    live = {item["workload"]: item for item in told}
    assert {item["state"] for item in live.values()} == {"InService"}
    assert (live["rare"]["instances"], live["both"]["instances"]) == (None, 1)
    assert live["rare"]["invocations_last_hour"] > 0


def test_a_second_plan_changes_nothing(yard, deployed):
    assert "plan: no changes" in yard.run("plan", "readers", "--env", "local").stdout


# The next ones change or end the deployment, and run in this order.
def test_another_version_of_a_model_is_an_update_and_its_name_stays(yard, ask):
    before = yard.client("sagemaker").describe_endpoint(EndpointName=BOTH)
    handler = yard.root / "stacks" / "models" / "digits" / "inference.py"
    text = handler.read_text()
    assert '"digit": int(classes[column])' in text
    handler.write_text(text.replace('"digit": int(classes[column])', '"read": int(classes[column])'))
    result = yard.run("deploy", "readers", "--env", "local", "--yes")
    assert "plan: 4 to add, 2 to change, 4 to destroy" in result.stdout
    after = yard.client("sagemaker").describe_endpoint(EndpointName=BOTH)
    assert before["EndpointConfigName"] != after["EndpointConfigName"]
    assert before["CreationTime"] == after["CreationTime"]
    for answer in (ask(BOTH, THREE, TargetModel="digits.tar.gz"), ask(RARE, THREE)):
        assert "digit" not in answer and answer["read"] in range(10)
    assert (
        ask(BOTH, {"text": TICKETS[0]["text"]}, TargetModel="triage.tar.gz")["label"] == TICKETS[0]["label"]
    )


def test_the_set_before_stays_for_a_roll_back(yard, deployed):
    bucket = "modelyard-local-123456789012-us-east-1"
    listed = yard.client("s3").list_objects_v2(Bucket=bucket, Prefix="sets/both/")["Contents"]
    names = [item["Key"].rpartition("/")[2] for item in listed]
    assert sorted(names) == ["digits.tar.gz", "digits.tar.gz", "triage.tar.gz", "triage.tar.gz"]


def test_destroy_leaves_nothing(yard, deployed):
    yard.run("destroy", "readers", "--env", "local", "--yes")
    assert yard.census() == []
