"""A deploy and its reverse: plan, show, and then exactly that.

Prepare (reads only): account, blueprint, synthesis, plan. Carry out: bucket, ledger, upload, the saved
plan, and a look at what really went live.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from infra import rules
from infra.blueprint import Blueprint, blueprint
from infra.connection import Connection
from infra.engines.terraform.diagnostics import TerraformFailed
from infra.engines.terraform.events import ResourceEvent
from infra.engines.terraform.plan import PlanSummary
from infra.engines.terraform.runner import Runner
from infra.engines.terraform.workspace import open_workspace
from infra.errors import DeployFailed, Misuse, TerraformError
from infra.ledger import Ledger, records
from infra.operations import (
    artifacts,
    bootstrap,
    containers,
    counts,
    endpoints,
    exposure,
    holders,
    interfaces,
    namesakes,
    retyping,
    rollback,
    sleepers,
    status,
    storage,
    verify,
)
from infra.operations.meters import Meter, unseen
from infra.project import Project
from infra.stack import Stack
from infra.workloads import SageMakerEndpoint

Say = Callable[[str], None]
Watch = Callable[[ResourceEvent], None]


@dataclass(frozen=True)
class Prepared:
    """A stack that is planned."""

    stack: Stack
    connection: Connection
    project: Project
    blueprint: Blueprint
    runner: Runner
    plan: PlanSummary


def prepare(
    stack: Stack,
    identities: Mapping[str, artifacts.Identity],
    connection: Connection,
    project: Project,
    say: Say,
    asleep: Collection[str] | None = None,
) -> Prepared:
    """Plan a deploy of `stack` with its workloads' artifacts; nothing on AWS is changed.

    `asleep` are the workloads that are to sleep from then on; without it, those that do are left asleep.
    """
    connection.check_account()
    namesakes.refuse(stack, connection)
    retyping.refuse(stack, connection)
    bootstrap.require(connection)
    stack = counts.kept(stack, artifacts.keys(identities), connection)
    if asleep is None:
        asleep = sleepers.told(stack, connection, say)
    content = blueprint(stack, artifacts.keys(identities), asleep)
    rules.check(stack, content)
    runner = _workspace(stack, content, connection, project, say)
    plan = runner.plan()
    holders.refuse(stack, plan, connection)
    return Prepared(stack, connection, project, content, runner, plan)


def stage(
    stack: Stack,
    built: Mapping[str, artifacts.Artifact],
    connection: Connection,
    project: Project,
    say: Say,
    meter: Meter = unseen,
) -> None:
    """Put the artifacts of `stack` where AWS reads them; the environment's bucket is made where there is none."""
    storage.ensure(connection, project, say)
    # Before the upload: what is recorded as used is not swept away by a destroy of another stack.
    ledger = Ledger(connection.client("s3"), connection.environment.artifact_bucket)
    ledger.write(stack.name, records(stack, artifacts.keys(built)))
    artifacts.upload_all(built, connection, say, meter)


def carry_out(
    prepared: Prepared,
    built: Mapping[str, artifacts.Artifact],
    say: Say,
    watch: Watch,
    meter: Meter = unseen,
) -> Mapping[str, Any]:
    """Do what was planned, with the artifacts built; the stack's outputs.

    Raises `DeployFailed` where AWS did otherwise.
    """
    stack, connection = prepared.stack, prepared.connection
    stage(stack, built, connection, prepared.project, say, meter)
    if not prepared.plan.empty:
        _settle(stack, connection, say)
    try:
        outputs = prepared.runner.outputs() if prepared.plan.empty else prepared.runner.apply(watch)
    except TerraformFailed as error:
        raise DeployFailed("\n".join([str(error), *_told(error, prepared, say)])) from error
    _tell_what_is_left(stack, prepared.plan, connection, say)
    exposure.settle(stack, connection)
    verify.verify(stack, prepared.blueprint, built, connection)
    return outputs


