"""Twenty-five mistakes, each made in a module that passes: our own synthesised stack and bucket, with a queue, a registry,
a role and a launch template beside them, as a careful engineer would write those.
"""

import copy
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from infra import environment
from infra.blueprint import Blueprint, blueprint, storage
from infra.blueprint.policy import document, statement, trust
from infra.blueprint.resource import Resource
from infra.stack import Stack
from tests.infra.conftest import MODEL, function, realtime
from tests.infra.test_blueprint import PROJECT, keys
from tests.judges.examples import module

ACCOUNT, REGION = "444455556666", "us-east-1"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:jobs"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:done"
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"

Section = dict[str, dict[str, dict[str, Any]]]


def base(folder: Any) -> tuple[Stack, dict[str, Any]]:
    """The stack, whose model folder lies in `folder`, and the module without a mistake."""
    values = environment.load("prod", PROJECT).model_copy(
        update={"kms_key_arn": KEY, "network": environment.Network(isolated=True)}
    )
    stack = Stack("shop", values, (realtime(model=MODEL), function(model=MODEL)), base=folder)
    resources = (*blueprint(stack, keys(stack)).resources, *storage(values).resources, *_beside())
    return stack, module(Blueprint(resources), values, stack.name)


def _beside() -> tuple[Resource, ...]:
    send = statement(
        ["sqs:SendMessage"], [QUEUE], sid="One", principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    )
    publish = statement(
        ["sns:Publish"], [TOPIC], sid="One", principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    )
    return (
        Resource("aws_sqs_queue", "jobs", {"name": "jobs", "kms_master_key_id": KEY}),
        Resource("aws_sqs_queue_policy", "jobs", {"queue_url": QUEUE, "policy": document(send)}),
        Resource("aws_sns_topic", "done", {"name": "done", "kms_master_key_id": KEY}),
        Resource("aws_sns_topic_policy", "done", {"arn": TOPIC, "policy": document(publish)}),
        Resource(
            "aws_ecr_repository",
            "images",
            {
                "name": "images",
                "image_tag_mutability": "IMMUTABLE",
                "image_scanning_configuration": {"scan_on_push": True},
                "encryption_configuration": {"encryption_type": "KMS", "kms_key": KEY},
            },
        ),
        Resource(
            "aws_iam_role",
            "job",
            {"name": "job", "assume_role_policy": trust("ecs-tasks.amazonaws.com", ACCOUNT)},
        ),
        Resource(
            "aws_batch_job_definition",
            "job",
            {
                "name": "job",
                "type": "container",
                "container_properties": json.dumps({"image": "i", "privileged": False}),
            },
        ),
        Resource(
            "aws_launch_template",
            "hosts",
            {
                "name": "hosts",
                "metadata_options": {"http_tokens": "required", "http_put_response_hop_limit": 1},
            },
        ),
        Resource(
            "aws_lambda_permission",
            "rank-small",
            {
                "action": "lambda:InvokeFunction",
                "function_name": "prod-shop-rank-small",
                "principal": "s3.amazonaws.com",
                "source_account": ACCOUNT,
                "source_arn": "arn:aws:s3:::incoming",
            },
        ),
    )


def sets(type: str, name: str, **changes: Any) -> Callable[[Section], None]:
    """Writes arguments of a resource anew; None takes one out."""

    def change(resources: Section) -> None:
        arguments = resources[type][name]
        for key, value in changes.items():
            if value is None:
                del arguments[key]
            else:
                arguments[key] = value

    return change


def adds(type: str, **arguments: Any) -> Callable[[Section], None]:
    """One more resource."""

    def change(resources: Section) -> None:
        resources.setdefault(type, {})["added"] = arguments

    return change


def allows(actions: list[str], resource: str) -> Callable[[Section], None]:
    """One more statement in the policy of the endpoint's role."""

    def change(resources: Section) -> None:
        arguments = resources["aws_iam_role_policy"]["rank"]
        content = json.loads(arguments["policy"])
        content["Statement"].append(statement(actions, [resource], sid="More"))
        arguments["policy"] = json.dumps(content)

    return change


def everyone(action: str, resource: str) -> str:
    return document(statement([action], [resource], sid="All", principal="*"))


def environment_of(type: str, name: str, *path: str, **variables: str) -> Callable[[Section], None]:
    """Variables beside those that are there."""

    def change(resources: Section) -> None:
        block: Any = resources[type][name]
        for key in path:
            block = block.setdefault(key, {})
        block.update(variables)

    return change


@dataclass(frozen=True)
class Mutant:
    """A mistake, and who is known to see it: checkov's check, our rules (a part of the finding), or both."""

    mistake: str
    change: Callable[[Section], None]
    checkov: str | None = None
    ours: str | None = None


BLOCK = "aws_s3_bucket_public_access_block"

