"""What must not be in a blueprint, whichever workload it comes from: rights without bounds, doors open to everyone,
secrets in plain text. The outside judges miss some of these, so they are ours, and every plan runs them.
"""

from collections.abc import Callable, Iterator

from infra.blueprint import Blueprint
from infra.errors import InvalidStack
from infra.rules import exposure, permissions, secrets
from infra.stack import Stack

Rule = Callable[[Stack, Blueprint], Iterator[str]]

RULES: tuple[Rule, ...] = (*permissions.RULES, *exposure.RULES, *secrets.RULES)


def findings(stack: Stack, blueprint: Blueprint) -> list[str]:
    """Every finding, one a line: the resource's address, what was found, and what to write."""
    return [finding for rule in RULES for finding in rule(stack, blueprint)]


def check(stack: Stack, blueprint: Blueprint) -> None:
    """Raise `InvalidStack` with every finding."""
    found = findings(stack, blueprint)
    if found:
        raise InvalidStack("\n".join(found))
