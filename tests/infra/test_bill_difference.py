"""A deploy's difference in the bill: recorded, read again, and priced with the prices of today."""

import json
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from cost import PriceCatalog
from infra import Environment, Stack, TargetTracking
from infra.bill import Bill, bill
from infra.bill.difference import difference, saving
from infra.bill.markdown import comment
from infra.bill.record import Record, read, record
from infra.workloads import Metric
from tests.infra.conftest import function, realtime

CATALOG = PriceCatalog.load()
DAY = "2026-11-01"
USED = {"rank-small": {"requests_per_month": 1_000_000, "duration_ms": 40}}


def priced(base, *workloads, usage: Mapping[str, Any] = USED, region: str = "us-east-1") -> Bill:
    environment = Environment(name="dev", region=region, account_id="111122223333", usage=usage)
    return bill(Stack("shop", environment, workloads or (realtime(), function()), base=base), CATALOG)


def kept(made: Bill) -> Record:
    """What comes back after it was written as JSON."""
    found = read(json.loads(json.dumps(record(made, DAY).to_json())))
    assert found is not None
    return found


def test_a_record_comes_back_as_it_was_written(base):
    made = priced(base)
    assert kept(made) == record(made, DAY)
    assert kept(made).then("minimum") == made.minimum.total.usd
    assert kept(made).then("expected") == made.counted.total.usd


def test_a_record_of_another_version_and_none_at_all_are_none():
    assert (read(None), read({"version": 2, "anything": "else"})) == (None, None)


def test_nothing_deployed_is_new_and_a_bill_that_nobody_recorded_is_not_known(base):
    made = priced(base)
    new, unknown = difference(made, False, None, CATALOG), difference(made, True, None, CATALOG)
    assert new.lines == ["difference: shop is new, nothing of it is deployed"]
    assert unknown.lines == ["difference: not known, the bill of what is deployed of shop was never recorded"]
    assert (new.to_json()["deployed"], unknown.to_json()["deployed"]) == (False, True)


def test_the_same_again_is_no_difference(base):
    made = priced(base)
    assert difference(made, True, kept(made), CATALOG).lines == [
        f"difference to what was deployed on {DAY}: none"
    ]


def test_each_workload_that_changes_is_told_with_what_it_adds(base):
    before = priced(base, realtime(), function())
    scaled = realtime(
        autoscaling=TargetTracking(min_capacity=2, max_capacity=4, invocations_per_instance=100)
    )
    found = difference(priced(base, scaled, realtime("extra"), usage={}), True, kept(before), CATALOG)
    assert {one.name: one.kind for one in found.workloads} == {
        "rank": "changed",
        "extra": "new",
        "rank-small": "gone",
    }
    assert found.lines[1].startswith("  rank (changed): minimum 84.15 -> 168.10 (+83.95)")
    assert "maximum" not in found.lines[1]
    for change in found.total:
        parts = [one.usd for part in found.workloads for one in part.changes if one.column == change.column]
        assert change.usd == sum(parts, Decimal(0))


def test_without_usage_on_either_side_nothing_is_said_of_what_is_expected(base):
    before, after = (
        priced(base, realtime(instance_type=type), usage={}) for type in ("ml.m5.large", "ml.m5.xlarge")
    )
    found = difference(after, True, kept(before), CATALOG)
    assert [change.column for change in found.total] == ["minimum", "maximum"]


def test_a_side_of_which_nothing_is_expected_is_at_least_its_minimum(base):
    """Only the endpoint of the one side has a usage: 83.95 and two alarms, and 0.87 of the function on both."""
    told = {**USED, "rank": {"requests_per_month": 1000}}
    known, unknown = priced(base, usage=told), priced(base)
    assert known.counted.total.usd == unknown.counted.total.usd == Decimal("85.02")
    idle = realtime(autoscaling=TargetTracking(min_capacity=2, max_capacity=4, invocations_per_instance=9))
    more = priced(base, idle, function())
    (_, there, _) = difference(more, True, kept(known), CATALOG).total
    (_, back, _) = difference(known, True, kept(more), CATALOG).total
    (_, both, _) = difference(more, True, kept(unknown), CATALOG).total
    assert str(there) == "expected 85.02 -> at least 168.97 (at least +83.95)"
    assert str(back) == "expected at least 168.97 -> 85.02 (at most -83.95)"
    assert str(both) == "expected at least 85.02 -> at least 168.97 (+83.95)"
    text = comment(more, difference(more, True, kept(known), CATALOG))
    assert "**At least +83.95 USD a month.** Difference to " in text


def test_what_a_usage_comes_to_at_least_is_recorded_for_the_budget_of_others(base):
    """Own metrics are not simulated: 84.15, and 476.84 GB of data in at 0.016."""
    own = realtime(autoscaling=TargetTracking(max_capacity=4, metric=Metric("CPUUtilization"), target=50))
    made = priced(base, own, usage={"rank": {"requests_per_month": 10_000_000, "payload_kb": 50}})
    assert kept(made) == record(made, DAY)
    assert kept(made).today("expected", CATALOG) == Decimal("91.78") and kept(made).at_least("expected")
    found = difference(made, True, kept(priced(base, own, usage={})), CATALOG)
    assert "expected at least 84.15 -> at least 91.78 (+7.63)" in found.lines[1]


def test_what_is_deployed_is_priced_with_the_prices_of_today(base):
    made = priced(base)
    dearer = PriceCatalog(
        {
            key: replace(price, tiers=tuple(replace(tier, usd=tier.usd * 2) for tier in price.tiers))
            for key, price in CATALOG.prices.items()
        }
    )
    now = replace(
        made,
        workloads=tuple(
            replace(
                one,
                **{
                    column: type(one.minimum).charged(getattr(one, column).charges, dearer)
                    for column in ("minimum", "expected", "maximum")
                    if getattr(one, column) is not None
                },
            )
            for one in made.workloads
        ),
    )
    found = difference(now, True, kept(made), dearer)
    assert found.summary.endswith(": none")
    assert found.lines[-1].startswith(
        "  prices have moved since then, by what is deployed: minimum 84.15 -> 168.30"
    )


def test_a_price_that_is_no_longer_held_is_taken_as_it_was(base):
    made = priced(base)
    empty = PriceCatalog({})
    assert kept(made).today("minimum", empty) == made.minimum.total.usd


def test_an_unknown_price_makes_a_difference_unknown_and_never_nothing(base):
    before, after = (
        priced(base, realtime(instance_type=type), region="sa-east-1")
        for type in ("ml.m5.large", "ml.p3.16xlarge")
    )
    if not before.minimum.total.at_least and not after.minimum.total.at_least:
        pytest.fail("the region has prices of both: take another to have one that is missing")
    (minimum, *_rest) = difference(after, True, kept(before), CATALOG).total
    assert minimum.usd is None
    assert "unknown" in str(minimum)


def test_a_destroy_says_what_it_saves(base):
    made = priced(base)
    # Nobody tells the use of the endpoint that scales.
    assert saving("shop", kept(made), CATALOG) == f"saves {made.counted.total} USD a month, at the least"
    known = priced(base, function())
    assert saving("shop", kept(known), CATALOG) == f"saves {known.counted.total} USD a month, as expected"
    assert saving("shop", kept(priced(base, usage={})), CATALOG) == "saves 84.15 USD a month, at the least"
    assert "never recorded" in saving("shop", None, CATALOG)