def _settle(stack: Stack, connection: Connection, say: Say) -> None:
    """Wait for endpoints that are being scaled, which the provider does not: it fails on the first answer."""
    for workload in stack.workloads:
        if isinstance(workload, SageMakerEndpoint):
            endpoints.settled(stack.deployed_name(workload), connection.client("sagemaker"), say)


def _told(error: TerraformFailed, prepared: Prepared, say: Say) -> list[str]:
    """What AWS says of the endpoints that Terraform names; those that were rolled back are also tidied up."""
    addresses = {diagnostic.address for diagnostic in error.diagnostics}
    stack, connection = prepared.stack, prepared.connection
    failed = [
        workload
        for workload in stack.workloads
        if isinstance(workload, SageMakerEndpoint) and f"aws_sagemaker_endpoint.{workload.name}" in addresses
    ]
    try:
        reason = verify.explain([stack.deployed_name(workload) for workload in failed], connection, say)
        if rollback.undo(stack, failed, prepared.blueprint, connection, prepared.runner):
            say("What was made for the update is removed, and Terraform's state is back at what serves.")
    except (BotoCoreError, ClientError, TerraformError) as further:
        return [f"What became of it is not known: {further}"]
    return [reason] if reason else []


@dataclass(frozen=True)
class PreparedDestroy:
    """A stack whose tear-down is planned. `results` are the objects below `data/` that go with the bucket."""

    stack: Stack
    connection: Connection
    project: Project
    runner: Runner
    plan: PlanSummary
    results: int = 0


def prepare_destroy(stack: Stack, connection: Connection, project: Project, say: Say) -> PreparedDestroy:
    """Plan the tear-down of all that the state of `stack` knows; neither its models nor its file's details matter."""
    connection.check_account()
    bootstrap.require(connection)
    runner = _workspace(stack, Blueprint(()), connection, project, say)
    plan = runner.plan(destroy=True)
    if plan.empty:
        _refuse_what_lives(stack, connection)
    else:
        holders.refuse(stack, plan, connection)
    ledger = Ledger(connection.client("s3"), connection.environment.artifact_bucket)
    last = ledger.exists() and set(ledger.stacks()) <= {stack.name}
    return PreparedDestroy(stack, connection, project, runner, plan, ledger.results() if last else 0)


def _refuse_what_lives(stack: Stack, connection: Connection) -> None:
    """A state that knows nothing of a stack that lives is the wrong state: its artifacts must stay."""
    everything = status.status(connection, connection.now())
    alive = [live.deployed.name for live in everything if live.deployed.stack == stack.name and live.is_there]
    if alive:
        raise Misuse(
            f"Terraform's state here knows nothing of {stack.name}, and {', '.join(alive)} is deployed; run it "
            "where it was deployed from, or name its state_bucket in the environment's file."
        )


def carry_out_destroy(prepared: PreparedDestroy, say: Say, watch: Watch) -> None:
    """Take the stack down; and with the environment's last stack its artifact bucket."""
    connection = prepared.connection
    if not prepared.plan.empty:
        _settle(prepared.stack, connection, say)
        prepared.runner.apply(watch)
        _tell_what_is_left(prepared.stack, prepared.plan, connection, say)
    ledger = Ledger(connection.client("s3"), connection.environment.artifact_bucket)
    if not ledger.exists():
        return
    ledger.remove(prepared.stack.name)
    if ledger.stacks():
        ledger.sweep()
        containers.sweep(connection, ledger)
    else:
        storage.remove(connection, prepared.project, say)


def _tell_what_is_left(stack: Stack, plan: PlanSummary, connection: Connection, say: Say) -> None:
    for line in interfaces.left(stack, plan, connection):
        say(line)


def _workspace(
    stack: Stack, content: Blueprint, connection: Connection, project: Project, say: Say
) -> Runner:
    environment = stack.environment
    directory = project.working_directory(environment, stack.name)
    return open_workspace(content, environment, stack.name, directory, connection.variables, say)
