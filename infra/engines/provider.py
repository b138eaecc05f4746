"""How the AWS provider is set up for an environment: the same arguments for every engine."""

from typing import Any

from infra.environment import Environment
from infra.naming import KEEP

_EMBEDDED = {
    # The embedded AWS has no metadata service, and buckets are not host names on 127.0.0.1.
    "s3_use_path_style": True,
    "skip_metadata_api_check": "true",
    # With the provider's 25 retries a call that always fails takes more than 9 minutes to give up; with 8, one.
    "max_retries": 8,
}


def provider(environment: Environment, stack_name: str) -> dict[str, Any]:
    """The provider's arguments. They name no endpoint and no credentials: those come from the process's environment."""
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
