"""The environment's one repository of container images: private, scanned, encrypted, with tags that never move."""

import json

from infra.blueprint.policy import document, statement
from infra.blueprint.resource import Resource
from infra.environment import Environment
from model_packaging.keys import image_tag

ABANDONED_IMAGE_DAYS = 7


def name_of(environment: Environment) -> str:
    """The repository's name."""
    return f"modelyard-{environment.name}"


def host_of(environment: Environment) -> str:
    """The registry of this account and region."""
    suffix = "amazonaws.com.cn" if environment.partition == "aws-cn" else "amazonaws.com"
    return f"{environment.account_id}.dkr.ecr.{environment.region}.{suffix}"


def image_uri(environment: Environment, artifact_key: str) -> str:
    """The image of an artifact, by its tag: the model's name and the digest of what is in it."""
    _, model, digest, _ = artifact_key.split("/")
    return tagged(environment, f"{model}-{digest}")


def built(environment: Environment, artifact_key: str) -> str | None:
    """The image that the deploy makes for the artifact of that key; None where it makes none."""
    tag = image_tag(artifact_key)
    return None if tag is None else tagged(environment, tag)


def tagged(environment: Environment, tag: str) -> str:
    """The image of that tag."""
    return f"{host_of(environment)}/{name_of(environment)}:{tag}"


def repository(environment: Environment) -> tuple[Resource, ...]:
    """The repository with its policies. It lies in the bucket's state: images too are there before their functions."""
    key = environment.kms_key_arn
    made = Resource(
        "aws_ecr_repository",
        "images",
        {
            "name": name_of(environment),
            # A tag carries its content's digest: one that moves would be another function under the same name.
            "image_tag_mutability": "IMMUTABLE",
            # Everything in it can be built again, and AWS refuses to delete a repository with images in it.
            "force_delete": True,
            "image_scanning_configuration": {"scan_on_push": True},
            "encryption_configuration": [{"encryption_type": "KMS", **({"kms_key": key} if key else {})}],
        },
    )
    rules = [
        {
            "rulePriority": 1,
            # Only what has no tag. By count or age a rule would remove the image of a function that still runs:
            # Lambda then marks the function as inactive, and its next cold start fails.
            "description": "Pushes that were given up",
            "selection": {
                "tagStatus": "untagged",
                "countType": "sinceImagePushed",
                "countUnit": "days",
                "countNumber": ABANDONED_IMAGE_DAYS,
            },
            "action": {"type": "expire"},
        }
    ]
    return (
        made,
        Resource(
            "aws_ecr_lifecycle_policy",
            "images",
            {"repository": made.ref("name"), "policy": json.dumps({"rules": rules}, sort_keys=True)},
        ),
        Resource(
            "aws_ecr_repository_policy",
            "images",
            {"repository": made.ref("name"), "policy": _pulled_by_lambda(environment)},
        ),
    )


def _pulled_by_lambda(environment: Environment) -> str:
    # Lambda would write this statement by itself, for all functions, and Terraform would not know of it.
    return document(
        statement(
            ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
            [],
            sid="LambdaECRImageRetrievalPolicy",
            principal={"Service": "lambda.amazonaws.com"},
            # The account is part of the ARN. aws:SourceAccount is not in AWS's own form of this statement, and whether
            # Lambda sends it is not said: without it 'Lambda does not have permission to access the ECR image'.
            condition={
                "ArnLike": {"aws:SourceArn": environment.arn("lambda", f"function:{environment.name}-*")}
            },
        )
    )
