"""What Terraform says while it works: lines of its machine-readable UI (https://developer.hashicorp.com/terraform/internals/machine-readable-ui)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from infra.engines.diagnostics import Diagnostic
from infra.engines.events import Kind, ResourceEvent
from infra.engines.plan import Change, PlanSummary
from infra.engines.terraform.diagnostics import of_message

_KINDS: Mapping[str, Kind] = {
    "refresh_start": "refresh",
    "apply_start": "start",
    "apply_progress": "progress",
    "apply_complete": "complete",
    "apply_errored": "errored",
}


@dataclass
class Transcript:
    """All that one run of Terraform said."""

    diagnostics: list[Diagnostic] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    drift: list[Change] = field(default_factory=list)
    counts: Mapping[str, int] = field(default_factory=dict)
    outputs: Mapping[str, Any] = field(default_factory=dict)
    stray: list[str] = field(default_factory=list)

    def add(self, line: str) -> ResourceEvent | str | None:
        """Takes a line in; returns the event that it tells, or a note for people."""
        try:
            message = json.loads(line)
            kind = message["type"]
        except (ValueError, KeyError, TypeError):
            self.stray.append(line)
            return None
        if kind in _KINDS:
            return _event(_KINDS[kind], message["hook"])
        if kind == "diagnostic":
            self.diagnostics.append(of_message(message["diagnostic"]))
        elif kind == "planned_change":
            self.changes.append(_change(message["change"]))
        elif kind == "resource_drift":
            self.drift.append(_change(message["change"]))
        elif kind == "change_summary":
            self.counts = {key: value for key, value in message["changes"].items() if isinstance(value, int)}
        elif kind == "outputs":
            self.outputs = {name: output.get("value") for name, output in message["outputs"].items()}
        elif kind == "state_lock_acquire":
            return "waiting for the lock of the state"
        return None

    def plan(self, *, empty: bool) -> PlanSummary:
        """What was planned; `empty` is what Terraform's exit code says of it."""
        return PlanSummary(
            changes=tuple(change for change in self.changes if change.action != "noop"),
            add=self.counts.get("add", 0),
            change=self.counts.get("change", 0),
            destroy=self.counts.get("remove", 0),
            empty=empty,
            # Terraform calls it an update, too, where the provider reads otherwise what it wrote (tags null, then {}):
            # most resources after a first deploy. What matters of these is among the changes.
            drift=tuple(change for change in self.drift if change.action == "delete"),
            warnings=tuple(one for one in self.diagnostics if one.severity == "warning"),
        )


def _event(kind: Kind, hook: Mapping[str, Any]) -> ResourceEvent:
    return ResourceEvent(
        kind=kind,
        address=hook["resource"]["addr"],
        action=hook.get("action", "read"),
        elapsed_seconds=float(hook.get("elapsed_seconds", 0)),
        id=hook.get("id_value") or None,
    )


def _change(change: Mapping[str, Any]) -> Change:
    resource = change["resource"]
    return Change(
        address=resource["addr"],
        type=resource["resource_type"],
        name=resource["resource_name"],
        action=change["action"],
        reason=change.get("reason"),
    )
