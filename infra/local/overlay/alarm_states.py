"""What state an alarm is in, from the datapoints that there are (CloudWatch User Guide, 'Alarm evaluation')."""

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

OK, ALARM, INSUFFICIENT_DATA = "OK", "ALARM", "INSUFFICIENT_DATA"

EXTRA_PERIODS = 2
"""How many periods more than its evaluation periods an alarm looks back, to have real datapoints for missing ones."""

Datapoint = tuple[float, float | None]
"""The start of a period in seconds since the epoch, and its value; None where it is missing."""

COMPARISONS: Mapping[str, tuple[Callable[[float, float], bool], str]] = {
    "GreaterThanOrEqualToThreshold": (operator.ge, "greater than or equal to"),
    "GreaterThanThreshold": (operator.gt, "greater than"),
    "LessThanThreshold": (operator.lt, "less than"),
    "LessThanOrEqualToThreshold": (operator.le, "less than or equal to"),
}

_TREATED = {"breaching": "Breaching", "notBreaching": "NonBreaching"}


@dataclass(frozen=True)
class Rule:
    """When datapoints are an alarm: so many of the last ones beyond the threshold."""

    comparison: str
    threshold: float
    evaluation_periods: int
    datapoints_to_alarm: int
    treat_missing_data: str

    def breaches(self, value: float) -> bool:
        """Whether a value is beyond the threshold."""
        return COMPARISONS[self.comparison][0](value, self.threshold)


@dataclass(frozen=True)
class Finding:
    """A state, why, and the real datapoints that it comes from, oldest first."""

    state: str
    reason: str
    evaluated: tuple[tuple[float, float], ...]


def evaluate(datapoints: Sequence[Datapoint], rule: Rule, current: str) -> Finding:
    """The state after `datapoints`, oldest first: as many as the evaluation periods and EXTRA_PERIODS."""
    latest = datapoints[-rule.evaluation_periods :]
    real = _real(latest) if all(value is not None for _, value in latest) else _real(datapoints)
    missing = max(0, rule.evaluation_periods - len(real))
    considered = real if missing else real[-rule.evaluation_periods :]
    state = _state(considered, missing, datapoints, rule, current)
    return Finding(state, _reason(state, considered, missing, rule), tuple(considered))


def _state(
    real: list[tuple[float, float]], missing: int, datapoints: Sequence[Datapoint], rule: Rule, current: str
) -> str:
    breaching = [moment for moment, value in real if rule.breaches(value)]
    if len(breaching) >= rule.datapoints_to_alarm:
        return ALARM
    if not missing or rule.treat_missing_data == "notBreaching":
        return OK
    if rule.treat_missing_data == "breaching":
        return ALARM if len(breaching) + missing >= rule.datapoints_to_alarm else OK
    only_breaching = len(breaching) == len(real)
    if rule.treat_missing_data == "ignore":
        return current if only_breaching else OK
    if not real:
        return INSUFFICIENT_DATA
    # AWS goes into ALARM here with fewer datapoints than it was asked for: the oldest is old enough, and nothing
    # since then was within the threshold.
    old_enough = {moment for moment, _ in datapoints[: len(datapoints) - rule.datapoints_to_alarm + 1]}
    return ALARM if only_breaching and breaching[0] in old_enough else OK


def _real(datapoints: Sequence[Datapoint]) -> list[tuple[float, float]]:
    return [(moment, value) for moment, value in datapoints if value is not None]


def _reason(state: str, real: list[tuple[float, float]], missing: int, rule: Rule) -> str:
    if state == INSUFFICIENT_DATA:
        return f"Insufficient Data: {_counted(rule.evaluation_periods)} {_were(rule.evaluation_periods)} unknown."
    parts = []
    if real:
        matching = [one for one in real if rule.breaches(one[1]) == (state == ALARM)] or real
        shown = ", ".join(f"{value} ({_moment(moment)})" for moment, value in reversed(matching))
        words = COMPARISONS[rule.comparison][1]
        verb = f"{_were(len(matching))} {'' if state == ALARM else 'not '}{words}"
        total = len(real) + missing
        parts.append(
            f"{len(matching)} out of the last {_counted(total)} [{shown}] {verb} the threshold ({rule.threshold})"
        )
    if missing and rule.treat_missing_data in _TREATED:
        treated = f"treated as [{_TREATED[rule.treat_missing_data]}]"
        if not real:
            periods = f"{missing} period{'s' * (missing > 1)}"
            parts.append(f"no datapoints were received for {periods}")
        parts.append(f"{missing} missing datapoint{'s' * (missing > 1)} {_were(missing)} {treated}")
    enough = _counted(rule.datapoints_to_alarm)
    minimum = f" (minimum {enough} for OK -> ALARM transition)" if state == ALARM and real else ""
    return f"Threshold Crossed: {' and '.join(parts)}{minimum}."


def _counted(number: int) -> str:
    return f"{number} datapoint{'s' * (number != 1)}"


def _were(number: int) -> str:
    return "was" if number == 1 else "were"


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%d/%m/%y %H:%M:%S")
