"""A request's data through the model that a handler declares: pydantic's, or whatever has `model_validate`.

Nothing of pydantic is imported: what it raises is a ValueError with `errors()`, a list of `loc` and `msg`.
"""

from collections.abc import Mapping
from typing import Any

from .faults import BadRequest, one_line

SHOWN = 3
"""Mistakes that the answer names; of the others it gives the count."""


def validated(declared: Any, data: Any) -> Any:
    """`data` as an instance of `declared`. Raises `BadRequest`, one line that names the fields."""
    try:
        return declared.model_validate(data)
    except ValueError as error:
        raise BadRequest(described(error)) from None


def described(error: ValueError) -> str:
    """Each field and what is wrong with it, in one line."""
    listed = getattr(error, "errors", None)
    mistakes = listed() if callable(listed) else []
    if not mistakes:
        return one_line(error)
    shown = "; ".join(_mistake(mistake) for mistake in mistakes[:SHOWN])
    more = f"; and {len(mistakes) - SHOWN} more" if len(mistakes) > SHOWN else ""
    return one_line(ValueError(f"{shown}{more}."))


def _mistake(mistake: Mapping[str, Any]) -> str:
    place = ".".join(str(part) for part in mistake.get("loc", ())) or "the input"
    return f"{place}: {mistake.get('msg', 'not valid')}"
