"""A deploy and its reverse: plan, show, and then exactly that.

Prepare (reads only): account, blueprint, synthesis, plan. Carry out: bucket, ledger, upload, the saved
plan, and a look at what really went live.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from infra import rules
from infra.blueprint import Blueprint, blueprint
from infra.connection import Connection
from infra.engines.diagnostics import EngineFailed
from infra.engines.events import ResourceEvent
from infra.engines.plan import PlanSummary
from infra.engines.terraform.workspace import TERRAFORM
from infra.engines.workspace import Engine, Workspace
from infra.errors import DeployFailed, EngineError, Misuse
from infra.ledger import Ledger, records
from infra.operations import (
    adoption,
    artifacts,
    bootstrap,
    containers,
    counts,
    crossing,
    draining,
    endpoints,
    engines,
    exposure,
    holders,
    hourly,
    interfaces,
    lingering,
    namesakes,
    progress,
    publishing,
    quotas,
    retyping,
    rollback,
    scaling,
    schedule,
    sleepers,
    status,
    storage,
    tainted,
    trials,
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
    """A stack that is planned; `unpublished` are its functions of which a version is to be made beside the plan."""

    stack: Stack
    connection: Connection
    project: Project
    blueprint: Blueprint
    engine: Engine
    workspace: Workspace
    plan: PlanSummary
    unpublished: Sequence[str] = ()


def prepare(
    stack: Stack,
    identities: Mapping[str, artifacts.Identity],
    connection: Connection,
    project: Project,
    say: Say,
    engine: Engine = TERRAFORM,
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
    workspace = engines.workspace(engine, content, stack.name, connection, project, say)
    adoption.adopt(stack, content, engine, workspace, connection, say)
    plan = tainted.kept(workspace.plan(), content, workspace, connection, say)
    crossing.refuse(stack, plan, engine, connection)
    holders.refuse(stack, plan, connection)
    retyping.refuse_both(stack, plan, connection)
    quotas.check(stack, plan, connection, say)
    counts.tell(stack, connection, say)
    lacking = publishing.unpublished(stack, plan, connection, say)
    return Prepared(stack, connection, project, content, engine, workspace, plan, lacking)


def stage(
    stack: Stack,
    built: Mapping[str, artifacts.Artifact],
    connection: Connection,
    project: Project,
    say: Say,
    engine: Engine | None = None,
    meter: Meter = unseen,
) -> None:
    """Put the artifacts of `stack` where AWS reads them; the environment's bucket is made where there is none.

    `engine` is the one that is about to deploy them; without one what was recorded of it stays.
    """
    # What sleeps and wakes does so as it was deployed, whatever has become of the models' folders since.
    is_kept = any(isinstance(one, artifacts.KeptArtifact) for one in built.values())
    samples = None if is_kept else trials.of(stack)
    storage.ensure(connection, project, say, engine or TERRAFORM)
    sleepers.forget(stack, connection)
    # Before the upload: what is recorded as used is not swept away by a destroy of another stack.
    ledger = Ledger.on(connection)
    made_by = engine.name if engine else crossing.maker(stack, ledger)
    ledger.write(stack.name, records(stack, artifacts.keys(built), made_by))
    if samples is not None:
        ledger.write_samples(stack.name, samples)
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
    stage(stack, built, connection, prepared.project, say, prepared.engine, meter)
    ledger = Ledger.on(connection)
    ledger.write_hourly(stack.name, hourly.of(stack, artifacts.keys(built)))
    if prepared.unpublished:
        publishing.publish(prepared.unpublished, connection, say)
        prepared = replace(prepared, plan=prepared.workspace.plan())
    asked = trials.Trials.begin(stack, prepared.blueprint, prepared.plan, ledger, connection, say)
    if prepared.plan.empty:
        outputs = prepared.workspace.outputs()
    else:
        _settle(stack, connection, say)
        with (
            draining.drained(draining.queues(stack, prepared.plan), connection, say),
            scaling.suspended(retyping.retyped(stack, prepared.plan, connection).values(), connection, say),
        ):
            watching = progress.telling(asked.watching(watch), stack, connection, say)
            outputs = _applied(prepared, say, watching)
    _tell_what_is_left(stack, prepared.plan, connection, say)
    exposure.settle(stack, connection)
    counts.restore(stack, connection, say)
    findings = [*verify.findings(stack, prepared.blueprint, built, connection), *asked.check()]
    if findings:
        raise DeployFailed("\n".join(findings))
    return outputs


def _applied(prepared: Prepared, say: Say, watch: Watch) -> Mapping[str, Any]:
    try:
        return lingering.apply(
            prepared.plan,
            prepared.workspace,
            prepared.connection,
            say,
            watch,
            take_over=lambda: _taken_over(prepared, say),
        )
    except EngineFailed as error:
        raise DeployFailed("\n".join([str(error), *_told(error, prepared, say)])) from error


def _taken_over(prepared: Prepared, say: Say) -> bool:
    """Whether AWS has made, for this deploy, what its engine did not hear of."""
    stack, connection = prepared.stack, prepared.connection
    found = adoption.take_over_unheard(stack.name, prepared.blueprint, prepared.workspace, connection, say)
    if found:
        _settle(stack, connection, say)
    return found


def _settle(stack: Stack, connection: Connection, say: Say) -> None:
    """Wait for endpoints that are being scaled, which the provider does not: it fails on the first answer."""
    for workload in stack.workloads:
        if isinstance(workload, SageMakerEndpoint):
            endpoints.settled(stack.deployed_name(workload), connection.client("sagemaker"), say)


def _told(error: EngineFailed, prepared: Prepared, say: Say) -> list[str]:
    """What AWS says of the endpoints that the engine names; those that were rolled back are also tidied up."""
    addresses = {diagnostic.address for diagnostic in error.diagnostics} | _unkept(error, prepared.blueprint)
    stack, connection = prepared.stack, prepared.connection
    failed = [
        workload
        for workload in stack.workloads
        if isinstance(workload, SageMakerEndpoint) and f"aws_sagemaker_endpoint.{workload.name}" in addresses
    ]
    try:
        reason = verify.explain([stack.deployed_name(workload) for workload in failed], connection, say)
        if rollback.undo(stack, failed, prepared.blueprint, connection, prepared.workspace):
            title = prepared.engine.title
            say(f"What was made for the update is removed, and {title}'s state is back at what serves.")
    except (BotoCoreError, ClientError, EngineError) as further:
        return [f"What became of it is not known: {further}"]
    return [reason] if reason else []


def _unkept(error: EngineFailed, content: Blueprint) -> set[str | None]:
    """The addresses of what does not keep its postcondition: of that Terraform tells the message, and no address.

    It is what tells of a roll-back where the provider did not look while it went on, and calls the update done.
    """
    told = [diagnostic.line for diagnostic in error.diagnostics]
    return {
        resource.address
        for resource in content.resources
        for condition in resource.postconditions
        if any(condition.error_message in line for line in told)
    }


@dataclass(frozen=True)
class PreparedDestroy:
    """A stack whose tear-down is planned. `results` are the objects below `data/` that go with the bucket."""

    stack: Stack
    connection: Connection
    project: Project
    engine: Engine
    workspace: Workspace
    plan: PlanSummary
    results: int = 0


def prepare_destroy(
    stack: Stack, connection: Connection, project: Project, say: Say, engine: Engine = TERRAFORM
) -> PreparedDestroy:
    """Plan the tear-down of all that the state of `stack` knows; neither its models nor its file's details matter."""
    connection.check_account()
    bootstrap.require(connection)
    workspace = engines.workspace(engine, Blueprint(()), stack.name, connection, project, say)
    plan = workspace.plan(destroy=True)
    if plan.empty:
        _refuse_what_lives(stack, connection, engine)
    else:
        holders.refuse(stack, plan, connection)
    ledger = Ledger.on(connection)
    last = ledger.exists() and set(ledger.stacks()) <= {stack.name}
    results = ledger.results() if last else 0
    return PreparedDestroy(stack, connection, project, engine, workspace, plan, results)


