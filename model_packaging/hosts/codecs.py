"""Bytes to data and back, by media type. `CODECS` is the table: another type is one more row."""

import json
import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, NoReturn

from .faults import BadRequest

JSON = "application/json"


class Codec(NamedTuple):
    """How one media type is read and written."""

    decode: Callable[[bytes], Any]
    encode: Callable[[Any], bytes]


class MediaType(NamedTuple):
    """A media type without its parameters, in lower case, and its charset where one is named."""

    name: str
    charset: str | None = None

    @property
    def is_text(self) -> bool:
        """Whether a handler is given text rather than bytes, as AWS's toolkit does."""
        return self.name == JSON or self.name.startswith("text/")

    @classmethod
    def parse(cls, header: str | None) -> "MediaType":
        """The type that a Content-Type header names; JSON where there is none."""
        name, *parameters = (header or JSON).split(";")
        pairs = (parameter.partition("=") for parameter in parameters)
        charsets = [
            value.strip(" \"'").lower() for key, _, value in pairs if key.strip().lower() == "charset"
        ]
        return cls(name.strip().lower() or JSON, charsets[0] if charsets else None)


def accepted(header: str | None) -> list[str]:
    """The media types of an Accept header, best first; `*/*` where it names none."""
    ranked: list[tuple[float, str]] = []
    for part in (header or "*/*").split(","):
        name, *parameters = part.split(";")
        quality = next((_quality(p) for p in parameters if p.strip().lower().startswith("q=")), 1.0)
        if name.strip() and quality > 0:
            ranked.append((quality, name.strip().lower()))
    return [name for _, name in sorted(ranked, key=lambda item: -item[0])]


def choose(header: str | None) -> str | None:
    """The first type with a codec that an Accept header allows; None where there is none."""
    for wanted in accepted(header):
        for name in CODECS:
            if wanted in (name, "*/*", name.partition("/")[0] + "/*"):
                return name
    return None


def _quality(parameter: str) -> float:
    try:
        return float(parameter.partition("=")[2])
    except ValueError:
        return 1.0


def decode_json(body: bytes) -> Any:
    """Strict JSON in UTF-8: no NaN, no number beyond a double, no nesting that exhausts the stack.

    Raises `BadRequest` with the place of the mistake.
    """
    try:
        return json.loads(body.decode("utf-8"), parse_constant=_refuse_constant, parse_float=_finite)
    except UnicodeDecodeError as error:
        raise BadRequest(f"The body is not UTF-8 (byte {error.start}); send JSON in UTF-8.") from None
    except json.JSONDecodeError as error:
        raise BadRequest(f"The body is not JSON: {error}.") from None
    except RecursionError:
        raise BadRequest("The body is JSON nested too deeply; send a flatter structure.") from None
    except ValueError:  # Python's own limit, which json.loads runs into
        raise BadRequest("The body holds a whole number of more than 4300 digits.") from None


def encode_json(data: Any) -> bytes:
    """JSON in UTF-8. NumPy values and arrays go out as numbers and lists.

    Raises ValueError for NaN and infinity, TypeError for what JSON has no form for.
    """
    return json.dumps(data, allow_nan=False, default=_plain, separators=(", ", ": ")).encode()


def _refuse_constant(name: str) -> NoReturn:
    raise BadRequest(f"The body holds {name}, which is not JSON; leave it out or send null.")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        shown = text if len(text) <= 40 else text[:37] + "..."
        raise BadRequest(f"The body holds {shown}, which is beyond the range of a double.")
    return number


def _plain(value: Any) -> Any:
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} has no JSON form; return dicts, lists, numbers or text.")


CODECS: dict[str, Codec] = {JSON: Codec(decode_json, encode_json)}
