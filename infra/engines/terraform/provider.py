"""How the AWS provider is set up for an environment, and where Terraform keeps its state."""

from typing import Any

from infra.environment import Environment

SOURCE = "hashicorp/aws"
"""Without a host name: tofu then asks its own registry."""
CONSTRAINT = ">= 5.100.0, < 7.0.0"
KEEP = "modelyard:keep"
"""The tag of what `modelyard idle` never touches."""
TERRAFORM_CONSTRAINT = ">= 1.10.0"
"""1.10 is the first with a lock file in the S3 backend, and tofu's first with it too."""

_EMBEDDED = {
    # The embedded AWS has no metadata service, and buckets are not host names on 127.0.0.1.
    "s3_use_path_style": True,
    "skip_metadata_api_check": "true",
    # With the provider's 25 retries an operation that is not modelled takes more than 9 minutes to fail.
    "max_retries": 3,
}


def provider(environment: Environment, stack_name: str) -> dict[str, Any]:
    """The provider block. It names no endpoint and no credentials: those come from the process's environment."""
    return {
        "region": environment.region,
        # The provider refuses credentials of any other account before it changes anything.
        "allowed_account_ids": [environment.account_id],
        "default_tags": [{"tags": tags(environment, stack_name)}],
        # Set by hand on what must not be taken down as idle: a deploy would remove it.
        "ignore_tags": [{"keys": [KEEP]}],
        **(_EMBEDDED if environment.embedded_aws else {}),
    }


def tags(environment: Environment, stack_name: str) -> dict[str, str]:
    """What every resource is tagged with: whose it is, so that it can be told from somebody else's."""
    return {**environment.tags, "modelyard:environment": environment.name, "modelyard:stack": stack_name}


def backend(environment: Environment, stack_name: str) -> dict[str, Any] | None:
    """The S3 backend of an environment that names a state bucket; None keeps the state in the working directory."""
    if environment.state_bucket is None:
        return None
    return {
        "bucket": environment.state_bucket,
        "key": f"modelyard/{environment.name}/{stack_name}/terraform.tfstate",
        "region": environment.region,
        "encrypt": True,
        # Without it the backend asks for AES256 by name, whatever the bucket's default is.
        **({"kms_key_id": environment.kms_key_arn} if environment.kms_key_arn else {}),
        "use_lockfile": True,
        **({"use_path_style": True, "skip_metadata_api_check": True} if environment.embedded_aws else {}),
    }
