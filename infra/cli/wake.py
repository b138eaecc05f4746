"""modelyard wake: what `sleep` removed comes back, and is verified."""

import typer

from infra.cli import console
from infra.cli.options import EnvironmentName, OverBudget, StackName, Yes
from infra.cli.sleep import WorkloadName, change


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
    from infra.operations.sleep import prepare_wake

    done = change(prepare_wake, stack, env, workload, f"Wake {stack} on {env}?", yes, over_budget=over_budget)
    console.say(awake(workload or stack, env, sorted(done.after)))


def awake(name: str, env: str, asleep: list[str]) -> str:
    """What woke, and what of its stack did not."""
    still = f"; {', '.join(asleep)} still {'sleeps' if len(asleep) == 1 else 'sleep'}" if asleep else ""
    return f"{name} is awake on {env}{still}."
