"""modelyard doctor: what is there, and what to do for what is missing."""

import os
from pathlib import Path

import typer

from infra import project
from infra.cli import console
from infra.cli.options import AsJson
from infra.errors import Misuse


def register(application: typer.Typer) -> None:
    """Add the verb."""
    application.command()(doctor)


def doctor(json: AsJson = False) -> None:
    """Say what is found of all that the work needs, and what to do for what is missing."""
    from dataclasses import asdict

    from infra.doctor import examine

    findings = examine(os.environ, _embedded)
    if json:
        console.put_json([asdict(finding) for finding in findings])
    else:
        for finding in findings:
            console.put(f"{'found' if finding.ok else 'missing':8} {finding.name}: {finding.found}")
            if not finding.ok and finding.remedy:
                console.put(f"{'':8} {finding.remedy}")
    if any(finding.required and not finding.ok for finding in findings):
        raise typer.Exit(1)


def _embedded() -> str | None:
    from infra.local import daemon

    try:
        running = daemon.find(project.find(Path.cwd()).embedded)
    except Misuse:
        return None
    return running.endpoint_url if running else None
