"""What makes the bucket of Terraform's states safe, part by part: how each is read, when it is right, how it is put."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from infra.blueprint.policy import statement
from infra.environment import Environment

ABANDONED_UPLOAD_DAYS = 7
OLD_STATE_DAYS = 90
"""How long a state that was replaced can be brought back."""

_TLS = "OnlyOverTls"

Answer = Mapping[str, Any]


@dataclass(frozen=True)
class Part:
    """One thing that makes the bucket safe: how it is read, when it is right, and how it is put.

    `parameters` are those of the operation `put`, from what was read, so that what is others' is kept.
    """

    name: str
    get: str
    put: str
    is_right: Callable[[Answer, Environment], bool]
    parameters: Callable[[Answer, Environment], dict[str, Any]]


_PRIVATE = {
    "BlockPublicAcls": True,
    "BlockPublicPolicy": True,
    "IgnorePublicAcls": True,
    "RestrictPublicBuckets": True,
}
_OWNED = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}


def _encryption(environment: Environment) -> dict[str, Any]:
    by_default = {"SSEAlgorithm": "aws:kms"}
    if environment.kms_key_arn is not None:
        by_default["KMSMasterKeyID"] = environment.kms_key_arn
    return {"ApplyServerSideEncryptionByDefault": by_default, "BucketKeyEnabled": True}


def _is_encrypted(answer: Answer, environment: Environment) -> bool:
    rules = answer.get("ServerSideEncryptionConfiguration", {}).get("Rules", ())
    found = [rule.get("ApplyServerSideEncryptionByDefault", {}) for rule in rules]
    wanted = _encryption(environment)["ApplyServerSideEncryptionByDefault"]
    return any(wanted.items() <= one.items() for one in found)


def _tls_only(environment: Environment) -> dict[str, Any]:
    arn = f"arn:{environment.partition}:s3:::{environment.state_bucket}"
    return statement(
        ["s3:*"],
        [arn, f"{arn}/*"],
        sid=_TLS,
        effect="Deny",
        principal="*",
        condition={"Bool": {"aws:SecureTransport": "false"}},
    )


def _statements(answer: Answer) -> list[dict[str, Any]]:
    found = json.loads(answer.get("Policy", "{}")).get("Statement", [])
    return found if isinstance(found, list) else [found]


def _is_tls_only(answer: Answer, environment: Environment) -> bool:
    wanted = _tls_only(environment)
    return any(
        one.get("Effect") == "Deny" and one.get("Condition") == wanted["Condition"] and one.get("Sid") == _TLS
        for one in _statements(answer)
    )


def _policy(answer: Answer, environment: Environment) -> dict[str, Any]:
    others = [one for one in _statements(answer) if one.get("Sid") != _TLS]
    content = {"Version": "2012-10-17", "Statement": [*others, _tls_only(environment)]}
    return {"Policy": json.dumps(content)}


_RULES: tuple[dict[str, Any], ...] = (
    {
        "ID": "old-states",
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "NoncurrentVersionExpiration": {"NoncurrentDays": OLD_STATE_DAYS},
    },
    {
        "ID": "abandoned-uploads",
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": ABANDONED_UPLOAD_DAYS},
    },
)


def _keeps_the_rules(answer: Answer, _environment: Environment) -> bool:
    found = {rule.get("ID"): rule for rule in answer.get("Rules", ())}
    return all(
        found.get(rule["ID"], {}).get(key) == value
        for rule in _RULES
        for key, value in rule.items()
        if key not in ("ID", "Filter")  # S3 may answer the empty filter in another form
    )


def _lifecycle(answer: Answer, _environment: Environment) -> dict[str, Any]:
    ours = {rule["ID"] for rule in _RULES}
    others = [rule for rule in answer.get("Rules", ()) if rule.get("ID") not in ours]
    return {"LifecycleConfiguration": {"Rules": [*others, *_RULES]}}


PARTS = (
    # First what keeps strangers out: a run may be killed after any of them.
    Part(
        "public access block",
        "get_public_access_block",
        "put_public_access_block",
        lambda answer, _: answer.get("PublicAccessBlockConfiguration") == _PRIVATE,
        lambda _, __: {"PublicAccessBlockConfiguration": _PRIVATE},
    ),
    Part(
        "ownership by the account",
        "get_bucket_ownership_controls",
        "put_bucket_ownership_controls",
        lambda answer, _: answer.get("OwnershipControls") == _OWNED,
        lambda _, __: {"OwnershipControls": _OWNED},
    ),
    Part(
        "encryption",
        "get_bucket_encryption",
        "put_bucket_encryption",
        _is_encrypted,
        lambda _, environment: {"ServerSideEncryptionConfiguration": {"Rules": [_encryption(environment)]}},
    ),
    Part("policy that wants TLS", "get_bucket_policy", "put_bucket_policy", _is_tls_only, _policy),
    Part(
        "versioning",
        "get_bucket_versioning",
        "put_bucket_versioning",
        lambda answer, _: answer.get("Status") == "Enabled",
        lambda _, __: {"VersioningConfiguration": {"Status": "Enabled"}},
    ),
    Part(
        "lifecycle of old states and abandoned uploads",
        "get_bucket_lifecycle_configuration",
        "put_bucket_lifecycle_configuration",
        _keeps_the_rules,
        _lifecycle,
    ),
)
