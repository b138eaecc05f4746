"""Which AWS provider and which Terraform are asked for, and where Terraform keeps its state."""

from typing import Any

from infra.environment import Environment

SOURCE = "hashicorp/aws"
"""Without a host name: tofu then asks its own registry."""
CONSTRAINT = ">= 5.100.0, < 7.0.0"
TERRAFORM_CONSTRAINT = ">= 1.10.0"
"""1.10 is the first with a lock file in the S3 backend, and tofu's first with it too."""


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
