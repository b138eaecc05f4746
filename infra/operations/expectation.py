"""Whether an answer is the one that a model's sample_answer.json expects."""

import json
import math
from typing import Any

RELATIVE, ABSOLUTE = 0.01, 0.001
"""How far a number may be off: other processors round otherwise, and so do batches of another size."""


def difference(expected: str, answer: bytes) -> str:
    """Where `answer` first differs from `expected`, both JSON, as `.label is 'spam', expected 'ham'`; empty if nowhere.

    Numbers may be off by 1 %, or by 0.001.
    """
    wanted = json.loads(expected)
    try:
        given = json.loads(answer)
    except ValueError:
        return f"the answer is no JSON: {answer[:80].decode(errors='replace')!r}"
    return _first(wanted, given, "")


def _first(wanted: Any, given: Any, path: str) -> str:
    if _is_number(wanted) and _is_number(given):
        same = math.isclose(wanted, given, rel_tol=RELATIVE, abs_tol=ABSOLUTE)
        return "" if same else _told(wanted, given, path)
    if isinstance(wanted, dict) and isinstance(given, dict):
        if wanted.keys() != given.keys():
            return _told(sorted(wanted), sorted(given), f"{path} keys")
        return next(
            (found for key in wanted if (found := _first(wanted[key], given[key], f"{path}.{key}"))), ""
        )
    if isinstance(wanted, list) and isinstance(given, list):
        if len(wanted) != len(given):
            return _told(len(wanted), len(given), f"{path} length")
        pairs = enumerate(zip(wanted, given, strict=True))
        return next(
            (found for at, (one, other) in pairs if (found := _first(one, other, f"{path}[{at}]"))), ""
        )
    return "" if type(wanted) is type(given) and wanted == given else _told(wanted, given, path)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _told(wanted: Any, given: Any, path: str) -> str:
    return f"{path.strip() or 'it'} is {given!r}, expected {wanted!r}"
