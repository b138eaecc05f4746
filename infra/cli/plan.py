"""modelyard plan: what a deploy would change, and what it would cost."""

import typer

from infra.cli import console, report
from infra.cli.options import (
    Adopt,
    AsJson,
    EngineName,
    EnvironmentName,
    StackName,
    choose_engine,
    open_stack,
)


def register(application: typer.Typer) -> None:
    """Add the verb."""
    application.command()(plan)


def plan(
    stack: StackName,
    env: EnvironmentName,
    engine: EngineName = "terraform",
    adopt: Adopt = None,
    json: AsJson = False,
) -> None:
    """Show what a deploy would change, and what it would cost. Changes nothing."""
    from cost import PriceCatalog
    from infra.connection import connect
    from infra.operations import artifacts, bills, deploy, replacement, sleepers

    project, loaded = open_stack(stack, env)
    chosen = choose_engine(engine, adopt, project, loaded)
    connection = connect(loaded.environment, project)
    prepared = deploy.prepare(
        loaded, artifacts.identify(loaded, project.artifacts), connection, project, console.say, chosen
    )
    priced = report.price(loaded, asleep=sleepers.of(loaded, connection))
    catalog = PriceCatalog.load()
    change = bills.change(priced, connection, catalog)
    if json:
        console.put_json(
            {
                "plan": report.plan_data(prepared.plan),
                "bill": priced.to_json(),
                "difference": change.to_json(),
            }
        )
        return
    report.bill(priced)
    report.difference(change)
    report.unchecked(priced, loaded.environment)
    finding = report.over_budget_finding(
        priced, loaded.environment, bills.others(loaded.name, connection, catalog)
    )
    if finding:
        console.say(f"{finding}: a deploy needs --over-budget.")
    report.plan(prepared.plan)
    for line in replacement.findings(loaded, prepared.plan, connection):
        console.say(f"{line}: a deploy needs --replace.")
