"""CloudWatch's metric math, as far as alarms on services need it; what is not known is refused.

A value is a number, a series, or a list of series. Two series have a result only where both have a value, and a
division by zero has none, as on AWS.
"""

import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from infra.local.overlay.faults import NotModelled
from infra.local.overlay.series import Points

Value = float | Points | list[Any]

_TOKEN = re.compile(r"\s*(?:\d+\.?\d*|\.\d+|[A-Za-z_]\w*|<=|>=|==|!=|&&|\|\||\S)")

_PRECEDENCE: Mapping[str, int] = {
    **dict.fromkeys(("||", "OR"), 1),
    **dict.fromkeys(("&&", "AND"), 2),
    **dict.fromkeys(("==", "!=", "<", ">", "<=", ">="), 3),
    **dict.fromkeys(("+", "-"), 4),
    **dict.fromkeys(("*", "/"), 5),
    "^": 6,
}

_OPERATORS: Mapping[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "^": operator.pow,
    "==": lambda a, b: float(a == b),
    "!=": lambda a, b: float(a != b),
    "<": lambda a, b: float(a < b),
    ">": lambda a, b: float(a > b),
    "<=": lambda a, b: float(a <= b),
    ">=": lambda a, b: float(a >= b),
    **dict.fromkeys(("&&", "AND"), lambda a, b: float(bool(a) and bool(b))),
    **dict.fromkeys(("||", "OR"), lambda a, b: float(bool(a) or bool(b))),
}


class MathError(ValueError):
    """The expression cannot be read."""


@dataclass(frozen=True)
class Scope:
    """What an expression is computed from: series by id, and the periods that there are."""

    series: Mapping[str, Points]
    periods: Sequence[float]


Node = Callable[[Scope], Value]


@dataclass(frozen=True)
class Expression:
    """An expression that was read; `names` are the ids in it."""

    text: str
    names: frozenset[str]
    node: Node

    def points(self, scope: Scope) -> Points:
        """Its series; a number is one for every period."""
        value = self.node(scope)
        if isinstance(value, list):
            raise MathError(f"{self.text} is several series; one is needed")
        return value if isinstance(value, dict) else dict.fromkeys(scope.periods, value)


def read(text: str) -> Expression:
    """Read an expression. Raises MathError, or NotModelled for a function that is not known here."""
    if re.match(r"\s*SELECT\b", text, re.IGNORECASE):
        raise NotModelled("cloudwatch", "Metrics Insights", text)
    reader = _Reader(text)
    node = reader.expression(0)
    if reader.next:
        raise MathError(f"{text}: {reader.next!r} is unexpected")
    return Expression(text, frozenset(reader.names), node)


