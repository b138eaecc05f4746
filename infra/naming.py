"""Names on AWS: deterministic, within AWS's limits, and carrying the content's digest where content changes.

Names are never random and never left to a prefix: after a lost response a deterministic name is found
again, a random one is a resource that nobody owns.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

LIMIT = 63
"""Characters in a SageMaker or bucket name (botocore: EndpointName, ModelName, EndpointConfigName)."""

DIGEST_CHARACTERS = 10

VARIANT = "AllTraffic"
"""The variant of every endpoint: the name that the SageMaker SDK gives to an only one."""

ALIAS = "live"
"""The alias of every function."""

WRAPPER = "AWS_LAMBDA_EXEC_WRAPPER"
STREAMING = {WRAPPER: "/var/task/modelyard_host/stream.sh"}
"""What a function is told whose URL streams: Lambda's own Python runtime sends an answer only when it is whole."""

KEEP = "modelyard:keep"
"""The tag of what `modelyard idle` never touches."""

PART = re.compile(r"[a-z](?:-?[a-z0-9])*")
"""Allowed for the name of a stack, an environment or a workload: a subset of what all services allow."""


def is_part(name: str) -> bool:
    """Whether `name` may be the name of a stack, an environment or a workload."""
    return PART.fullmatch(name) is not None


PARTS = "lower-case letters, digits and single hyphens, with a letter first"
"""`PART`, for people."""


def corrected(name: str, otherwise: str) -> str:
    """`name` as it may be; `otherwise` where nothing of it is left."""
    words = "".join(
        character if character.isalnum() and character.isascii() else " " for character in name.lower()
    )
    joined = "-".join(words.split()) or otherwise
    return joined if joined[0].isalpha() else f"{otherwise[0]}-{joined}"


def deployed(environment: str, stack: str, workload: str) -> str:
    """The name on AWS of what is invoked: an endpoint or a function."""
    return f"{environment}-{stack}-{workload}"


def suffixed(base: str, suffix: str) -> str:
    """`base-suffix`; a base that is too long is cut, and then carries a digest of itself."""
    room = LIMIT - len(suffix) - 1
    if len(base) > room:
        cut = room - 7
        base = f"{base[:cut].rstrip('-')}-{digest(base)[:6]}"
    return f"{base}-{suffix}"


def owner(resource: str, workloads: Iterable[str]) -> str | None:
    """Which of `workloads` a blueprint's resource of that name is of: the longest whose name it begins with."""
    names = sorted(workloads, key=len, reverse=True)
    return next((one for one in names if resource == one or resource.startswith(f"{one}-")), None)


def role(base: str, region: str, part: str = "") -> str:
    """The name of a role of what is called `base`: an account has its roles for all of its regions."""
    return suffixed(base, f"{part}-role-{region}" if part else f"role-{region}")


def with_digest(base: str, content: Mapping[str, Any]) -> str:
    """`base` with the digest of `content`: other content, other name."""
    return suffixed(base, digest(content)[:DIGEST_CHARACTERS])


def digest(content: Any) -> str:
    """SHA-256, in hexadecimal, of `content` as canonical JSON."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def bucket(environment: str, account_id: str, region: str) -> str:
    """The artifact bucket of an environment; bucket names are shared by all accounts."""
    return suffixed(f"modelyard-{environment}", f"{account_id}-{region}")


def partition(region: str) -> str:
    """The ARN partition that `region` lies in."""
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"
