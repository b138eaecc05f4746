"""modelyard sleep: what is billed by the hour goes, and the rest stays."""

from typing import Annotated

import typer

from infra.cli import console, report
from infra.cli.options import EnvironmentName, StackName, Yes, open_stack

WorkloadName = Annotated[
    str | None, typer.Argument(metavar="WORKLOAD", help="One workload of it; without, all.")
]


def register(application: typer.Typer) -> None:
    """Add the verb."""
    application.command()(sleep)


def sleep(stack: StackName, env: EnvironmentName, workload: WorkloadName = None, yes: Yes = False) -> None:
    """Remove what a stack is billed by the hour for; its models, configurations and roles stay for `wake`."""
    from cost import PriceCatalog
    from infra.connection import connect
    from infra.engines.terraform.synth import warm_up
    from infra.operations import bills
    from infra.operations import sleep as operation

    project, loaded = open_stack(stack, env)
    warm_up()
    connection = connect(loaded.environment, project)
    change = operation.prepare_sleep(loaded, workload, connection, project, console.say)
    priced = report.price(loaded, asleep=change.after)
    report.bill(priced)
    report.difference(bills.change(priced, connection, PriceCatalog.load()))
    report.plan(change.prepared.plan)
    nothing = change.prepared.plan.empty and change.before == change.after
    if not yes and not nothing and not console.confirm(f"Put {loaded.name} on {env} to sleep?"):
        raise typer.Exit(1)
    operation.carry_out(change, console.say, report.watch)
    bills.keep(priced, connection)
    names = ", ".join(sorted(change.after))
    console.say(f"{names} of {loaded.name} sleep on {env}; to wake them: modelyard wake {stack} --env {env}")
