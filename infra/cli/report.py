"""How a bill, a plan and its progress are shown."""

from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from infra.cli import console
from infra.environment import Environment
from infra.errors import Misuse
from infra.stack import Stack

if TYPE_CHECKING:
    from infra.bill import Bill
    from infra.bill.difference import Difference
    from infra.engines.events import ResourceEvent
    from infra.engines.plan import PlanSummary
    from infra.operations.artifacts import Artifact

_PROGRESS_SECONDS = 10
"""Terraform tells every 10 s that it still waits; the first of these is worth a line."""


def price(stack: Stack, hours_per_month: Decimal | None = None, asleep: Collection[str] = ()) -> "Bill":
    """The stack's month at the prices that come with the kit; a month has 730 hours unless it is said.

    `asleep` are the workloads that sleep.
    """
    from cost import HOURS_PER_MONTH, PriceCatalog
    from infra.bill import bill as make

    hours = HOURS_PER_MONTH if hours_per_month is None else hours_per_month
    return make(stack, PriceCatalog.load(), hours, asleep)


def bill(priced: "Bill", *, to_stderr: bool = False) -> None:
    """One line per workload and the sum, before anything is applied."""
    show = console.say if to_stderr else console.put
    for workload in priced.workloads:
        expected = f", expected {workload.expected.total} USD" if workload.expected else ""
        maximum = f", maximum {workload.maximum.total} USD" if workload.maximum.lines else ""
        follows = f", plus {workload.follows}" if workload.follows else ""
        show(f"{workload.name}: minimum {workload.minimum.total} USD{expected}{maximum} a month{follows}")
    show(priced.summary)


def refuse_over_budget(
    priced: "Bill",
    environment: Environment,
    over_budget: bool,
    others: Mapping[str, Decimal | None] | None = None,
) -> None:
    """Raise `Misuse` where `over_budget_finding` finds something, and nobody said --over-budget."""
    finding = "" if over_budget else over_budget_finding(priced, environment, others)
    if finding:
        raise Misuse(f"{finding}; make it smaller, raise the budget, or write --over-budget.")


def over_budget_finding(
    priced: "Bill", environment: Environment, others: Mapping[str, Decimal | None] | None = None
) -> str:
    """Why the bill, each workload as expected or else at its least, is above the budget; empty where it is not.

    The budget is the environment's: `others` are its other deployed stacks, in USD a month, None where not known.
    What keeps it from being checked is said on stderr.
    """
    budget, estimate = environment.monthly_budget_usd, priced.counted.total
    if budget is None:
        return ""
    if others is None:
        unchecked(priced, environment)
    elif untold := [name for name, usd in others.items() if usd is None]:
        console.say(
            f"The budget of {budget} USD is not fully checked: what {', '.join(untold)} costs was not recorded."
        )
    beside = {name: usd for name, usd in (others or {}).items() if usd}
    if estimate.usd is None or estimate.usd + sum(beside.values()) <= budget:
        return ""
    with_others = "".join(f" beside {usd:,.2f} USD of {name}" for name, usd in beside.items())
    return (
        f"{priced.stack} on {environment.name} would cost {estimate} USD a month{with_others}, and "
        f"monthly_budget_usd is {budget}"
    )


def unchecked(priced: "Bill", environment: Environment) -> None:
    """Say on stderr what of the bill itself keeps the budget from being checked."""
    budget, estimate = environment.monthly_budget_usd, priced.counted.total
    if budget is None:
        return
    if estimate.at_least:
        console.say(
            f"The budget of {budget} USD is not fully checked: a price is unknown, and the bill is {estimate} USD."
        )
    if estimate.estimated:
        console.say(
            f"The budget of {budget} USD is checked against an estimate: a price is not held, and the bill is "
            f"{estimate} USD."
        )
    for workload in priced.workloads:
        if workload.expected is None and workload.at_least is not None:
            console.say(
                f"The budget of {budget} USD is not fully checked: what the usage of {workload.name} comes to is not "
                f"known, and is counted at its least, {workload.at_least.total} USD."
            )


def difference(change: "Difference", *, to_stderr: bool = False) -> None:
    """What a deploy changes in the bill, a line each."""
    show = console.say if to_stderr else console.put
    for line in change.lines:
        show(line)


def artifacts(built: Mapping[str, "Artifact"]) -> None:
    """Name, size and digest of what will run."""
    for name, artifact in built.items():
        for member in artifact.members:
            of = f"{name}/{member.model_name}" if len(artifact.members) > 1 else name
            console.say(f"{of}: {member.filename}, {member.size_bytes / 1e6:.1f} MB, sha256 {member.digest}")


def plan(summary: "PlanSummary", *, to_stderr: bool = False) -> None:
    """The plan in one line, and what is replaced or destroyed by name."""
    show = console.say if to_stderr else console.put
    show(f"plan: {summary.line}")
    for change in summary.changes:
        console.say(f"  {change.action} {change.address}" + (f" ({change.reason})" if change.reason else ""))
    for change in summary.drift:
        console.say(f"  deleted outside of Terraform: {change.address}")
    for warning in summary.warnings:
        console.say(f"  warning: {warning.line}")


def plan_data(summary: "PlanSummary") -> dict[str, Any]:
    """The plan for programs."""
    return {
        "empty": summary.empty,
        "add": summary.add,
        "change": summary.change,
        "destroy": summary.destroy,
        "changes": [
            {"address": change.address, "action": change.action, "reason": change.reason}
            for change in summary.changes
        ],
    }


def watch(event: "ResourceEvent") -> None:
    """A line when a resource is done, failed, or takes long."""
    if event.kind == "complete":
        console.say(f"  {event.address}: {event.action} done, {event.elapsed_seconds:.0f} s")
    elif event.kind == "errored":
        console.say(f"  {event.address}: {event.action} failed after {event.elapsed_seconds:.0f} s")
    elif event.kind == "progress" and event.elapsed_seconds % _PROGRESS_SECONDS == 0:
        console.say(f"  {event.address}: {event.action} for {event.elapsed_seconds:.0f} s")


def outputs(values: Mapping[str, Any], *, as_json: bool) -> None:
    """What the stack gives: names and addresses."""
    if as_json:
        console.put_json(dict(values))
        return
    for name, value in values.items():
        console.put(f"{name} = {value}")
