"""The example stack from deploy to destroy, with the clients that people have."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.conftest import BARE, CLONE, REGION

pytestmark = pytest.mark.e2e

ENDPOINT, FUNCTION = "local-triage-classify", "local-triage-classify-small"
TICKETS = json.loads((CLONE / "stacks" / "tickets.json").read_text())
AWS = Path(sys.executable).with_name("aws")


@pytest.fixture(scope="module")
def deployed(yard):
    """The stack, deployed; taken down afterwards whatever happened."""
    result = yard.run("deploy", "triage", "--env", "local", "--yes")
    try:
        yield result
    finally:
        yard.run("destroy", "triage", "--env", "local", "--yes")


@pytest.fixture
def aws(yard, deployed):
    """The AWS CLI with nothing but AWS_ENDPOINT_URL and any credentials."""
    variables = {
        **BARE,
        "AWS_ENDPOINT_URL": yard.endpoint_url,
        "AWS_ACCESS_KEY_ID": "any",
        "AWS_SECRET_ACCESS_KEY": "any",
        "AWS_DEFAULT_REGION": REGION,
    }

    def run(*words: str) -> str:
        return subprocess.run(
            [str(AWS), *words],
            env=variables,
            cwd=yard.root,
            check=True,
            capture_output=True,
            text=True,
            timeout=60,
        ).stdout

    return run


def test_deploy_shows_digest_bill_plan_and_names(deployed):
    assert deployed.stderr.count("sha256 ") == 2
    bill, plan = (
        deployed.stdout.index("triage on local: 84.15 to 168.10 USD a month"),
        deployed.stdout.index("plan: "),
    )
    assert bill < deployed.stdout.index("difference: triage is new, nothing of it is deployed") < plan
    assert "plan: 16 to add, 0 to change, 0 to destroy" in deployed.stdout
    assert f"classify_endpoint_name = {ENDPOINT}" in deployed.stdout


@pytest.mark.parametrize("workload", ["classify", "triage/classify-small", ENDPOINT])
def test_every_ticket_gets_the_label_that_a_person_would_give(yard, deployed, workload):
    request = json.dumps({"texts": [ticket["text"] for ticket in TICKETS]})
    result = yard.run("invoke", workload, "--env", "local", "--json", request)
    assert [item["label"] for item in json.loads(result.stdout)] == [ticket["label"] for ticket in TICKETS]
    assert " ms, application/json" in result.stderr


def test_plain_boto3_invokes_and_describes_the_endpoint(yard, deployed):
    answer = yard.client("sagemaker-runtime").invoke_endpoint(
        EndpointName=ENDPOINT,
        ContentType="application/json",
        Body=json.dumps({"texts": [t["text"] for t in TICKETS]}),
    )
    assert [item["label"] for item in json.loads(answer["Body"].read())] == [t["label"] for t in TICKETS]
    described = yard.client("sagemaker").describe_endpoint(EndpointName=ENDPOINT)
    assert described["EndpointStatus"] == "InService"
    assert described["ProductionVariants"][0]["CurrentInstanceCount"] == 1


def test_plain_boto3_invokes_and_describes_the_function(yard, deployed):
    answer = yard.client("lambda").invoke(
        FunctionName=FUNCTION, Qualifier="live", Payload=json.dumps({"text": TICKETS[0]["text"]})
    )
    assert "FunctionError" not in answer
    assert json.loads(answer["Payload"].read())["label"] == TICKETS[0]["label"]
    described = yard.client("lambda").get_function_configuration(FunctionName=FUNCTION, Qualifier="live")
    assert (described["MemorySize"], described["Runtime"]) == (2048, "python3.11")


def test_the_aws_cli_invokes_and_describes_both(aws, tmp_path):
    request, answer = tmp_path / "request.json", tmp_path / "answer.json"
    request.write_text(json.dumps({"text": TICKETS[1]["text"]}))
    aws("sagemaker-runtime", "invoke-endpoint", "--endpoint-name", ENDPOINT, "--content-type", "application/json",
        "--body", f"fileb://{request}", str(answer))  # fmt: skip
    assert json.loads(answer.read_text())["label"] == TICKETS[1]["label"]
    aws(
        "lambda",
        "invoke",
        "--function-name",
        FUNCTION,
        "--qualifier",
        "live",
        "--payload",
        f"fileb://{request}",
        str(answer),
    )
    assert json.loads(answer.read_text())["label"] == TICKETS[1]["label"]
    assert (
        json.loads(aws("sagemaker", "describe-endpoint", "--endpoint-name", ENDPOINT))["EndpointStatus"]
        == "InService"
    )
    assert (
        json.loads(aws("lambda", "get-function", "--function-name", FUNCTION))["Configuration"]["State"]
        == "Active"
    )


def test_what_the_handler_refuses_is_told_in_its_own_words(yard, deployed):
    result = yard.run("invoke", "classify", "--env", "local", "--json", '{"words": 1}', code=1)
    assert result.stderr.startswith("error: Endpoint local-triage-classify answered:")
    assert "text" in result.stderr


def test_status_is_what_aws_says(yard, deployed):
    live = {
        item["workload"]: item for item in json.loads(yard.run("status", "--env", "local", "--json").stdout)
    }
    assert live["classify"]["state"] == "InService"
    assert live["classify"]["instances"] == 1
    assert live["classify-small"]["state"] == "Active"
    assert live["classify"]["invocations_last_hour"] > 0
    assert "InService" in yard.run("status", "--env", "local").stdout


def test_the_logs_have_the_groups_that_aws_gives_them(yard, deployed):
    for group in (f"/aws/sagemaker/Endpoints/{ENDPOINT}", f"/aws/lambda/{FUNCTION}"):
        streams = yard.client("logs").describe_log_streams(logGroupName=group)["logStreams"]
        assert streams, group
    assert "REPORT RequestId" in yard.run("local", "logs", FUNCTION).stdout


def test_the_bucket_is_private_versioned_and_encrypted(yard, deployed):
    s3, bucket = yard.client("s3"), "modelyard-local-123456789012-us-east-1"
    assert all(s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"].values())
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    rule = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"


def test_nothing_of_the_state_is_for_others_to_read(yard, deployed):
    states = list((yard.root / ".modelyard" / "local" / "stacks").glob("*/*/terraform.tfstate"))
    assert len(states) == 2
    for state in states:
        assert state.stat().st_mode & 0o077 == 0
        assert state.parent.stat().st_mode & 0o077 == 0


# The next ones change or end the deployment, and run in this order.
def test_a_second_plan_and_a_second_deploy_change_nothing(yard, deployed):
    planned = yard.run("plan", "triage", "--env", "local").stdout
    assert "plan: no changes" in planned
    assert re.search(r"^difference to what was deployed on [\d-]{10}: none$", planned, flags=re.MULTILINE)
    result = yard.run("deploy", "triage", "--env", "local", "--yes")
    assert "plan: no changes" in result.stdout
    assert "uploaded" not in result.stderr


def test_a_smaller_maximum_is_a_change_in_place(yard, deployed):
    file = yard.root / "stacks" / "environments" / "local.toml"
    text = file.read_text()
    file.write_text(text.replace("max_instances = 2", "max_instances = 3"))
    planned = json.loads(yard.run("plan", "triage", "--env", "local", "--json").stdout)
    assert [change["action"] for change in planned["plan"]["changes"]] == ["update"]
    most = planned["difference"]["maximum"]
    assert (most["before"], most["after"], most["usd"]) == ("168.10", "252.05", "83.95")
    assert planned["bill"]["maximum"]["usd"] == "252.05"
    file.write_text(text)


def test_destroy_leaves_nothing(yard, deployed):
    result = yard.run("destroy", "triage", "--env", "local", "--yes")
    assert "plan: 0 to add, 0 to change, 16 to destroy" in result.stdout
    assert "saves 84.15 USD a month, at the least" in result.stderr
    assert yard.census() == []
    assert yard.run("status", "--env", "local").stdout == ""
    again = yard.run("destroy", "triage", "--env", "local", "--yes", "--json")
    assert json.loads(again.stdout) == {"stack": "triage", "environment": "local", "removed": []}
    assert "no changes" in again.stderr
    assert "Nothing of triage was on local." in again.stderr
