"""modelyard wake: what `sleep` removed comes back, and is verified."""

import typer

from infra.cli import console, report
from infra.cli.options import EnvironmentName, OverBudget, StackName, Yes, open_stack
from infra.cli.sleep import WorkloadName


def register(application: typer.Typer) -> None:
    """Add the verb."""
    application.command()(wake)


def wake(
    stack: StackName,
    env: EnvironmentName,
    workload: WorkloadName = None,
    yes: Yes = False,
    over_budget: OverBudget = False,
) -> None:
    """Bring back what `sleep` removed, as it was, and verify it."""
    from cost import PriceCatalog
    from infra.connection import connect
    from infra.engines.terraform.synth import warm_up
    from infra.operations import bills
    from infra.operations import sleep as operation

    project, loaded = open_stack(stack, env)
    warm_up()
    connection = connect(loaded.environment, project)
    change = operation.prepare_wake(loaded, workload, connection, project, console.say)
    priced = report.price(loaded, asleep=change.after)
    report.bill(priced)
    catalog = PriceCatalog.load()
    report.difference(bills.change(priced, connection, catalog))
    others = bills.others(loaded.name, connection, catalog)
    report.refuse_over_budget(priced, loaded.environment, over_budget, others)
    report.plan(change.prepared.plan)
    nothing = change.prepared.plan.empty and change.before == change.after
    if not yes and not nothing and not console.confirm(f"Wake {loaded.name} on {env}?"):
        raise typer.Exit(1)
    operation.carry_out(change, console.say, report.watch)
    bills.keep(priced, connection)
    still = f"; {', '.join(sorted(change.after))} still sleep" if change.after else ""
    console.say(f"{workload or loaded.name} is awake on {env}{still}.")
