"""CSV: a list of rows. A cell that JSON would call a number is one; every other cell is text."""

import csv
import io
import math
import re
from typing import Any

from .faults import BadRequest
from .json_text import finite

WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,4299})")
NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")


def decode_csv(body: bytes) -> list[list[Any]]:
    """Rows of equal length, in UTF-8; empty lines are none. Raises `BadRequest` with the row's number."""
    try:
        text = body.decode("utf-8-sig")
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row]
    except UnicodeDecodeError as error:
        raise BadRequest(f"The body is not UTF-8 (byte {error.start}); send CSV in UTF-8.") from None
    except csv.Error as error:
        raise BadRequest(f"The body is not CSV: {error}.") from None
    for number, row in enumerate(rows, 1):
        if len(row) != len(rows[0]):
            raise BadRequest(f"Row {number} has {len(row)} cells and row 1 has {len(rows[0])}; send as many.")
    return [[_read(cell) for cell in row] for row in rows]


def encode_csv(data: Any) -> bytes:
    """A line for each row of a list of lists, for each value of a list, or for one value.

    Raises TypeError for what is no table, ValueError for NaN and infinity.
    """
    plain = data.tolist() if hasattr(data, "tolist") else data
    made = io.StringIO()
    writer = csv.writer(made, lineterminator="\n")
    for row in plain if isinstance(plain, (list, tuple)) else [plain]:
        writer.writerow([_shown(cell) for cell in (row if isinstance(row, (list, tuple)) else [row])])
    return made.getvalue().encode()


def _read(cell: str) -> Any:
    if WHOLE.fullmatch(cell):
        return int(cell)
    return finite(cell) if NUMBER.fullmatch(cell) else cell


def _shown(cell: Any) -> Any:
    plain = cell.tolist() if hasattr(cell, "tolist") else cell
    if plain is not None and not isinstance(plain, (str, int, float)):
        raise TypeError(f"{type(plain).__name__} has no CSV form; return rows of numbers and text.")
    if isinstance(plain, float) and not math.isfinite(plain):
        raise ValueError(f"{plain} has no CSV form; return a number, or None for an empty cell.")
    return plain
