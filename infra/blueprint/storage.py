"""What an environment has one of: a bucket, private, versioned and encrypted, a repository of images, and a budget."""

from typing import Any

from infra.blueprint.budget import budget
from infra.blueprint.policy import document, statement
from infra.blueprint.repository import repository
from infra.blueprint.resource import Blueprint, Resource
from infra.environment import Environment

ABANDONED_UPLOAD_DAYS = 7
REPLACED_OBJECT_DAYS = 30
ABANDONED_UPLOADS, REPLACED_OBJECTS = "abandoned-uploads", "replaced-objects"
LIFECYCLE_RULES = frozenset({ABANDONED_UPLOADS, REPLACED_OBJECTS})
ONLY_OVER_TLS = "OnlyOverTls"


def storage(environment: Environment) -> Blueprint:
    """The environment's bucket and repository, with what makes them safe, and its budget. They outlive its stacks."""
    name = environment.artifact_bucket
    # force_destroy: everything in it can be built again, and AWS refuses to delete a bucket with versions in it.
    bucket = Resource(
        "aws_s3_bucket",
        "artifacts",
        {
            "bucket": name,
            "force_destroy": True,
            # In the bucket and not as a resource of its own: the provider then watches it for 55 s
            # (measured with 5.100.0; it asks every 10 s until it has seen the same rules again and again).
            "lifecycle_rule": [
                {
                    "id": ABANDONED_UPLOADS,
                    "enabled": True,
                    "abort_incomplete_multipart_upload_days": ABANDONED_UPLOAD_DAYS,
                },
                {
                    "id": REPLACED_OBJECTS,
                    "enabled": True,
                    "noncurrent_version_expiration": [{"days": REPLACED_OBJECT_DAYS}],
                },
            ],
        },
    )
    of_bucket = {"bucket": bucket.ref("id")}
    private = Resource(
        "aws_s3_bucket_public_access_block",
        "artifacts",
        {
            **of_bucket,
            "block_public_acls": True,
            "block_public_policy": True,
            "ignore_public_acls": True,
            "restrict_public_buckets": True,
        },
    )
    return Blueprint(
        (
            bucket,
            Resource(
                "aws_s3_bucket_versioning",
                "artifacts",
                {**of_bucket, "versioning_configuration": {"status": "Enabled"}},
            ),
            Resource(
                "aws_s3_bucket_server_side_encryption_configuration",
                "artifacts",
                {**of_bucket, "rule": [_encryption(environment)]},
            ),
            private,
            Resource(
                "aws_s3_bucket_ownership_controls",
                "artifacts",
                {**of_bucket, "rule": {"object_ownership": "BucketOwnerEnforced"}},
            ),
            Resource(
                "aws_s3_bucket_policy",
                "artifacts",
                {**of_bucket, "policy": _tls_only(environment, name)},
                # S3 answers 409 OperationAborted when both are set on a bucket at once.
                depends_on=(private,),
            ),
            *repository(environment),
            *budget(environment),
        ),
        {"bucket": name},
    )


def _encryption(environment: Environment) -> dict[str, Any]:
    """With the environment's key, or the one that AWS keeps for S3, which needs no rights of its own."""
    by_default = {"sse_algorithm": "aws:kms"}
    if environment.kms_key_arn is not None:
        by_default["kms_master_key_id"] = environment.kms_key_arn
    # One request to KMS per bucket and while, in place of one per object.
    return {"apply_server_side_encryption_by_default": by_default, "bucket_key_enabled": True}


def _tls_only(environment: Environment, name: str) -> str:
    arn = f"arn:{environment.partition}:s3:::{name}"
    return document(
        statement(
            ["s3:*"],
            [arn, f"{arn}/*"],
            sid=ONLY_OVER_TLS,
            effect="Deny",
            principal="*",
            condition={"Bool": {"aws:SecureTransport": "false"}},
        )
    )
