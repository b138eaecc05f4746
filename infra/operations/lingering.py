"""A plan that is carried out again where AWS refuses something only because of what came just before it.

It is not yet done with that. Three things, which the provider asks once each: UpdateJobQueue returns before Batch has
let go of the queue's old compute environments ('Cannot delete, found existing JobQueue relationship':
hashicorp/terraform-provider-aws #46925, open), DeleteEndpoint before the endpoint is gone ('Cannot create already
existing endpoint'), and an endpoint that began to scale, or whose DeleteEndpoint's answer was lost, is 'in-progress'.
Without this a change of a job's machines would end as a failed deploy, and a replaced endpoint as none.

Or it has done it already, and its answer was lost: the SDK asks again, and is told that what it asks for exists.
"""

import re
import time
from collections.abc import Callable, Mapping
from typing import Any

from infra.connection import Connection
from infra.engines.diagnostics import Diagnostic, EngineFailed
from infra.engines.events import ResourceEvent
from infra.engines.plan import PlanSummary
from infra.engines.workspace import Workspace
from infra.operations import endpoints

PAUSES_SECONDS = (5.0, 10.0, 20.0, 40.0, 60.0)

RELATED = "found existing JobQueue relationship"
EXISTS = re.compile(r"Cannot create already existing endpoint \"[^\"]*endpoint/([^\"/]+)\"")
"""What AWS says, with the name of the endpoint."""

BUSY = re.compile(r"Cannot update in-progress endpoint \"[^\"]*endpoint/([^\"/]+)\"")
"""The same, of one that is updated, scaled or removed; it is said of a delete, too."""

DONE = re.compile(
    r"(?<!Bucket)already ?exist|BucketAlreadyOwnedByYou|FunctionUrlConfig exists", re.IGNORECASE
)
"""EntityAlreadyExists, 'Cannot create already existing model', 'Function already exist', 'Object already exists'.

BucketAlreadyExists is said of somebody else's only.
"""

Sleep = Callable[[float], None]


def apply(
    plan: PlanSummary,
    workspace: Workspace,
    connection: Connection,
    say: Callable[[str], None],
    watch: Callable[[ResourceEvent], None],
    *,
    destroy: bool = False,
    take_over: Callable[[], bool] = lambda: False,
    sleep: Sleep = time.sleep,
) -> Mapping[str, Any]:
    """Carry out `plan`, which `workspace` has saved, and what is left of it where AWS needed a moment; the outputs.

    `take_over` has the engine know what AWS has made and the engine did not hear of; whether there was anything.
    Nothing but what was in `plan` is changed. Raises what the engine raises.
    """
    allowed = {change.address for change in plan.changes}
    for pause in PAUSES_SECONDS:
        try:
            return workspace.apply(watch)
        except EngineFailed as error:
            others = [one for one in error.diagnostics if not _lingers(one, connection, say, sleep)]
            if not all(DONE.search(one.line) for one in others) or (others and not take_over()):
                raise
            if len(others) < len(error.diagnostics):
                say(f"AWS was not yet done with what came before; again in {pause:g} seconds")
                sleep(pause)
            left = workspace.plan(destroy=destroy)
            if not {change.address for change in left.changes} <= allowed:
                raise
            if left.empty:
                return workspace.outputs()
    return workspace.apply(watch)


def _lingers(
    diagnostic: Diagnostic, connection: Connection, say: Callable[[str], None], sleep: Sleep
) -> bool:
    """Whether it will be over; of an endpoint, once it is."""
    if RELATED in diagnostic.line:
        return True
    if (busy := BUSY.search(diagnostic.line)) is not None:
        endpoints.settled(busy[1], connection.client("sagemaker"), say, sleep)
        endpoints.left(busy[1], connection.client("sagemaker"), sleep)
        return True
    exists = EXISTS.search(diagnostic.line)
    # One that is going is waited for.
    return exists is not None and endpoints.left(exists[1], connection.client("sagemaker"), sleep) is None
