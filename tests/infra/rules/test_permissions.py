import json

import pytest

from infra.blueprint.policy import document, statement
from infra.blueprint.resource import Join, Ref
from infra.blueprint.unscoped import UNSCOPED

ROLE = "arn:aws:iam::111122223333:role/dev-shop-rank-role-us-east-1"


def policy(actions, resources, **more) -> str:
    return document(statement(actions, resources, sid="One", **more))


def test_named_actions_on_named_resources_are_what_is_wanted(found):
    assert found("aws_iam_role_policy", policy=policy(["s3:GetObject"], ["arn:aws:s3:::b/*"])) == []


@pytest.mark.parametrize("action", ["*", "s3:*", "s3:Get*", "iam:PassRol?"])
def test_an_action_with_a_wildcard_is_named(found, action):
    assert found("aws_iam_policy", policy=policy([action], ["arn:aws:s3:::b/*"])) == [
        f"aws_iam_policy.rank: it allows the action {action!r}, which is more than one; write each action by its "
        "name, such as s3:GetObject."
    ]


def test_a_deny_may_be_as_broad_as_it_likes(found):
    assert found("aws_iam_policy", policy=policy(["s3:*"], ["*"], effect="Deny")) == []


def test_every_resource_is_only_for_the_actions_of_the_table(found):
    assert found("aws_iam_role_policy", policy=policy(list(UNSCOPED), ["*"])) == []
    (finding,) = found("aws_iam_role_policy", policy=policy(["sqs:SendMessage", *UNSCOPED], ["*"]))
    assert finding.startswith(
        "aws_iam_role_policy.rank: it allows sqs:SendMessage on every resource; write the ARNs. '*' is for actions "
        "that AWS has no resource level for: ecr:GetAuthorizationToken, "
    )


@pytest.mark.parametrize("resource", ["*", "arn:aws:iam::111122223333:role/*"])
def test_passing_every_role_is_refused(found, resource):
    assert found("aws_iam_role_policy", policy=policy(["iam:PassRole"], [resource])) == [
        f"aws_iam_role_policy.rank: it allows iam:PassRole on {resource!r}: whoever has it gets the rights of every "
        "role; write the ARN of the one role that is passed."
    ]
    assert found("aws_iam_role_policy", policy=policy(["iam:PassRole"], [ROLE])) == []


@pytest.mark.parametrize("key", ["NotAction", "NotResource"])
def test_everything_but_is_no_way_to_name_something(found, key):
    content = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}
    content[key] = content.pop(key.removeprefix("Not"))
    (finding,) = found("aws_iam_policy", policy=json.dumps({"Statement": content}))
    assert f"it allows by {key}, which is everything but what is named; write {key[3:]}" in finding


def test_a_policy_that_is_no_json_is_told(found):
    (finding,) = found("aws_sns_topic", policy="${data.aws_iam_policy_document.rank.json}")
    assert finding.startswith(
        "aws_sns_topic.rank: its policy is not JSON, so that nobody can say what it allows"
    )


def test_references_inside_of_a_policy_are_text_like_any_other(found):
    parts = policy(["sns:Publish"], ["TOPIC"]).split("TOPIC")
    assert (
        found("aws_iam_policy", policy=Join((parts[0], Ref("aws_sns_topic", "done", "arn"), parts[1]))) == []
    )


def test_policies_inside_of_blocks_are_seen(found):
    block = {"name": "all", "policy": policy(["*"], ["arn:aws:s3:::b"])}
    assert "'*'" in found("aws_iam_role", inline_policy=[block])[0]


@pytest.mark.parametrize(
    "arn",
    ["arn:aws:iam::aws:policy/AdministratorAccess", "arn:aws-cn:iam::aws:policy/AmazonSageMakerFullAccess"],
)
def test_a_broad_policy_of_aws_is_not_attached(found, arn):
    (finding,) = found("aws_iam_role_policy_attachment", policy_arn=arn)
    assert f"it attaches {arn.rpartition('/')[2]}, which allows far more than a model needs" in finding
    narrow = "arn:aws:iam::aws:policy/service-role/AWSBatchServiceRole"
    assert found("aws_iam_role_policy_attachment", policy_arn=narrow) == []
