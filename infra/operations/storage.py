"""An environment's bucket, repository and budget: right before the first deploy, and gone after the last destroy."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from infra.blueprint import budget
from infra.blueprint import storage as blueprint
from infra.blueprint.repository import name_of
from infra.blueprint.storage import LIFECYCLE_RULES, ONLY_OVER_TLS
from infra.connection import Connection
from infra.engines.events import ignore
from infra.engines.terraform.workspace import TERRAFORM
from infra.engines.workspace import Engine, Workspace
from infra.environment import Environment
from infra.errors import EngineError
from infra.ledger import Ledger, not_ours
from infra.operations import adoption, engines, lingering
from infra.project import Project

STATE = "_storage"
"""The name of its state; no stack can have it, since no stack's name starts with an underscore."""

ABSENT_OR_DENIED = ("NotFoundException", "AccessDeniedException")

# What S3 must answer of the bucket before a deploy trusts it; it answers 404 for what was never set.
_PARTS: Mapping[str, Callable[[Mapping[str, Any]], bool]] = {
    "head_bucket": lambda answer: True,
    "get_bucket_versioning": lambda answer: answer.get("Status") == "Enabled",
    "get_public_access_block": lambda answer: all(answer["PublicAccessBlockConfiguration"].values()),
    "get_bucket_encryption": lambda answer: all(
        rule.get("ApplyServerSideEncryptionByDefault", {}).get("SSEAlgorithm") == "aws:kms"
        for rule in answer["ServerSideEncryptionConfiguration"]["Rules"]
    ),
    "get_bucket_policy": lambda answer: f'"{ONLY_OVER_TLS}"' in answer["Policy"],
    "get_bucket_lifecycle_configuration": lambda answer: (
        {rule["ID"] for rule in answer["Rules"]} >= LIFECYCLE_RULES
    ),
    "get_bucket_ownership_controls": lambda answer: all(
        rule["ObjectOwnership"] == "BucketOwnerEnforced" for rule in answer["OwnershipControls"]["Rules"]
    ),
}


def is_complete(client: Any, bucket: str) -> bool:
    """Whether the bucket is there with all that makes it safe.

    An interrupted deploy may have left a part out, and somebody may have switched one off.
    """
    from botocore.exceptions import ClientError

    try:
        return all(holds(getattr(client, part)(Bucket=bucket)) for part, holds in _PARTS.items())
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        if status == 404:
            return False
        if status == 403:
            raise not_ours(bucket) from None
        raise


def is_repository_complete(client: Any, name: str) -> bool:
    """Whether the repository is there with its policies, and takes no image under the tag of another."""
    from botocore.exceptions import ClientError

    try:
        found = client.describe_repositories(repositoryNames=[name])["repositories"][0]
        client.get_lifecycle_policy(repositoryName=name)
        client.get_repository_policy(repositoryName=name)
    except ClientError as error:
        if error.response["Error"]["Code"].endswith("NotFoundException"):
            return False
        raise
    scanned = found.get("imageScanningConfiguration", {}).get("scanOnPush", False)
    return bool(scanned and found.get("imageTagMutability") == "IMMUTABLE")


def is_budget_right(client: Any, environment: Environment) -> bool:
    """Whether AWS has the environment's budget, and tells who is to be told; or has none where none is wanted."""
    from botocore.exceptions import BotoCoreError, ClientError

    if not budget.is_offered(environment):
        return True
    named = {"AccountId": environment.account_id, "BudgetName": budget.name_of(environment)}
    wanted = budget.is_wanted(environment)
    try:
        limit = client.describe_budget(**named)["Budget"]["BudgetLimit"]["Amount"]
        notices = client.describe_notifications_for_budget(**named)["Notifications"]
        told = [
            {
                one["Address"]
                for one in client.describe_subscribers_for_notification(**named, Notification=notice)[
                    "Subscribers"
                ]
            }
            for notice in notices
        ]
    except (BotoCoreError, ClientError) as error:
        # Who may not look at budgets, or is in a network from which they are not reached, needs to only where there
        # shall be one; Terraform then says what is lacking.
        if not wanted:
            return True
        if isinstance(error, ClientError) and error.response["Error"]["Code"] in ABSENT_OR_DENIED:
            return False
        raise
    addresses = set(environment.budget_emails)
    return (
        wanted
        and Decimal(limit) == environment.monthly_budget_usd
        and len(told) == len(budget.NOTICES)
        and all(one == addresses for one in told)
    )


def ensure(
    connection: Connection, project: Project, say: Callable[[str], None], engine: Engine = TERRAFORM
) -> None:
    """Make the bucket, the repository and the budget where they are missing or incomplete."""
    environment = connection.environment
    if (
        is_complete(connection.client("s3"), environment.artifact_bucket)
        and is_repository_complete(connection.client("ecr"), name_of(environment))
        and is_budget_right(connection.client("budgets"), environment)
    ):
        return
    say(
        f"Making what environment {environment.name} has one of: {environment.artifact_bucket}, images, budget"
    )
    workspace, content = _workspace(engine, connection, project, say), blueprint(environment)
    adoption.take_over(STATE, content, workspace, connection, say)
    plan = workspace.plan()
    if plan.empty:
        return
    try:
        lingering.apply(
            plan,
            workspace,
            connection,
            say,
            ignore,
            take_over=lambda: adoption.take_over_unheard(STATE, content, workspace, connection, say),
        )
    except EngineError as error:
        if "BucketAlreadyExists" in str(error):  # somebody was quicker, after we looked
            raise not_ours(environment.artifact_bucket) from error
        raise


def remove(
    connection: Connection, project: Project, say: Callable[[str], None], engine: Engine = TERRAFORM
) -> None:
    """Take the bucket and the repository down, with everything in them, and the budget."""
    environment = connection.environment
    say(f"No stack is left in environment {environment.name}: removing its artifact bucket")
    workspace = _workspace(engine, connection, project, say)
    if not workspace.plan(destroy=True).empty:
        workspace.apply()
    elif Ledger.on(connection).exists():
        say(
            f"{environment.artifact_bucket} stays: {engine.title}'s state here does not know it. Another engine may "
            "have made it; run the destroy once more with the other --engine, from where it was made."
        )


def _workspace(
    engine: Engine, connection: Connection, project: Project, say: Callable[[str], None]
) -> Workspace:
    return engines.workspace(engine, blueprint(connection.environment), STATE, connection, project, say)
