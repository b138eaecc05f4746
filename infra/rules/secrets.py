"""Secrets in the environment of a container, a function or a job: there, everybody who may describe it reads them,
and they stand in Terraform's state.
"""

import itertools
import json
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from infra.blueprint import Blueprint
from infra.blueprint.resource import Join
from infra.rules.statements import text
from infra.stack import Stack

_WORDS = frozenset(
    {"SECRET", "SECRETS", "PASSWORD", "PASSWD", "PASSPHRASE", "TOKEN", "CREDENTIAL", "CREDENTIALS", "APIKEY"}
)
_PAIRS = frozenset(
    {("API", "KEY"), ("ACCESS", "KEY"), ("PRIVATE", "KEY"), ("SECRET", "KEY"), ("AUTH", "KEY")}
)
_TOKENS_OF_TEXT = frozenset({"PAD", "EOS", "BOS", "UNK", "MASK", "CLS", "SEP", "STOP", "SPECIAL"})
"""A tokenizer's tokens are no secrets: PAD_TOKEN, EOS_TOKEN_ID."""

_KEYS = (
    re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
    re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    re.compile(r"\bhf_[A-Za-z0-9]{30,}\b"),
    re.compile(r"\bsk-[A-Za-z0-9_-]{20,}"),
    re.compile(r"\bgh[pousr]_[A-Za-z0-9]{36,}\b"),
    re.compile(r"\bnpm_[A-Za-z0-9]{36}\b"),
    re.compile(r"\bxox[abpr]-[A-Za-z0-9-]{10,}"),
    re.compile(r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\."),
)
_PASSWORD_IN_URL = re.compile(r"[a-z][a-z0-9+.-]*://[^/\s:@]*:[^/\s@]+@")
_RANDOM = re.compile(r"(?=.*[a-z])(?=.*[A-Z])(?=.*\d)[A-Za-z0-9+/_=-]{32,}")
_RANDOM_BITS = 4.2
"""Bits per character of at least 32 random letters and digits; a digest in hexadecimal has at most 4.0."""

_REFERENCE = re.compile(r"arn:aws[a-z-]*:(?:secretsmanager|ssm):")
_PLAIN = re.compile(r"|[-+]?\d+(?:\.\d+)?|(?i:true|false|none)")


def _secrets(_stack: Stack, blueprint: Blueprint) -> Iterator[str]:
    for resource in blueprint.resources:
        for name, value in _variables(resource.arguments):
            found = is_secret(name, value)
            if found is not None:
                yield (
                    f"{resource.address}: the variable {name} {found}, and everybody who may describe it reads it; put "
                    f"it in AWS Secrets Manager, and write its ARN: {_arn_name(name)} = "
                    "'arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME'."
                )


def is_secret(name: str, value: str) -> str | None:
    """What makes a variable look like a secret, as words of a sentence; None where nothing does."""
    if _REFERENCE.match(value) or _PLAIN.fullmatch(value):
        return None
    if any(key.search(value) for key in _KEYS):
        return "holds a key"
    if _PASSWORD_IN_URL.search(value):
        return "holds a password in an address"
    words = [word for word in re.split(r"[^A-Z0-9]+", name.upper()) if word]
    named = _WORDS & set(words) or _PAIRS & set(itertools.pairwise(words))
    if named and words[-1] != "ARN" and not _TOKENS_OF_TEXT & set(words):
        return "is named like a secret"
    if _RANDOM.fullmatch(value) and _bits(value) >= _RANDOM_BITS:
        return "holds what looks like a random key"
    return None


def _arn_name(name: str) -> str:
    return f"{name}_ARN"


def _bits(text: str) -> float:
    """Shannon's entropy per character."""
    return -sum(count / len(text) * math.log2(count / len(text)) for count in Counter(text).values())


def _variables(value: Any) -> Iterator[tuple[str, str]]:
    """Names and values of every environment in the arguments: of a container, of a function, of a job."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            if key == "environment":
                yield from _environment(item)
            elif key == "container_properties" and isinstance(item, str | Join):
                yield from _variables(json.loads(text(item)))
            else:
                yield from _variables(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _variables(item)


def _environment(value: Any) -> Iterator[tuple[str, str]]:
    """A job's environment is a list of names and values, a container's a mapping, a function's a block of one."""
    for block in value if isinstance(value, list | tuple) else (value,):
        inner = block.get("variables", block)
        if isinstance(value, list | tuple) and inner is block:
            inner = {block["name"]: block.get("value")}
        yield from ((name, item) for name, item in inner.items() if isinstance(item, str))


RULES = (_secrets,)
