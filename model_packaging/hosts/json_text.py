"""JSON and JSON lines: bytes to data and back, strictly."""

import codecs
import json
import math
from collections.abc import Mapping
from typing import Any, NoReturn

from .faults import BadRequest

UNWRITTEN = {
    "Out of range": "the answer holds NaN or infinity, which JSON has no form for; return None, or finite numbers",
    "Circular": "the answer holds itself, which JSON has no form for; return a copy without that",
    "digits": "the answer holds a whole number of more than 4300 digits; return it as text",
}
"""What the json module says of an answer, to what its handler's author is told."""


def decode_json(body: bytes) -> Any:
    """Strict JSON in UTF-8: no NaN, no number beyond a double, no nesting that exhausts the stack.

    Raises `BadRequest` with the place of the mistake.
    """
    try:
        return json.loads(body.decode("utf-8"), parse_constant=_refuse_constant, parse_float=finite)
    except UnicodeDecodeError as error:
        raise BadRequest(f"The body is not UTF-8 (byte {error.start}); send JSON in UTF-8.") from None
    except json.JSONDecodeError as error:
        if not body.strip():
            raise BadRequest("The body is empty; send JSON.") from None
        if body.startswith(codecs.BOM_UTF8):
            raise BadRequest(
                "The body begins with a byte order mark; send JSON in UTF-8 without one."
            ) from None
        raise BadRequest(f"The body is not JSON: {error}.") from None
    except RecursionError:
        raise BadRequest("The body is JSON nested too deeply; send a flatter structure.") from None
    except ValueError:  # Python's own limit, which json.loads runs into
        raise BadRequest("The body holds a whole number of more than 4300 digits.") from None


def encode_json(data: Any) -> bytes:
    """JSON in UTF-8. NumPy values and arrays go out as numbers and lists, pydantic's models as objects.

    Raises ValueError for NaN and infinity, TypeError for what JSON has no form for.
    """
    try:
        return json.dumps(data, allow_nan=False, default=_plain, separators=(", ", ": ")).encode()
    except RecursionError:
        raise ValueError("the answer is nested too deeply for JSON; return a flatter structure") from None
    except ValueError as error:
        told = next((line for sign, line in UNWRITTEN.items() if sign in str(error)), str(error))
        raise ValueError(told) from None


def decode_lines(body: bytes) -> list[Any]:
    """One JSON value a line, as a list; empty lines are none. Raises `BadRequest` with the line's number."""
    values = []
    for number, line in enumerate(body.split(b"\n"), 1):
        if line.strip():
            try:
                values.append(decode_json(line))
            except BadRequest as error:
                raise BadRequest(f"Line {number}: {error}") from None
    return values


def encode_lines(data: Any) -> bytes:
    """A line for each item of a list or an array; one line for anything else. Raises as `encode_json` does."""
    plain = data.tolist() if hasattr(data, "tolist") else data
    return b"".join(encode_json(item) + b"\n" for item in (plain if isinstance(plain, list) else [plain]))


def finite(text: str) -> float:
    """A number that a double can hold. Raises `BadRequest`."""
    number = float(text)
    if not math.isfinite(number):
        shown = text if len(text) <= 40 else text[:37] + "..."
        raise BadRequest(f"The body holds {shown}, which is beyond the range of a double.")
    return number


def _refuse_constant(name: str) -> NoReturn:
    raise BadRequest(f"The body holds {name}, which is not JSON; leave it out or send null.")


def _plain(value: Any) -> Any:
    if hasattr(value, "tolist"):
        return value.tolist()
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} has no JSON form; return dicts, lists, numbers or text.")
