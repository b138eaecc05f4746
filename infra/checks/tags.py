"""The environment's tags, which the provider puts on every resource."""

import re
from collections.abc import Iterator

from infra.environment import DIRECTORY
from infra.stack import Stack

# AWS Tagging user guide, 'Tag naming limits and requirements' (read 2026-11): letters, digits and spaces of any
# language, and these signs; some services take more, and none takes less.
_TEXT = re.compile(r"[\w .:/=+\-@]*")
LONGEST_NAME, LONGEST_VALUE = 128, 256
MOST = 48
"""Of 50 on a resource, two are the kit's own."""
OURS, AWS = "modelyard:", "aws:"


def _tags(stack: Stack) -> Iterator[str]:
    environment = stack.environment
    file = DIRECTORY / f"{environment.name}.toml"
    if len(environment.tags) > MOST:
        yield f"{file} has {len(environment.tags)} tags; AWS takes 50, of which 2 are ours: write at most {MOST}."
    for name, value in environment.tags.items():
        fault = _fault(name, value)
        if fault is not None:
            yield (
                f"{file}: the tag {name!r} = {value!r} {fault}; AWS takes letters, digits, spaces and _.:/=+-@ , at "
                f"most {LONGEST_NAME} in a name and {LONGEST_VALUE} in a value: write it so."
            )


def _fault(name: str, value: str) -> str | None:
    if not name:
        return "has no name"
    if name.lower().startswith((AWS, OURS)):
        return f"has a name that begins with {name[: name.index(':') + 1]}, which is not free"
    if len(name) > LONGEST_NAME or len(value) > LONGEST_VALUE:
        return "is too long"
    if not _TEXT.fullmatch(name) or not _TEXT.fullmatch(value):
        return "has a sign that AWS does not take"
    return None


CHECKS = (_tags,)
