"""What is wrong with a declaration by itself, as the line that a user sees: found, allowed, and what to write."""

import traceback
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from infra import quantities

_LACKING = ("missing", "missing_argument", "missing_keyword_only_argument")

_BOUNDS: Mapping[str, Callable[[str, Mapping[str, Any]], str]] = {
    "greater_than_equal": lambda field, of: (
        f"at least {of['ge']} is allowed: write {field}={of['ge']} or more"
    ),
    "less_than_equal": lambda field, of: f"at most {of['le']} is allowed: write {field}={of['le']} or less",
    "greater_than": lambda field, of: f"only what is above {of['gt']:g} is allowed: write a larger {field}",
    quantities.BOOL: lambda field, of: f"only a number is allowed: write {field}=N",
    "literal_error": lambda field, of: f"allowed are {of['expected']}: write {field}= one of them",
}
"""By pydantic's word for the mistake."""

_NO_GPU = (
    "SageMaker Serverless chooses its machines, and has none with a GPU; leave it out, or write an AsyncEndpoint with "
    "min_capacity=0, which has GPUs and costs nothing at rest"
)
_ONE_MODEL = "SageMaker Serverless serves one model in one variant; write model=..., or a MultiModelEndpoint"
_STRANGERS: Mapping[tuple[str, str], str] = {
    ("ServerlessEndpoint", "instance_type"): _NO_GPU,
    ("ServerlessEndpoint", "gpus"): _NO_GPU,
    ("ServerlessEndpoint", "models"): _ONE_MODEL,
    ("ServerlessEndpoint", "variants"): _ONE_MODEL,
    (
        "LambdaEndpoint",
        "gpus",
    ): "Lambda has no GPUs; leave it out, or write an AsyncEndpoint with min_capacity=0",
    ("LambdaEndpoint", "instance_type"): "Lambda chooses its machines; leave it out, and write memory_mb=...",
}
"""Fields that people look for in a workload that has none such, and what to write instead."""


def findings(error: ValidationError, folder: Path, project: Path) -> Iterator[str]:
    """A line for each mistake that pydantic found, with the place in the user's own code, which lies in `folder`."""
    place = _place(error, folder, project)
    for line in dict.fromkeys(_finding(error.title, detail) for detail in error.errors()):
        yield f"{place}{line}"


def _place(error: ValidationError, folder: Path, project: Path) -> str:
    """The file and line of the declaration: of several workloads of a kind, which one it is."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        file = Path(frame.filename)
        if file.is_relative_to(folder):
            return f"{file.relative_to(project) if file.is_relative_to(project) else file}, line {frame.lineno}: "
    return ""


def _finding(title: str, detail: Any) -> str:
    field = ".".join(str(part) for part in detail["loc"])
    if detail["type"] in _LACKING:
        return f"{title} lacks {field}; write {title}(..., {field}=...)."
    if detail["type"] == "unexpected_keyword_argument":
        instead = _STRANGERS.get((title, field), f"see `help({title})` for those that it has")
        return f"{title} has no field {field!r}; {instead}."
    if title == "Stack" and detail["type"] == "dataclass_type":
        # pydantic tells it once for each kind of workload that it is none of.
        return f"Stack: {detail['input']!r} is no workload; write one, such as RealtimeEndpoint('classify', ...)."
    if detail["type"] in _BOUNDS:
        return f"{title}: {field} is {detail['input']!r}; {_BOUNDS[detail['type']](field, detail.get('ctx', {}))}."
    problem = detail["msg"].removeprefix("Value error, ")
    problem = f"{problem[0].lower()}{problem[1:]}."
    if not field:  # of several fields together, and of them the problem tells
        return f"{title}: {problem}"
    return f"{title}: {field}: found {detail['input']!r}; {problem}"
