"""Pulumi's state as far as we read it, as `pulumi stack export` gives it."""

import copy
import re
from collections.abc import Mapping
from typing import Any

from infra.engines.pulumi.classes import CLASSES, RENAMED, address

_CAPITAL = re.compile(r"([A-Z])")


def held(deployment: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The attributes of what the state holds, by address, as the provider names those that are no block."""
    return {
        ".".join(address(resource["urn"])): {**_spoken(resource), "id": resource.get("id")}
        for resource in deployment.get("resources", [])
        if address(resource["urn"])[0] in CLASSES and not resource.get("delete")
    }


def _spoken(resource: Mapping[str, Any]) -> dict[str, Any]:
    otherwise = {ours: name for name, ours in RENAMED.get(address(resource["urn"])[0], {}).items()}
    snake = {_CAPITAL.sub(r"_\1", key).lower(): value for key, value in resource.get("outputs", {}).items()}
    return {otherwise.get(key, key): value for key, value in snake.items()}


def restored(deployment: Mapping[str, Any], serving: Mapping[str, str]) -> dict[str, Any]:
    """`deployment` with what was about to be replaced current again.

    `serving` has the identifier by address. After a replacement that failed half-way the state holds two resources of
    one URN: the new one, and the old one that is yet to be deleted. Where the old one is the one that serves it
    becomes current, and the new one is forgotten.
    """
    whole: dict[str, Any] = copy.deepcopy(dict(deployment))
    resources = whole.get("resources", [])
    kept = {
        resource["urn"]
        for resource in resources
        if resource.get("delete") and serving.get(".".join(address(resource["urn"]))) == resource.get("id")
    }
    back: list[dict[str, Any]] = []
    for resource in resources:
        if resource["urn"] not in kept:
            back.append(resource)
        elif resource.get("delete") and serving[".".join(address(resource["urn"]))] == resource.get("id"):
            back.append({key: value for key, value in resource.items() if key != "delete"})
    whole["resources"] = _in_order(back)
    return whole


def _in_order(resources: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each after what it depends on: Pulumi refuses any other order, and what waits to be deleted stands last."""
    ordered: list[dict[str, Any]] = []
    known = {resource["urn"] for resource in resources}
    done: set[str] = set()
    waiting = list(resources)
    while waiting:
        ready = [one for one in waiting if all(urn in done or urn not in known for urn in _needed(one))]
        for one in ready or waiting:  # nothing is ready where it was in no order before, either
            ordered.append(one)
            done.add(one["urn"])
        waiting = [one for one in waiting if one["urn"] not in done] if ready else []
    return ordered


def _needed(resource: Mapping[str, Any]) -> list[str]:
    provider = resource.get("provider", "").rpartition("::")[0]
    needed = [resource.get("parent", ""), provider, *resource.get("dependencies", [])]
    return [urn for urn in needed if urn and urn != resource["urn"]]
