"""A plan that is carried out again where AWS refuses a removal only because it has not yet heard of what came before.

UpdateJobQueue returns before Batch has let go of the queue's old compute environments, and the provider asks once:
'Cannot delete, found existing JobQueue relationship' (hashicorp/terraform-provider-aws #46925, open). Without this each
change of a job's machines would end as a failed deploy, with the old ones left behind.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any

from infra.engines.diagnostics import EngineFailed
from infra.engines.events import ResourceEvent
from infra.engines.plan import PlanSummary
from infra.engines.workspace import Workspace

LINGERING = ("found existing JobQueue relationship",)
"""What AWS says of what is over in a moment."""

PAUSES_SECONDS = (5.0, 10.0, 20.0, 40.0, 60.0)


def apply(
    plan: PlanSummary,
    workspace: Workspace,
    say: Callable[[str], None],
    watch: Callable[[ResourceEvent], None],
    *,
    destroy: bool = False,
    sleep: Callable[[float], None] = time.sleep,
) -> Mapping[str, Any]:
    """Carry out `plan`, which `workspace` has saved, and what is left of it where AWS needed a moment; the outputs.

    Nothing but what was in `plan` is changed. Raises what the engine raises.
    """
    allowed = {change.address for change in plan.changes}
    for pause in PAUSES_SECONDS:
        try:
            return workspace.apply(watch)
        except EngineFailed as error:
            if not all(_lingers(diagnostic.line) for diagnostic in error.diagnostics):
                raise
            say(f"AWS has not yet let go of what is replaced; again in {pause:g} seconds")
            sleep(pause)
            left = workspace.plan(destroy=destroy)
            if not {change.address for change in left.changes} <= allowed:
                raise
            if left.empty:
                return workspace.outputs()
    return workspace.apply(watch)


def _lingers(line: str) -> bool:
    return any(text in line for text in LINGERING)