MUTANTS = (
    Mutant("a bucket that ACLs may open", sets(BLOCK, "artifacts", block_public_acls=False), "CKV_AWS_53"),
    Mutant(
        "a bucket that policies may open", sets(BLOCK, "artifacts", block_public_policy=False), "CKV_AWS_54"
    ),
    Mutant("public ACLs are heeded", sets(BLOCK, "artifacts", ignore_public_acls=False), "CKV_AWS_55"),
    Mutant(
        "a public bucket is not restricted",
        sets(BLOCK, "artifacts", restrict_public_buckets=False),
        "CKV_AWS_56",
    ),
    Mutant(
        "a bucket that everyone reads",
        sets("aws_s3_bucket_policy", "artifacts", policy=everyone("s3:GetObject", "arn:aws:s3:::b/*")),
        "CKV_AWS_70",
        "allows s3:GetObject to everyone",
    ),
    Mutant(
        "a bucket without versions",
        sets("aws_s3_bucket_versioning", "artifacts", versioning_configuration={"status": "Suspended"}),
        "CKV_AWS_21",
    ),
    Mutant("every action on everything", allows(["*"], "*"), "CKV_AWS_62", "it allows the action '*'"),
    Mutant("a topic without a key", sets("aws_sns_topic", "done", kms_master_key_id=None), "CKV_AWS_26"),
    Mutant(
        "tags that move", sets("aws_ecr_repository", "images", image_tag_mutability="MUTABLE"), "CKV_AWS_51"
    ),
    Mutant(
        "a role that everyone takes",
        sets(
            "aws_iam_role",
            "job",
            assume_role_policy=document(statement(["sts:AssumeRole"], [], sid="All", principal={"AWS": "*"})),
        ),
        "CKV_AWS_60",
        "allows sts:AssumeRole to everyone",
    ),
    Mutant(
        "an administrator",
        adds(
            "aws_iam_role_policy_attachment",
            role="job",
            policy_arn="arn:aws:iam::aws:policy/AdministratorAccess",
        ),
        "CKV_AWS_274",
        "it attaches AdministratorAccess",
    ),
    Mutant(
        "a public function URL",
        sets("aws_lambda_function_url", "rank-small", authorization_type="NONE"),
        "CKV_AWS_258",
        "anybody may call this URL",
    ),
    Mutant(
        "a function that everyone invokes",
        sets("aws_lambda_permission", "rank-small", principal="*", source_account=None, source_arn=None),
        "CKV_AWS_301",
        "everyone may call lambda:InvokeFunction",
    ),
    Mutant(
        "a service that invokes for anybody",
        sets("aws_lambda_permission", "rank-small", source_account=None, source_arn=None),
        "CKV_AWS_364",
        "on behalf of any account",
    ),
    Mutant(
        "a key in a function's environment",
        environment_of(
            "aws_lambda_function",
            "rank-small",
            "environment",
            "variables",
            AWS_KEY="AKIAIOSFODNN7EXAMPLA",
            AWS_VALUE=SECRET,
        ),
        "CKV_AWS_45",
        "the variable AWS_KEY holds a key",
    ),
    Mutant(
        "a runtime of yesterday",
        sets("aws_lambda_function", "rank-small", runtime="python3.7"),
        "CKV_AWS_363",
    ),
    Mutant(
        "a model that reaches every network",
        sets("aws_sagemaker_model", "rank", enable_network_isolation=False),
        "CKV_AWS_370",
    ),
    Mutant("a log for ever", sets("aws_cloudwatch_log_group", "rank", retention_in_days=None), "CKV_AWS_66"),
    Mutant(
        "a privileged job",
        sets(
            "aws_batch_job_definition",
            "job",
            container_properties=json.dumps({"image": "i", "privileged": True}),
        ),
        "CKV_AWS_210",
    ),
    Mutant(
        "hosts that give their credentials away",
        sets("aws_launch_template", "hosts", metadata_options={"http_tokens": "optional"}),
        "CKV_AWS_79",
    ),
    # What checkov misses.
    Mutant(
        "passing every role",
        allows(["iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction"], "*"),
        None,
        "it allows iam:PassRole on '*'",
    ),
    Mutant(
        "a queue that everyone fills, by jsonencode",
        sets("aws_sqs_queue_policy", "jobs", policy=f"${{jsonencode({everyone('sqs:SendMessage', QUEUE)})}}"),
        None,
        "allows sqs:SendMessage to everyone",
    ),
    Mutant(
        "a queue that everyone fills",
        sets("aws_sqs_queue_policy", "jobs", policy=everyone("sqs:SendMessage", QUEUE)),
        None,
        "allows sqs:SendMessage to everyone",
    ),
    Mutant(
        "a secret in a container's environment",
        environment_of(
            "aws_sagemaker_model", "rank", "primary_container", "environment", DB_PASSWORD="hunter2!"
        ),
        None,
        "the variable DB_PASSWORD is named like a secret",
    ),
    Mutant(
        "a function for every web page",
        sets("aws_lambda_function_url", "rank-small", cors={"allow_origins": ["*"]}),
        None,
        "CORS origin '*'",
    ),
)


def mutate(sound: Mapping[str, Any], mutant: Mutant) -> dict[str, Any]:
    """The module with the one mistake in it."""
    content = copy.deepcopy(dict(sound))
    mutant.change(content["resource"])
    return content


def as_blueprint(content: Mapping[str, Any]) -> Blueprint:
    """A module's resources as a blueprint again, for the rules."""
    return Blueprint(
        tuple(
            Resource(type, name, arguments)
            for type, named in content["resource"].items()
            for name, arguments in named.items()
        )
    )