class _Reader:
    """One token of look-ahead, and precedence climbing."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(_TOKEN.finditer(text))
        self._position = 0
        self.names: set[str] = set()

    @property
    def next(self) -> str:
        """What comes; empty at the end."""
        return self._tokens[self._position][0].strip() if self._position < len(self._tokens) else ""

    def expression(self, least: int) -> Node:
        left = self._operand()
        while _PRECEDENCE.get(self.next, 0) > least:
            sign = self._take()
            right = self.expression(_PRECEDENCE[sign] - (sign == "^"))
            left = _binary(_OPERATORS[sign], left, right)
        return left

    def _operand(self) -> Node:
        text = self._take()
        if text[0].isdigit() or (text[0] == "." and len(text) > 1):
            number = float(text)
            return lambda scope: number
        if text == "-":
            return _binary(operator.sub, lambda scope: 0.0, self.expression(_PRECEDENCE["*"]))
        if text == "(":
            inner = self.expression(0)
            self._expect(")")
            return inner
        if text == "[":
            items = self._items("]")
            return lambda scope: [item(scope) for item in items]
        if not text.isidentifier():
            raise MathError(f"{self._text}: {text!r} is unexpected")
        return self._call(text) if self.next == "(" else self._name(text)

    def _name(self, name: str) -> Node:
        if name in _FILLINGS:
            raise MathError(f"{self._text}: {name} stands only in FILL")
        self.names.add(name)
        return lambda scope: scope.series[name]

    def _call(self, name: str) -> Node:
        self._expect("(")
        if name == "FILL":
            return self._fill()
        if name not in _FUNCTIONS:
            raise NotModelled("cloudwatch", "metric math", f"function {name}")
        arguments = self._items(")")
        count, function = _FUNCTIONS[name]
        if len(arguments) != count:
            raise MathError(f"{self._text}: {name} takes {count} arguments, and there are {len(arguments)}")
        return lambda scope: function(*(argument(scope) for argument in arguments))

    def _fill(self) -> Node:
        series = self.expression(0)
        self._expect(",")
        if self.next in _FILLINGS:
            how = _FILLINGS[self._take()]
            self._expect(")")
            return lambda scope: how(_series(series(scope)), scope.periods)
        filling = self.expression(0)
        self._expect(")")
        return lambda scope: _fill(_series(series(scope)), filling(scope), scope.periods)

    def _items(self, end: str) -> list[Node]:
        items = [self.expression(0)]
        while self.next == ",":
            self._take()
            items.append(self.expression(0))
        self._expect(end)
        return items

    def _take(self) -> str:
        taken = self.next
        if not taken:
            raise MathError(f"{self._text} ends too early")
        self._position += 1
        return taken

    def _expect(self, wanted: str) -> None:
        found = self._take()
        if found != wanted:
            raise MathError(f"{self._text}: {found!r} is where {wanted!r} has to be")


def _binary(function: Callable[[float, float], float], left: Node, right: Node) -> Node:
    return lambda scope: _each(function, left(scope), right(scope))


def _each(function: Callable[..., float], *values: Value) -> Value:
    """Apply to numbers, or to each period that all series have."""
    series = [_series(value) for value in values if not isinstance(value, float)]
    if not series:
        return _safe(function, values)
    common = [moment for moment in series[0] if all(moment in other for other in series)]
    found = {
        moment: _safe(function, [value[moment] if isinstance(value, dict) else value for value in values])
        for moment in common
    }
    return {moment: value for moment, value in found.items() if not math.isnan(value)}


def _safe(function: Callable[..., float], values: Sequence[Any]) -> float:
    try:
        found = function(*values)
    except (ZeroDivisionError, OverflowError):
        return math.nan
    return found if isinstance(found, float | int) and math.isfinite(found) else math.nan


def _series(value: Value) -> Points:
    if not isinstance(value, dict):
        raise MathError(f"{value} is no series")
    return value


def _if(condition: Value, then: Value, otherwise: Value) -> Value:
    if isinstance(condition, float):
        return then if condition else otherwise
    chosen = {moment: then if truth else otherwise for moment, truth in _series(condition).items()}
    return {
        moment: value[moment] if isinstance(value, dict) else value
        for moment, value in chosen.items()
        if not isinstance(value, list) and (not isinstance(value, dict) or moment in value)
    }


def _fill(series: Points, filling: Value, periods: Sequence[float]) -> Points:
    if isinstance(filling, list):
        raise MathError("FILL fills with a number or one series")
    other = filling if isinstance(filling, dict) else dict.fromkeys(periods, filling)
    found = {moment: series.get(moment, other.get(moment)) for moment in periods}
    return {moment: value for moment, value in found.items() if value is not None}


def _repeat(series: Points, periods: Sequence[float]) -> Points:
    found: Points = {}
    last: float | None = None
    for moment in periods:
        last = series.get(moment, last)
        if last is not None:
            found[moment] = last
    return found


def _over(reduce: Callable[[list[float]], float]) -> Callable[[Value], Value]:
    """Of a list of series: one series. Of one series: one number."""

    def apply(value: Value) -> Value:
        if isinstance(value, dict):
            return reduce(list(value.values())) if value else math.nan
        if isinstance(value, float):
            return value
        moments = sorted({moment for one in value for moment in _series(one)})
        return {moment: reduce([one[moment] for one in value if moment in one]) for moment in moments}

    return apply


_FILLINGS: Mapping[str, Callable[[Points, Sequence[float]], Points]] = {"REPEAT": _repeat}

_FUNCTIONS: Mapping[str, tuple[int, Callable[..., Value]]] = {
    "IF": (3, _if),
    "ABS": (1, lambda value: _each(abs, value)),
    "CEIL": (1, lambda value: _each(lambda number: float(math.ceil(number)), value)),
    "FLOOR": (1, lambda value: _each(lambda number: float(math.floor(number)), value)),
    "SUM": (1, _over(math.fsum)),
    "AVG": (1, _over(lambda values: math.fsum(values) / len(values))),
    "MIN": (1, _over(min)),
    "MAX": (1, _over(max)),
}
