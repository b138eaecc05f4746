"""Puts what is deployed to sleep, and wakes it: what AWS bills by the hour goes and comes back, and no more than that.

Through the engine that made it, so that the state stays true: the plan is that of the same stack without its
endpoints. It works with the artifacts that were deployed, whatever has become of the models' folders since.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from infra.blueprint import blueprint
from infra.blueprint.sleep import sleeps
from infra.connection import Connection
from infra.errors import Misuse
from infra.ledger import Ledger
from infra.operations import activity, crossing, deploy, sleepers
from infra.operations.artifacts import KeptArtifact
from infra.operations.deploy import Prepared, Say, Watch
from infra.project import Project
from infra.stack import Stack
from infra.workloads import Workload


@dataclass(frozen=True)
class Change:
    """What is planned: the workloads that sleep before it and after it."""

    prepared: Prepared
    kept: Mapping[str, KeptArtifact]
    before: frozenset[str]
    after: frozenset[str]


Prepare = Callable[[Stack, str | None, Connection, Project, Say], Change]


def prepare_sleep(
    stack: Stack, workload: str | None, connection: Connection, project: Project, say: Say
) -> Change:
    """Plan to put one workload of `stack`, or all of them, to sleep. Raises `Misuse` where nothing of it could."""
    able = {one.name for one in _chosen(stack, workload) if sleeps(one)}
    if not able:
        raise Misuse(
            f"Nothing of {workload or stack.name} is billed by the hour, and so there is nothing to put to sleep."
        )
    _refuse_what_waits(stack, able, connection)
    return _prepare(stack, lambda before: before | able, connection, project, say)


def prepare_wake(
    stack: Stack, workload: str | None, connection: Connection, project: Project, say: Say
) -> Change:
    """Plan to wake one workload of `stack`, or all of them."""
    chosen = {one.name for one in _chosen(stack, workload)}
    return _prepare(stack, lambda before: before - chosen, connection, project, say)


def carry_out(change: Change, say: Say, watch: Watch) -> None:
    """Do what was planned, and look at what then lives.

    Raises `DeployFailed` where AWS did otherwise, `Misuse` where something else, such as the schedule of `idle`, put
    part of the stack to sleep or woke it since it was planned.
    """
    stack, connection = change.prepared.stack, change.prepared.connection
    if sleepers.of(stack, connection) != change.before:
        raise Misuse(
            f"What sleeps of {stack.name} has changed since this was planned, by its schedule or by somebody else; "
            "run it again."
        )
    Ledger.on(connection).write_asleep(stack.name, change.after)
    deploy.carry_out(change.prepared, change.kept, say, watch)


def _refuse_what_waits(stack: Stack, able: Collection[str], connection: Connection) -> None:
    """The queue of an asynchronous endpoint goes with it, and what is in it is lost without a word."""
    connection.check_account()
    ledger = Ledger.on(connection)
    for record in ledger.of(stack.name) if ledger.exists() else ():
        if record.kind == "AsyncEndpoint" and record.workload in able:
            waiting = activity.backlog(record, connection, connection.now())
            if waiting:
                raise Misuse(
                    f"{record.workload} has {waiting} requests in its queue, which would be lost; put it to sleep when "
                    "they are answered."
                )


def _chosen(stack: Stack, workload: str | None) -> list[Workload]:
    chosen = [one for one in stack.workloads if workload in (None, one.name)]
    if not chosen:
        known = ", ".join(one.name for one in stack.workloads)
        raise Misuse(
            f"Stack {stack.name} has no workload {workload!r}; write one of {known}, or none for all."
        )
    return chosen


def _prepare(
    stack: Stack,
    then: Callable[[frozenset[str]], frozenset[str]],
    connection: Connection,
    project: Project,
    say: Say,
) -> Change:
    before = sleepers.of(stack, connection)
    after = then(before)
    kept = _kept(stack, connection)
    engine = crossing.engine_of(stack, connection)
    prepared = deploy.prepare(stack, kept, connection, project, say, engine, after)
    _refuse_other_changes(prepared, kept)
    return Change(prepared, kept, before, after)


def _kept(stack: Stack, connection: Connection) -> dict[str, KeptArtifact]:
    """The artifacts that were deployed, by workload."""
    ledger = Ledger.on(connection)
    deployed = ledger.of(stack.name) if ledger.exists() else []
    kept = {record.workload: KeptArtifact(record.artifact_key) for record in deployed}
    lacking = [workload.name for workload in stack.workloads if workload.name not in kept]
    if lacking:
        raise Misuse(
            f"{', '.join(lacking)} of {stack.name} is not deployed on {connection.environment.name} "
            f"({connection.environment.region}); run: modelyard "
            f"deploy {stack.name} --env {connection.environment.name}"
        )
    return kept


def _refuse_other_changes(prepared: Prepared, kept: Mapping[str, KeptArtifact]) -> None:
    """What sleeps and wakes is made and removed; all else is for a deploy, which shows and prices it."""
    stack = prepared.stack
    keys = {name: artifact.key for name, artifact in kept.items()}
    everything = blueprint(stack, keys).resources
    staying = blueprint(stack, keys, [workload.name for workload in stack.workloads]).resources
    ours = {one.address for one in everything} - {one.address for one in staying}
    others = [
        f"{change.action} {change.address}"
        for change in prepared.plan.changes
        if change.address not in ours or change.action not in ("create", "delete")
    ]
    if others:
        environment = stack.environment.name
        raise Misuse(
            f"Beside that, {stack.name} has changes that are not deployed: {', '.join(others[:5])}"
            f"{' and more' if len(others) > 5 else ''}; run first: modelyard deploy {stack.name} --env {environment}"
        )
