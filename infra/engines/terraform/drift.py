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
}
_EVERYWHERE = frozenset({"id", "last_modified", "tags", "timeouts"})
"""What follows from something else that is told, or from nothing that anybody did. `tags` are part of `tags_all`."""


@dataclass(frozen=True)
class Drifted:
    """One attribute of one resource; `line` is how it is told."""

    address: str
    line: str


def read(file: Path, origin: str) -> tuple[Drifted, ...]:
    """What the plan in `file` found, by address. Raises `TerraformError` where the states are none that is known."""
    with zipfile.ZipFile(file) as plan:
        before, after = (state.parse(plan.read(name).decode(), origin) for name in (BEFORE, AFTER))
    return tuple(compare(before, after))


def compare(before: state.State, after: state.State) -> Iterator[Drifted]:
    """What differs between two states, without what only looks different, such as nothing and an empty list."""
    there = {one.address: one for one in after.resources}
    for one in before.resources:
        found = there.get(one.address)
        if found is None:
            yield Drifted(one.address, f"{one.address} is gone")
            continue
        skipped = _EVERYWHERE | IGNORED.get(one.type, frozenset())
        for name in sorted({*one.attributes, *found.attributes} - skipped):
            was, now = one.attributes.get(name), found.attributes.get(name)
            if _plain(was) != _plain(now):
                yield Drifted(one.address, f"{one.address}: {_told(name, was, now)}")


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
        return {key: kept for key, item in value.items() if (kept := _plain(item)) is not None} or None
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