def _refuse_what_lives(stack: Stack, connection: Connection, engine: Engine) -> None:
    """A state that knows nothing of a stack that lives is the wrong state: its artifacts must stay."""
    everything = status.status(connection, connection.now())
    alive = [live.deployed.name for live in everything if live.deployed.stack == stack.name and live.is_there]
    if alive:
        raise Misuse(
            f"{engine.title}'s state here knows nothing of {stack.name}, and {', '.join(alive)} is deployed; run it "
            "where it was deployed from, or name its state_bucket in the environment's file."
        )


def carry_out_destroy(prepared: PreparedDestroy, say: Say, watch: Watch) -> None:
    """Take the stack down; and with the environment's last stack its artifact bucket, and the schedule of `idle`."""
    connection = prepared.connection
    if not prepared.plan.empty:
        _settle(prepared.stack, connection, say)
        lingering.apply(prepared.plan, prepared.workspace, connection, say, watch, destroy=True)
        _tell_what_is_left(prepared.stack, prepared.plan, connection, say)
    ledger = Ledger.on(connection)
    if not ledger.exists():
        return
    ledger.remove(prepared.stack.name)
    if ledger.stacks():
        ledger.sweep()
        containers.sweep(connection, ledger)
    else:
        # With the bucket it would have nothing to look at, and fail each time.
        schedule.remove_with_the_last_stack(connection, prepared.project, say)
        storage.remove(connection, prepared.project, say, prepared.engine)


def _tell_what_is_left(stack: Stack, plan: PlanSummary, connection: Connection, say: Say) -> None:
    for line in interfaces.left(stack, plan, connection):
        say(line)
