"""modelyard deploy: plan, ask, apply exactly that plan, and look at what went live."""

from typing import Annotated

import typer

from infra.cli import console, report
from infra.cli.options import (
    Adopt,
    AsJson,
    EngineName,
    EnvironmentName,
    StackName,
    Yes,
    choose_engine,
    open_stack,
)


def register(application: typer.Typer) -> None:
    """Add the verb."""
    application.command()(deploy)


def deploy(
    stack: StackName,
    env: EnvironmentName,
    yes: Yes = False,
    over_budget: Annotated[
        bool, typer.Option("--over-budget", help="Deploy although the bill is above monthly_budget_usd.")
    ] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="Let endpoints that serve be taken down and made again.")
    ] = False,
    engine: EngineName = "terraform",
    adopt: Adopt = None,
    json: AsJson = False,
) -> None:
    """Package, price, plan, ask, apply that plan, and verify what went live."""
    from cost import PriceCatalog
    from infra.connection import connect
    from infra.operations import artifacts, bills, replacement, serving, sleepers
    from infra.operations import deploy as operation

    project, loaded = open_stack(stack, env)
    chosen = choose_engine(engine, adopt, project, loaded)
    connection = connect(loaded.environment, project)
    priced = report.price(loaded, asleep=sleepers.of(loaded, connection))
    report.bill(priced, to_stderr=json)
    report.refuse_over_budget(priced, loaded.environment, over_budget)
    built = artifacts.build(loaded, project.artifacts)
    report.artifacts(built)
    prepared = operation.prepare(loaded, built, connection, project, console.say, chosen)
    catalog = PriceCatalog.load()
    report.difference(bills.change(priced, connection, catalog), to_stderr=json)
    others = bills.others(loaded.name, connection, catalog)
    report.refuse_over_budget(priced, loaded.environment, over_budget, others)
    report.plan(prepared.plan, to_stderr=json)
    if not replace:
        replacement.refuse(loaded, prepared.plan, connection)
    used = serving.leaving(loaded.name, prepared.plan, connection)
    question = f"Deploy {loaded.name} to {env}?"
    if not prepared.plan.empty and not console.agreed(question, loaded.name, used, yes):
        raise typer.Exit(1)
    outputs = operation.carry_out(prepared, built, console.say, report.watch, console.meter)
    bills.keep(priced, connection)
    report.outputs(outputs, as_json=json)
