"""What Pulumi says while it works: the engine's events, as its Automation API reads them."""

import re
from collections.abc import Mapping
from typing import Any

from infra.engines.diagnostics import Diagnostic
from infra.engines.events import Kind, ResourceEvent
from infra.engines.plan import Change, PlanSummary
from infra.engines.pulumi.classes import address

ACTIONS: Mapping[str, str | None] = {
    "same": None,
    "create": "create",
    "update": "update",
    "delete": "delete",
    "replace": "replace",
    "import": "import",
    "import-replacement": "replace",
    # The two halves of a `replace`, which is told as well.
    "create-replacement": None,
    "delete-replaced": None,
    # Looks, and what only the state has to be told.
    "read": None,
    "read-replacement": None,
    "refresh": None,
    "discard": None,
    "discard-replaced": None,
    "remove-pending-replace": None,
}
"""Pulumi's word for a step -> ours; None is no change of its own."""

_WORK: Mapping[str, str] = {"create-replacement": "create", "delete-replaced": "delete"}
_OWN = ("pulumi:pulumi:Stack", "pulumi:providers:")
_ADDRESS = re.compile(r"^(aws_\w+\.[\w-]+): (.*)", re.DOTALL)


class Transcript:
    """All that one run of Pulumi said. `events` are given back one by one as they come."""

    def __init__(self) -> None:
        self.diagnostics: list[Diagnostic] = []
        self.changes: dict[str, Change] = {}
        self._started: dict[str, int] = {}

    def add(self, event: Any) -> ResourceEvent | None:
        """Takes an event in; what it tells of one resource of AWS."""
        if event.diagnostic_event is not None:
            self._diagnose(event.diagnostic_event)
        if event.resource_pre_event is not None:
            return self._begun(event.resource_pre_event.metadata, event.timestamp)
        if event.res_outputs_event is not None:
            return self._ended("complete", event.res_outputs_event.metadata, event.timestamp)
        if event.res_op_failed_event is not None:
            return self._ended("errored", event.res_op_failed_event.metadata, event.timestamp)
        return None

    def plan(self) -> PlanSummary:
        """What was planned; a replaced resource counts in `add` and in `destroy`, as with Terraform."""
        changes = tuple(self.changes.values())
        counts = {
            action: sum(change.action == action for change in changes)
            for action in ("create", "update", "delete", "replace", "import")
        }
        return PlanSummary(
            changes=changes,
            add=counts["create"] + counts["replace"],
            change=counts["update"],
            destroy=counts["delete"] + counts["replace"],
            empty=not changes,
            warnings=tuple(one for one in self.diagnostics if one.severity == "warning"),
        )

    @property
    def errors(self) -> list[Diagnostic]:
        """What went wrong, each once."""
        return list(dict.fromkeys(one for one in self.diagnostics if one.severity == "error"))

    def _begun(self, step: Any, timestamp: int) -> ResourceEvent | None:
        if step.type.startswith(_OWN):
            return None
        action = ACTIONS[step.op.value]
        type, name = address(step.urn)
        if action is not None:
            because = ", ".join(step.keys or ()) if action == "replace" else ""
            self.changes[step.urn] = Change(f"{type}.{name}", type, name, action, because or None)
        self._started[step.urn] = timestamp
        return self._event("start", step, 0)

    def _ended(self, kind: Kind, step: Any, timestamp: int) -> ResourceEvent | None:
        if step.type.startswith(_OWN):
            return None
        return self._event(kind, step, timestamp - self._started.get(step.urn, timestamp))

    def _event(self, kind: Kind, step: Any, seconds: float) -> ResourceEvent | None:
        action = _WORK.get(step.op.value) or ACTIONS[step.op.value]
        # A `replace` itself does nothing: its two halves do.
        if action is None or step.op.value == "replace":
            return None
        type, name = address(step.urn)
        made = step.new or step.old
        return ResourceEvent(kind, f"{type}.{name}", action, float(seconds), (made and made.id) or None)

    def _diagnose(self, told: Any) -> None:
        severity = "error" if told.severity == "error" else told.severity
        own = not told.urn or any(kind in told.urn for kind in _OWN)
        text = told.message.strip()
        found = _ADDRESS.match(text) if own else None
        where = None if own else ".".join(address(told.urn))
        if found is not None:
            where, text = found[1], found[2]
        if text and not told.ephemeral:
            self.diagnostics.append(Diagnostic(severity, text, address=where))
