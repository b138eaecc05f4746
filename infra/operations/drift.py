"""What somebody changed by hand of what a stack made: counts by AWS's own word, all else by Terraform's refresh."""

import shutil
from collections.abc import Callable, Iterator

from infra import naming
from infra.blueprint import Blueprint
from infra.connection import Connection
from infra.engines.terraform import synth
from infra.engines.terraform.workspace import open_workspace
from infra.ledger import Deployed, Ledger
from infra.operations import counts
from infra.operations.watchman.deletions import DELETIONS, GO_ALONG
from infra.project import Project

FOLDER = "_drift"


def of_stack(
    stack: str, connection: Connection, project: Project, notice: Callable[[str], None]
) -> tuple[str, ...]:
    """A line for each difference between the state of `stack` and AWS; nothing is changed, the state least of all.

    In a folder of its own: an empty configuration in the stack's own would be a deploy's undoing.
    """
    environment = connection.environment
    own = project.working_directory(environment, stack)
    folder = project.working_directory(environment, f"{FOLDER}-{stack}")
    copied = folder / synth.STATE
    if environment.state_bucket is None:
        if not (own / synth.STATE).is_file():
            return (f"{stack}: no state of it is here; look where it was deployed from, or set state_bucket",)
        shutil.copy2(own / synth.STATE, copied)
    try:
        workspace = open_workspace(Blueprint(()), environment, stack, folder, connection.variables, notice)
        sleeps = _asleep(stack, connection)
        return tuple(one.line for one in workspace.drift() if not (one.is_gone and sleeps(one.address)))
    finally:
        copied.unlink(missing_ok=True)


def _asleep(stack: str, connection: Connection) -> Callable[[str], bool]:
    """Whether the resource at an address goes with a workload that sleeps.

    What the watchman puts to sleep is gone from AWS, and stays in Terraform's state until the next apply.
    """
    ledger = Ledger.on(connection)
    asleep = ledger.asleep(stack)
    workloads = [record.workload for record in ledger.of(stack)]

    def sleeps(address: str) -> bool:
        type, _, name = address.partition(".")
        return type in DELETIONS.keys() | GO_ALONG and naming.owner(name, workloads) in asleep

    return sleeps


def of_count(record: Deployed, connection: Connection) -> Iterator[str]:
    """A line where an endpoint has another number of instances than its configuration or its scaling says."""
    found = counts.moved(record.name, connection)
    if found is not None:
        yield f"{record.name}: its instances are set to {found.found}, and it is to have {found.allowed}"
