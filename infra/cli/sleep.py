"""modelyard sleep: what is billed by the hour goes, and the rest stays."""

from typing import TYPE_CHECKING, Annotated

import typer

from infra.cli import console, report
from infra.cli.options import EnvironmentName, StackName, Yes, open_stack

if TYPE_CHECKING:
    from infra.operations.sleep import Change, Prepare

WorkloadName = Annotated[
    str | None, typer.Argument(metavar="WORKLOAD", help="One workload of it; without, all.")
]


def register(application: typer.Typer) -> None:
    """Add the verb."""
    application.command()(sleep)


def sleep(stack: StackName, env: EnvironmentName, workload: WorkloadName = None, yes: Yes = False) -> None:
    """Remove what a stack is billed by the hour for; its models, configurations and roles stay for `wake`."""
    from infra.operations.sleep import prepare_sleep

    # A bill that becomes smaller is above no budget that it was not above before.
    done = change(
        prepare_sleep, stack, env, workload, f"Put {stack} on {env} to sleep?", yes, over_budget=True
    )
    console.say(asleep(stack, env, [workload] if workload else sorted(done.after)))


def asleep(stack: str, env: str, workloads: list[str]) -> str:
    """What was put to sleep, and how just that wakes again: of a stack's one workload by its name."""
    if len(workloads) == 1:
        [name] = workloads
        return f"{name} of {stack} sleeps on {env}; to wake it: modelyard wake {stack} {name} --env {env}"
    return (
        f"{', '.join(workloads)} of {stack} sleep on {env}; to wake them: modelyard wake {stack} --env {env}"
    )


def change(
    prepare: "Prepare",
    stack: str,
    env: str,
    workload: str | None,
    question: str,
    yes: bool,
    *,
    over_budget: bool,
) -> "Change":
    """Plan it, show what it changes and costs, ask, and do it; what then sleeps is what is billed from then on."""
    from cost import PriceCatalog
    from infra.connection import connect
    from infra.engines.terraform.synth import warm_up
    from infra.operations import bills, serving
    from infra.operations import sleep as operation

    project, loaded = open_stack(stack, env)
    warm_up()  # without its endpoints, or with them again, a stack is always synthesised anew
    connection = connect(loaded.environment, project)
    planned = prepare(loaded, workload, connection, project, console.say)
    priced, catalog = report.price(loaded, asleep=planned.after), PriceCatalog.load()
    report.bill(priced)
    report.difference(bills.change(priced, connection, catalog))
    others = bills.others(loaded.name, connection, catalog)
    report.refuse_over_budget(priced, loaded.environment, over_budget, others)
    report.plan(planned.prepared.plan)
    nothing = planned.prepared.plan.empty and planned.before == planned.after
    used = serving.leaving(loaded.name, planned.prepared.plan, connection)
    if not nothing and not console.agreed(question, loaded.name, used, yes):
        raise typer.Exit(1)
    operation.carry_out(planned, console.say, report.watch)
    bills.keep(priced, connection)
    return planned
