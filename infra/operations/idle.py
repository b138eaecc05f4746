"""What nobody uses: a rule over what AWS says of each workload. Pure: it asks nobody and changes nothing."""

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import groupby

from infra.ledger import Deployed
from infra.naming import KEEP


@dataclass(frozen=True)
class History:
    """What AWS says of the use of one workload, at one moment.

    `last_used` is when the last request ended at the latest, None where there was none as far back as AWS remembers
    (`remembers_hours`; None is as far as was asked). `waiting` are requests in a queue and jobs under way. `state` is
    AWS's, and `changing` whether it is making or updating it. `since` is when it was made or last changed.
    """

    deployed: Deployed
    state: str
    since: datetime.datetime
    last_used: datetime.datetime | None = None
    waiting: int = 0
    changing: bool = False
    remembers_hours: float | None = None
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Verdict:
    """Whether a workload is idle, for how many hours it has not been used, and why it is kept where it is."""

    history: History
    idle_hours: float
    kept: str = ""

    @property
    def is_idle(self) -> bool:
        """Whether nobody uses it."""
        return not self.kept


@dataclass(frozen=True)
class IdleRule:
    """Idle is what was not used for `hours`, and was neither made nor changed for `grace_hours`.

    What has the tag `modelyard:keep` never is, but with the value `false`.
    """

    hours: float
    grace_hours: float = 24.0

    @property
    def window(self) -> datetime.timedelta:
        """How far back to look: twice as far as it asks, and what is older than that is told with its age."""
        return datetime.timedelta(hours=max(2 * self.hours, 1))

    def verdict(self, history: History, now: datetime.datetime) -> Verdict:
        """What `history` comes to at `now`; what is not known for sure is kept."""
        known = history.since if history.last_used is None else max(history.since, history.last_used)
        unused = max(0.0, _hours(now - known))
        if history.remembers_hours is not None and history.last_used is None:
            unused = min(unused, history.remembers_hours)
        return Verdict(history, unused, self._kept(history, unused, now))

    def _kept(self, history: History, unused: float, now: datetime.datetime) -> str:
        young = _hours(now - history.since)
        if history.tags.get(KEEP, "false").lower() != "false":
            return f"it is tagged {KEEP}"
        if history.changing:
            return f"it is {history.state}"
        if history.waiting:
            return f"{history.waiting} wait or run"
        if young < self.grace_hours:
            return f"it was made or changed {young:.1f} h ago"
        if unused < self.hours:
            return (
                f"it was used {unused:.1f} h ago" if history.last_used else f"it is known for {unused:.1f} h"
            )
        return ""


def judge(histories: Iterable[History], rule: IdleRule, now: datetime.datetime) -> list[Verdict]:
    """The verdict of each, in the order of `histories`."""
    return [rule.verdict(history, now) for history in histories]


def whole_stacks(verdicts: Iterable[Verdict]) -> list[str]:
    """The stacks of which nothing is used; what sleeps or is gone is neither used nor in the way."""
    ordered = sorted(verdicts, key=lambda one: one.history.deployed.stack)
    found = groupby(ordered, key=lambda one: one.history.deployed.stack)
    return [stack for stack, members in found if all(one.is_idle for one in members)]


def _hours(duration: datetime.timedelta) -> float:
    return duration.total_seconds() / 3600
