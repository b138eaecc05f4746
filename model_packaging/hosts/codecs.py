"""Bytes to data and back, by media type. `CODECS` is the table: another type is one more row."""

from collections.abc import Callable
from typing import Any, NamedTuple

from .arrays import decode_npy, encode_npy
from .json_text import decode_json, decode_lines, encode_json, encode_lines
from .tables import decode_csv, encode_csv

JSON = "application/json"
JSON_LINES = "application/x-ndjson"
CSV = "text/csv"
NPY = "application/x-npy"


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


CODECS: dict[str, Codec] = {
    JSON: Codec(decode_json, encode_json),
    JSON_LINES: Codec(decode_lines, encode_lines),
    "application/jsonlines": Codec(decode_lines, encode_lines),  # SageMaker's own name for the same
    CSV: Codec(decode_csv, encode_csv),
    NPY: Codec(decode_npy, encode_npy),
}
"""The first that `Accept` allows is what an answer is written in."""
