"""Terraform's state as far as we read it: which resources it holds, and its outputs."""

import json
import secrets
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from infra.errors import TerraformError

_FORMAT = 4


@dataclass(frozen=True)
class StateResource:
    """One instance of a resource in the state; `attributes` may hold secrets and is not shown."""

    address: str
    type: str
    name: str
    attributes: Mapping[str, Any] = field(repr=False)

    @property
    def id(self) -> str | None:
        """Its identifier on AWS."""
        return self.attributes.get("id")


@dataclass(frozen=True)
class State:
    """Managed resources as they are current, and outputs by name; both empty where nothing was ever applied."""

    resources: tuple[StateResource, ...] = ()
    outputs: Mapping[str, Any] = field(default_factory=dict)


def parse(text: str, origin: str) -> State:
    """The state in `text`, which came from `origin`; an empty text is an empty state.

    Raises TerraformError where it is no state of format 4.
    """
    if not text.strip():
        return State()
    try:
        data = json.loads(text)
        found = data["version"]
    except (ValueError, KeyError, TypeError):
        raise TerraformError(f"{origin} is not a Terraform state: restore it from its backup") from None
    if found != _FORMAT:
        raise TerraformError(f"{origin} has state format {found}, only {_FORMAT} is read: update Modelyard")
    outputs = {name: output.get("value") for name, output in data.get("outputs", {}).items()}
    return State(tuple(_resources(data)), outputs)


def restored(text: str, serving: Mapping[str, str]) -> str:
    """The state in `text` with what was about to be replaced current again, one serial later.

    `serving` has the identifier by address. After a create-before-destroy that failed half-way the state holds
    two objects under an address: the new one, and the old one as deposed. Where the old one is the one that
    serves it becomes current, and the new one is forgotten.
    """
    data = json.loads(text)
    for resource in data["resources"]:
        wanted = serving.get(f"{resource['type']}.{resource['name']}")
        for instance in resource["instances"]:
            if wanted is not None and "deposed" in instance and instance["attributes"].get("id") == wanted:
                resource["instances"] = [{key: value for key, value in instance.items() if key != "deposed"}]
                break
    data["serial"] += 1
    return json.dumps(data, indent=2)


def untainted(text: str, addresses: Collection[str]) -> str:
    """The state in `text` in which what is at `addresses` is whole, and not to be replaced, one serial later."""
    data = json.loads(text)
    for resource in data["resources"]:
        if f"{resource['type']}.{resource['name']}" in addresses:
            for instance in resource["instances"]:
                instance.pop("status", None)
    data["serial"] += 1
    return json.dumps(data, indent=2)


def known(text: str) -> frozenset[str]:
    """The addresses that the state in `text` has anything of, be it only what is still to go."""
    resources = json.loads(text)["resources"] if text.strip() else []
    return frozenset(f"{one['type']}.{one['name']}" for one in resources if one["instances"])


def superseded(text: str, successors: Mapping[str, Mapping[str, Any]]) -> str:
    """The state in `text` with what was made for a replacement, and is not in it, as current, one serial later.

    `successors` has what names each by address: id, name, arn. What the state held becomes deposed, as Terraform itself
    writes it in the first half of a create-before-destroy: its next plan reads the one, and removes the other.
    """
    data = json.loads(text)
    for resource in data["resources"]:
        names = successors.get(f"{resource['type']}.{resource['name']}")
        instances = resource["instances"]
        if names is None or any(one["attributes"].get("id") == names["id"] for one in instances):
            continue
        last = next((one for one in instances if "deposed" not in one), instances[0])
        told = {key: value for key, value in names.items() if value is not None}
        made = {key: value for key, value in last.items() if key != "deposed"}
        last.setdefault("deposed", secrets.token_hex(4))
        instances.insert(0, {**made, "attributes": {**made["attributes"], **told}})
    data["serial"] += 1
    return json.dumps(data, indent=2)


def _resources(data: Mapping[str, Any]) -> Iterator[StateResource]:
    for resource in data.get("resources", []):
        if resource["mode"] != "managed":
            continue
        module = f"{resource['module']}." if resource.get("module") else ""
        base = f"{module}{resource['type']}.{resource['name']}"
        for instance in resource["instances"]:
            if "deposed" in instance:  # what was replaced, and is still to go
                continue
            key = instance.get("index_key")
            address = base if key is None else f"{base}[{json.dumps(key)}]"
            yield StateResource(address, resource["type"], resource["name"], instance.get("attributes") or {})
