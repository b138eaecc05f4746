"""What Pulumi was asked for, in the words of Terraform's provider: by the provider's own names and not by our table."""

import json
import re
from collections.abc import Mapping
from typing import Any

from infra.blueprint import Blueprint
from infra.engines.terraform import dialect, expression
from tests.infra.engines.pulumi.declared import Declared
from tests.providers import SIX

KNOWN: Mapping[str, Any] = json.loads(SIX.read_text())
ELSEWHERE = {"aws:ec2/launchTemplate:LaunchTemplate": "aws_launch_template"}
OTHERWISE = {
    "aws_lambda_function": {"name": "function_name"},
    "aws_cloudwatch_metric_alarm": {"name": "alarm_name"},
}
"""What is called otherwise in pulumi_aws, seen in its documentation: all else differs in number and case only."""
META = ("lifecycle", "depends_on")

_REFERENCE = re.compile(r"(?<!\$)\$\{(\w+)\.([\w-]+)\.(\w+)\}")


def fold(name: str) -> str:
    """A name without what the generator changes: case, underscores and number."""
    flat = name.replace("_", "").lower()
    return f"{flat[:-3]}y" if flat.endswith("ies") else flat.rstrip("s")


def resource_type(token: str) -> str:
    """The provider's type for `aws:module/member:Class`."""
    if token in ELSEWHERE:
        return ELSEWHERE[token]
    _, place, name = token.split(":")
    wanted = fold(f"aws{place.partition('/')[0]}{name}")
    (found,) = [type for type in KNOWN if fold(type) == wanted]
    return found


def of_pulumi(declared: list[Declared], prefix: str = "") -> dict[tuple[str, str], Any]:
    """Type and name -> arguments, of the resources of AWS."""
    return {
        (type, one.name.removeprefix(prefix)): back(one.inputs, KNOWN[type], type, OTHERWISE.get(type, {}))
        for one in declared
        if one.token.startswith("aws:")
        for type in [resource_type(one.token)]
    }


def back(given: Any, known: Any, path: str, otherwise: Mapping[str, str] | None = None) -> Any:
    """Arguments by the provider's names; every block is a list. A name that the provider lacks is an error."""
    if known is None:
        return given
    blocks = []
    for block in given if isinstance(given, list) else [given]:
        named = {}
        for name, value in block.items():
            found = (otherwise or {}).get(name) or provider_name(name, known, path)
            named[found] = back(value, known[found], f"{path}.{found}")
        blocks.append(named)
    return blocks if path.count(".") else blocks[0]


def provider_name(name: str, known: Mapping[str, Any], path: str) -> str:
    """What the provider calls the argument `name` of Pulumi: the same word, or else the same but for its number."""
    same = [one for one in known if one.replace("_", "") == name.lower()]
    hits = same or [one for one in known if fold(one) == fold(name)]
    assert len(hits) == 1, f"{path}.{name} is none of the provider's"
    return hits[0]


def of_terraform(content: Blueprint) -> dict[tuple[str, str], Any]:
    """The same of what the Terraform engine renders, with references resolved as the mocks resolve them."""
    section = json.loads(json.dumps(expression.resources(content, dialect.NEWEST)))
    return {
        (type, name): lists(
            {key: value for key, value in body.items() if key not in META}, KNOWN[type], section
        )
        for type, resources in section.items()
        for name, body in resources.items()
    }


def lists(given: Any, known: Any, section: Mapping[str, Any], top: bool = True) -> Any:
    """Every block as a list, and every text resolved."""
    if known is None:
        return resolved(given, section)
    blocks = [
        {name: lists(value, known[name], section, top=False) for name, value in block.items()}
        for block in (given if isinstance(given, list) else [given])
    ]
    return blocks[0] if top else blocks


def resolved(value: Any, section: Mapping[str, Any]) -> Any:
    """Texts with what they refer to, at any depth."""
    if isinstance(value, dict):
        return {key: resolved(item, section) for key, item in value.items()}
    if isinstance(value, list):
        return [resolved(item, section) for item in value]
    if not isinstance(value, str):
        return value
    text = _REFERENCE.sub(lambda found: _referred(found, section), value)
    return text.replace("$${", "${").replace("%%{", "%{")


def _referred(found: "re.Match[str]", section: Mapping[str, Any]) -> str:
    type, name, attribute = found.groups()
    given = section[type][name].get(attribute)
    return f"<{type}.{name}.{attribute}>" if given is None else str(resolved(given, section))
