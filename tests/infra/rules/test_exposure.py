import json

import pytest

from infra import FunctionUrl
from infra.blueprint.policy import document, statement
from tests.infra.conftest import function

QUEUE = "arn:aws:sqs:us-east-1:111122223333:jobs"
EVERYONE = statement(["sqs:SendMessage"], [QUEUE], sid="All", principal="*")
HCL = f'''${{jsonencode({{
  Version = "2012-10-17"
  Statement = [{{ Effect = "Allow", Principal = "*", Action = "sqs:SendMessage", Resource = "{QUEUE}" }}]
}})}}'''


@pytest.mark.parametrize(
    "text",
    [
        document(EVERYONE),
        document({**EVERYONE, "Principal": {"AWS": "*"}}),
        document({**EVERYONE, "Principal": {"AWS": ["*"]}}),
        f"${{jsonencode({document(EVERYONE)})}}",
        HCL,
    ],
    ids=["everyone", "every account", "in a list", "encoded JSON", "encoded HCL"],
)
@pytest.mark.parametrize(
    "type", ["aws_sqs_queue", "aws_sqs_queue_policy", "aws_sns_topic_policy", "aws_s3_bucket_policy"]
)
def test_a_policy_for_everyone_is_refused(found, type, text):
    assert found(type, policy=text) == [
        f"{type}.rank: its policy allows sqs:SendMessage to everyone; write the account, role or service as "
        "Principal, or a Condition on aws:SourceAccount or aws:SourceArn."
    ]


def test_a_condition_that_keeps_strangers_out_is_enough(found):
    def of(condition):
        return found("aws_sqs_queue_policy", policy=document({**EVERYONE, "Condition": condition}))

    assert of({"StringEquals": {"aws:SourceAccount": "111122223333"}}) == []
    assert of({"ArnLike": {"AWS:SourceArn": ["arn:aws:sns:us-east-1:111122223333:done"]}}) == []
    assert of({"StringLike": {"aws:SourceArn": "*"}}) != []
    assert of({"Bool": {"aws:SecureTransport": "true"}}) != []


def test_a_deny_for_everyone_closes_a_door(found):
    assert found("aws_s3_bucket_policy", policy=document({**EVERYONE, "Effect": "Deny"})) == []


def test_a_role_that_everyone_takes_is_refused(found):
    trust = statement(["sts:AssumeRole"], [], sid="All", principal={"AWS": "*"})
    (finding,) = found("aws_iam_role", assume_role_policy=document(trust))
    assert "its policy allows sts:AssumeRole to everyone" in finding


def test_a_function_that_everyone_calls_is_refused_unless_its_workload_says_so(found):
    permission = {"action": "lambda:InvokeFunctionUrl", "principal": "*", "function_url_auth_type": "NONE"}
    assert found("aws_lambda_permission", function("rank"), **permission) == [
        "aws_lambda_permission.rank: everyone may call lambda:InvokeFunctionUrl; write the calling account or service "
        "as principal, or url=FunctionUrl(public=True) on the workload if that is meant."
    ]
    assert found("aws_lambda_permission", function("rank", url=FunctionUrl(public=True)), **permission) == []
    assert found("aws_lambda_permission", function("rank", url=None), **permission) != []


def test_a_service_that_calls_for_any_account_is_refused(found):
    permission = {"action": "lambda:InvokeFunction", "principal": "s3.amazonaws.com"}
    (finding,) = found("aws_lambda_permission", **permission)
    assert (
        "s3.amazonaws.com may call it on behalf of any account; write source_account or source_arn."
        in finding
    )
    assert found("aws_lambda_permission", **permission, source_account="111122223333") == []


def test_a_public_url_is_refused_unless_its_workload_says_so(found):
    url = {"authorization_type": "NONE"}
    assert found("aws_lambda_function_url", function("rank"), **url) == [
        "aws_lambda_function_url.rank: anybody may call this URL; write authorization_type AWS_IAM, or "
        "url=FunctionUrl(public=True) on the workload if that is meant."
    ]
    assert found("aws_lambda_function_url", function("rank", url=FunctionUrl(public=True)), **url) == []
    # Another workload's word does not count.
    assert found("aws_lambda_function_url", function("other", url=FunctionUrl(public=True)), **url) != []


@pytest.mark.parametrize(
    ("type", "arguments"),
    [
        ("aws_lambda_function_url", {"cors": {"allow_origins": ["*"]}}),
        ("aws_lambda_function_url", {"cors": [{"allow_origins": ["https://a.example", "*"]}]}),
        ("aws_s3_bucket_cors_configuration", {"cors_rule": [{"allowed_origins": ["*"]}]}),
    ],
)
def test_a_browser_may_not_call_from_every_page(found, type, arguments):
    assert found(type, **arguments) == [
        f"{type}.rank: a browser may call it from every web page (CORS origin '*'); write the origins, such as "
        "https://app.example.com."
    ]
    assert found(type, **json.loads(json.dumps(arguments).replace('"*"', '"https://b.example"'))) == []
