"""Numbers of a declaration: a bool is none of them, though Python has it for an int."""

from typing import Annotated, Any

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

BOOL = "no_number"
"""The word of what is found instead of a number, for mistakes.py."""


def _no_bool(value: Any) -> Any:
    # pydantic takes True for 1: `instance_count=True` was one instance, and nobody was told.
    if isinstance(value, bool):
        raise PydanticCustomError(BOOL, "it is a bool, and a number is wanted")
    return value


Whole = Annotated[int, BeforeValidator(_no_bool)]
Number = Annotated[float, BeforeValidator(_no_bool)]
