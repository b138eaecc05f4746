"""modelyard local: the embedded AWS."""

import dataclasses
from typing import Annotated

import typer

from infra.cli import console
from infra.cli.options import AsJson, here

application = typer.Typer(
    help="The embedded AWS: start it, stop it, look into it.", no_args_is_help=True, rich_markup_mode=None
)


@application.command()
def up(
    idle_hours: Annotated[
        float,
        typer.Option("--idle-hours", metavar="N", help="Stop after N hours without a request.", min=0.01),
    ] = 8.0,
    speed: Annotated[
        float | None,
        typer.Option("--speed", metavar="N", help="Its time runs N times as fast as ours.", min=1, max=1000),
    ] = None,
    json: AsJson = False,
) -> None:
    """Start the embedded AWS; or say where the one is that runs."""
    from infra.local import daemon

    running = daemon.up(here().embedded, idle_hours=idle_hours, speed=speed)
    if json:
        console.put_json({"endpoint_url": running.endpoint_url, "pid": running.pid, "speed": running.speed})
        return
    console.put(f"AWS_ENDPOINT_URL={running.endpoint_url}")
    console.say(
        "Any AWS client joins with that variable, a region and any credentials; environment 'local' uses it by itself."
    )


@application.command()
def down() -> None:
    """Stop the embedded AWS; everything in it goes with it."""
    from infra.local import daemon

    stopped = daemon.down(here().embedded)
    console.say(
        "The embedded AWS is down, and what was in it is gone." if stopped else "The embedded AWS was not up."
    )


@application.command()
def status(
    operations: Annotated[bool, typer.Option("--operations", help="Name every operation.")] = False,
    json: AsJson = False,
) -> None:
    """Say whether it is up, where, and which operations are moto's, the overlay's, or not modelled."""
    from infra.local import daemon
    from infra.local.operations import coverage

    running = daemon.find(here().embedded)
    covered = coverage()
    if json:
        where = dataclasses.asdict(running) if running else {}
        services = {item.service: dataclasses.asdict(item) for item in covered}
        console.put_json({"up": running is not None, **where, "operations": services})
        return
    console.put(
        f"up at {running.endpoint_url}, process {running.pid}, "
        f"its time {running.time:%Y-%m-%dT%H:%M:%SZ} at speed {running.speed:g}"
        if running
        else "down"
    )
    console.put_table(
        "Operations",
        ["service", "moto's", "the overlay's", "not modelled"],
        [
            [item.service, str(len(item.moto)), str(len(item.overlay)), str(len(item.not_modelled))]
            for item in covered
        ],
        right=frozenset({"moto's", "the overlay's", "not modelled"}),
    )
    if operations:
        for item in covered:
            for kind, names in (
                ("moto's", item.moto),
                ("the overlay's", item.overlay),
                ("not modelled", item.not_modelled),
            ):
                console.put(f"{item.service}, {kind}: {', '.join(names) or 'none'}")


@application.command()
def logs(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME]",
            help="A workload, STACK/WORKLOAD, or its name on AWS; without it, the server's own log.",
        ),
    ] = None,
) -> None:
    """Show the log of the embedded AWS, or of one endpoint, function or job in it."""
    from infra.local.logs import logs as lines_of
    from infra.operations import tenants

    project = here()
    said = lines_of(project.embedded, name)
    if name is not None and not said:
        # Only then, as it is also for what a client made that has no stack.
        name = tenants.find(name, project).name
        said = lines_of(project.embedded, name)
        if not said:
            console.say(f"{name} has not written a line yet.")
    for line in said:
        console.put(line)


@application.command()
def interrupt(
    job: Annotated[str, typer.Argument(metavar="JOB", help="A Batch job's id, or its name on AWS.")],
    child: Annotated[
        int | None, typer.Option("--child", metavar="N", help="Only child N of an array.", min=0)
    ] = None,
) -> None:
    """Reclaim the host of a running Batch job, as AWS takes spot instances back: without a word, at once."""
    from infra.errors import Misuse
    from infra.local.own_pages import interrupt as reclaim

    taken = reclaim(here().embedded, job, child)
    if not taken:
        raise Misuse(f"No host runs {job}; name a job that runs: its id, or its name on AWS.")
    for one in taken:
        console.put(one)
