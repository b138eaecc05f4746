"""What was changed behind Terraform's back: the state as it was left, against the same state read anew.

Both lie in the file of a plan that only refreshes, as `tfstate-prev` and `tfstate`: no second process has to load the
provider's schema to show them.
"""

import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.engines.terraform import state

BEFORE, AFTER = "tfstate-prev", "tfstate"

IGNORED: Mapping[str, frozenset[str]] = {
    # Application Auto Scaling moves it; and Lambda moves the alias, step by step.
    "aws_lambda_provisioned_concurrency_config": frozenset({"provisioned_concurrent_executions"}),
    "aws_lambda_alias": frozenset({"routing_config"}),
    # What other resources of the state set on it: the state has it as it was before them.
    "aws_iam_role": frozenset({"inline_policy"}),
    "aws_sns_topic": frozenset({"policy"}),
    # Who calls the stack attaches it.
    "aws_iam_policy": frozenset({"attachment_count"}),
    # Batch moves it with its jobs.
    "aws_batch_compute_environment": frozenset({"status", "status_reason"}),
}
_EVERYWHERE = frozenset({"id", "last_modified", "tags", "timeouts"})
"""What follows from something else that is told, or from nothing that anybody did. `tags` are part of `tags_all`."""

_TARGET, _TIMETABLE = "aws_appautoscaling_target", "aws_appautoscaling_scheduled_action"
_BOUNDS = frozenset({"min_capacity", "max_capacity"})
"""Of a target that has a timetable: its actions move them."""

_MOVED = frozenset({"desired_vcpus"})
"""Inside of an attribute: what Batch moves with its jobs."""


@dataclass(frozen=True)
class Drifted:
    """One attribute of one resource, or that all of it is gone; `line` is how it is told."""

    address: str
    line: str
    is_gone: bool = False


def read(file: Path, origin: str) -> tuple[Drifted, ...]:
    """What the plan in `file` found, by address. Raises `TerraformError` where the states are none that is known."""
    with zipfile.ZipFile(file) as plan:
        before, after = (state.parse(plan.read(name).decode(), origin) for name in (BEFORE, AFTER))
    return tuple(compare(before, after))


def compare(before: state.State, after: state.State) -> Iterator[Drifted]:
    """What differs between two states, without what only looks different, such as nothing and an empty list."""
    there = {one.address: one for one in after.resources}
    timed = {one.attributes.get("resource_id") for one in before.resources if one.type == _TIMETABLE}
    for one in before.resources:
        found = there.get(one.address)
        if found is None:
            yield Drifted(one.address, f"{one.address} is gone", is_gone=True)
            continue
        skipped = _EVERYWHERE | IGNORED.get(one.type, frozenset())
        if one.type == _TARGET and one.attributes.get("resource_id") in timed:
            skipped |= _BOUNDS
        for name in sorted({*one.attributes, *found.attributes} - skipped):
            was, now = one.attributes.get(name), found.attributes.get(name)
            if _plain(was) != _plain(now):
                yield Drifted(one.address, f"{one.address}: {_told(name, was, now)}")
        for name in _added_policies(found, before):
            yield Drifted(one.address, f"{one.address}: inline policy {name} added")


def _added_policies(role: state.StateResource, before: state.State) -> list[str]:
    """The inline policies of a role that no resource of the state has put there."""
    ours = {
        one.attributes.get("name")
        for one in before.resources
        if one.type == "aws_iam_role_policy" and one.attributes.get("role") == role.id
    }
    inline = (role.attributes.get("inline_policy") or []) if role.type == "aws_iam_role" else []
    return sorted({one["name"] for one in inline if one.get("name")} - ours)


def _told(name: str, was: Any, now: Any) -> str:
    """Numbers and names of tags are shown; all else may hold a secret, and only its name is told."""
    if name == "tags_all":
        return _tags(was or {}, now or {})
    if all(isinstance(value, int | float) for value in (was, now)):
        return f"{name} is {now}, was {was}"
    return f"{name} is another"


def _tags(was: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    ways = {
        "added": sorted(set(now) - set(was)),
        "removed": sorted(set(was) - set(now)),
        "changed": sorted(key for key in set(was) & set(now) if was[key] != now[key]),
    }
    return ", ".join(f"tag {key} {way}" for way, keys in ways.items() for key in keys)


def _plain(value: Any) -> Any:
    """The value without what is empty, and with a document as what it says: its order and blanks are AWS's."""
    if isinstance(value, Mapping):
        plain = {key: _plain(item) for key, item in value.items() if key not in _MOVED}
        return {key: item for key, item in plain.items() if item is not None} or None
    if isinstance(value, list):
        return [_plain(item) for item in value] or None
    if isinstance(value, str):
        return _document(value) if value.startswith("{") else value or None
    return value


def _document(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
