"""What is wrong with a declaration by itself, as the line that a user sees: found, allowed, and what to write."""

import traceback
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from infra import remedies

_LACKING = ("missing", "missing_argument", "missing_keyword_only_argument")

_STRANGE = ("unexpected_keyword_argument", "extra_forbidden")

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
    for line in dict.fromkeys(_findings(error.title, error.errors())):
        yield f"{place}{line}"


def _place(error: ValidationError, folder: Path, project: Path) -> str:
    """The file and line of the declaration: of several workloads of a kind, which one it is."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        file = Path(frame.filename)
        if file.is_relative_to(folder):
            return f"{file.relative_to(project) if file.is_relative_to(project) else file}, line {frame.lineno}: "
    return ""


def _findings(title: str, details: list[Any]) -> Iterator[str]:
    meant = {remedies.near(title, str(one["loc"][0])) for one in details if one["type"] in _STRANGE}
    told = set()
    for detail in details:
        if detail["type"] in _LACKING and detail["loc"][0] in meant:
            continue  # told of the field that was written in its place
        place = _without_classes(detail["loc"])
        field = ".".join([_field(title, place[0]), *map(str, place[1:])]) if place else ""
        instead = remedies.union(field.partition(".")[0], detail["input"]) if place != detail["loc"] else None
        if instead is None:
            yield _finding(title, field, detail)
        elif field not in told:
            told.add(field)
            yield f"{title}: {field} is {_shown(detail['input'])}; {instead}."


def _without_classes(places: tuple[int | str, ...]) -> tuple[int | str, ...]:
    """The place without the classes that pydantic tried there, such as `Alarms` or `literal[False]`."""
    classes = (
        number
        for number, part in enumerate(places)
        if number and isinstance(part, str) and ("[" in part or part in remedies.KINDS)
    )
    return places[: next(classes, len(places))]


def _field(title: str, place: int | str) -> str:
    """The name of a field that was given without it, by its place."""
    names = remedies.fields(title)
    return names[place] if isinstance(place, int) and place < len(names) else str(place)


def _finding(title: str, field: str, detail: Any) -> str:
    word, found = detail["type"], detail["input"]
    if word in _LACKING:
        return f"{title} lacks {field}; write {title}(..., {field}=...)."
    if word in _STRANGE:
        near = remedies.near(title, field)
        usual = f"see `help({title})` for those that it has." if near is None else f"did you mean {near}?"
        known = _STRANGERS.get((title, field))
        return f"{title} has no field {field!r}; {usual if known is None else f'{known}.'}"
    if word == "unexpected_positional_argument":
        return f"{title}: {_shown(found)} has no name; write its field's name before it, as in model=MODEL."
    if title == "Stack" and word == "dataclass_type":
        # pydantic tells it once for each kind of workload that it is none of.
        return f"Stack: {_shown(found)} is no workload; write one, such as RealtimeEndpoint('classify', ...)."
    if title == "Stack" and field == "environment":
        given = "write the one that `def stack(env)` is given: Stack(..., env, ...)"
        return f"Stack: environment is {_shown(found)}; {given}."
    instead = remedies.remedy(field, word, found, detail.get("ctx", {}))
    if instead is not None:
        return f"{title}: {field} is {_shown(found)}; {instead}."
    problem = detail["msg"].removeprefix("Value error, ")
    problem = f"{problem[0].lower()}{problem[1:]}."
    if not field:  # of several fields together, and of them the problem tells
        return f"{title}: {problem}"
    return f"{title}: {field}: found {_shown(found)}; {problem}"


def _shown(found: Any) -> str:
    return repr(found) if isinstance(found, str) else remedies.code(found)
