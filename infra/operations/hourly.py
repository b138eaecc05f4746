"""What of a stack goes when it sleeps, as AWS names it: recorded at each deploy, for whoever does not know its file."""

from collections.abc import Mapping

from infra.blueprint import RENDERERS, blueprint
from infra.blueprint.sleep import goes
from infra.ledger import Hourly
from infra.operations import identifiers
from infra.operations.watchman.deletions import DELETIONS
from infra.stack import Stack


def of(stack: Stack, artifact_keys: Mapping[str, str]) -> Hourly:
    """By workload, in the order in which it goes: what was made last goes first.

    What goes with something else by itself is not in it, nor is a job's timetable, which costs nothing.
    """
    content = blueprint(stack, artifact_keys)
    names = {
        f"{one.type}.{one.name}": one.id
        for one in identifiers.identify(content, stack.environment, {})
        if one.id is not None
    }
    return {
        workload.name: [
            (one.type, names[one.address])
            for one in reversed(
                goes(workload, RENDERERS[type(workload)](stack, workload, artifact_keys[workload.name]))
            )
            if one.type in DELETIONS
        ]
        for workload in stack.workloads
    }
