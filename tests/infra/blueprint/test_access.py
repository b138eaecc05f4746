"""What callers get: the named actions on the one workload, and nothing else."""

import json

import pytest

from infra.blueprint.access import job_statements
from infra.blueprint.resource import Ref
from tests.infra.blueprint.conftest import only
from tests.infra.conftest import asynchronous, function, multi_model, realtime, serverless

ENDPOINT = "arn:aws:sagemaker:us-east-1:111122223333:endpoint/dev-shop-"
BUCKET = "arn:aws:s3:::modelyard-dev-111122223333-us-east-1"
KEY = "arn:aws:kms:us-east-1:111122223333:key/1234"


def allowed(made) -> dict[str, tuple]:
    """Actions and resources by the statements' names."""
    policy = json.loads(only(made, "aws_iam_policy").arguments["policy"])
    return {one["Sid"]: (one["Action"], one["Resource"]) for one in policy["Statement"]}


@pytest.mark.parametrize(
    ("workload", "actions"),
    [
        (realtime("rank"), ["sagemaker:InvokeEndpoint", "sagemaker:InvokeEndpointWithResponseStream"]),
        (serverless("rank"), ["sagemaker:InvokeEndpoint"]),
        (multi_model("rank"), ["sagemaker:InvokeEndpoint"]),
    ],
)
def test_endpoints(render, workload, actions):
    made = render(workload)
    assert allowed(made) == {"Invoke": (actions, [f"{ENDPOINT}rank"])}
    assert only(made, "aws_iam_policy").arguments["name"] == "dev-shop-rank-invoke-us-east-1"
    assert made.outputs["rank_invoke_policy_arn"] == Ref("aws_iam_policy", "rank-invoke", "arn")


def test_asynchronous_endpoints_also_have_their_part_of_the_bucket(render):
    made = render(asynchronous())
    data = f"{BUCKET}/data/shop/queue"
    assert allowed(made) == {
        "Invoke": (["sagemaker:InvokeEndpointAsync"], [f"{ENDPOINT}queue"]),
        "GiveInputs": (["s3:PutObject"], [f"{data}/input/*"]),
        "GetAnswers": (["s3:GetObject"], [f"{data}/output/*", f"{data}/failure/*"]),
        "WaitForAnswers": (["s3:ListBucket"], [BUCKET]),
    }
    policy = json.loads(only(made, "aws_iam_policy").arguments["policy"])
    assert policy["Statement"][-1]["Condition"] == {
        "StringLike": {"s3:prefix": ["data/shop/queue/output/*", "data/shop/queue/failure/*"]}
    }


def test_answers_elsewhere_are_read_there_and_a_key_is_used(render):
    made = allowed(render(asynchronous(output_uri="s3://answers/of/queue"), kms_key_arn=KEY))
    assert made["GetAnswers"][1][0] == "arn:aws:s3:::answers/of/queue/*"
    assert made["WaitForAnswers"] == (["s3:ListBucket"], ["arn:aws:s3:::answers"])
    assert made["WaitForAnswers1"] == (["s3:ListBucket"], [BUCKET])
    assert made["UseTheKeyOfTheData"] == (["kms:Decrypt", "kms:GenerateDataKey"], [KEY])


def test_functions_are_called_by_their_alias_and_by_url_where_they_have_one(render):
    alias = "arn:aws:lambda:us-east-1:111122223333:function:dev-shop-rank-small:live"
    assert allowed(render(function())) == {
        "Invoke": (["lambda:InvokeFunction", "lambda:InvokeFunctionUrl"], [alias])
    }
    assert allowed(render(function(url=None))) == {"Invoke": (["lambda:InvokeFunction"], [alias])}


def test_jobs_are_submitted_by_queue_and_definition_in_any_revision(environment):
    (submit,) = job_statements(environment, "dev-shop-embed", "dev-shop-embed-1a2b")
    place = "arn:aws:batch:us-east-1:111122223333:"
    assert submit["Action"] == ["batch:SubmitJob"]
    assert submit["Resource"] == [
        f"{place}job-queue/dev-shop-embed",
        f"{place}job-definition/dev-shop-embed-1a2b",
        f"{place}job-definition/dev-shop-embed-1a2b:*",
    ]
