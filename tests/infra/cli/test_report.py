from dataclasses import replace
from decimal import Decimal

import pytest

from infra import Environment, Stack, TargetTracking
from infra.cli import report
from infra.errors import Misuse
from infra.workloads import Metric
from tests.infra.conftest import function, realtime


def stack(base, *, budget: str | None = None, region: str = "us-east-1", usage=None) -> Stack:
    """An endpoint of 84.15 USD at its least, and a function."""
    environment = Environment(
        name="dev",
        region=region,
        account_id="111122223333",
        monthly_budget_usd=None if budget is None else Decimal(budget),
        usage=usage or {},
    )
    return Stack("shop", environment, [realtime(), function()], base=base)


def refuse(made: Stack, over_budget: bool = False) -> None:
    report.refuse_over_budget(report.price(made), made.environment, over_budget)


def test_a_bill_within_the_budget_or_without_one_passes(base):
    refuse(stack(base))
    refuse(stack(base, budget="84.15"))


def test_a_bill_above_the_budget_is_refused_unless_it_is_said(base):
    with pytest.raises(
        Misuse, match=r"would cost 84\.15 USD a month, and monthly_budget_usd is 84\.14; .*--over-budget"
    ):
        refuse(stack(base, budget="84.14"))
    refuse(stack(base, budget="84.14"), over_budget=True)


def test_the_expected_use_of_a_function_counts(base):
    usage = {"rank-small": {"requests_per_month": 10_000_000_000, "duration_ms": 40}}
    with pytest.raises(Misuse, match="would cost"):
        refuse(stack(base, budget="300", usage=usage))


def test_an_unknown_price_is_said(base, capsys):
    refuse(stack(base, budget="300", region="sa-east-1"))
    assert "The budget of 300 USD is not fully checked: a price is unknown" in capsys.readouterr().err


def test_a_function_whose_provisioned_concurrency_scales_is_held_against_the_budget(base):
    usage = {"rank-small": {"requests_per_month": 100_000_000, "duration_ms": 1000}}
    ready = function(
        memory_mb=1536, autoscaling=TargetTracking(min_capacity=1, max_capacity=10, utilization=0.7)
    )
    made = replace(stack(base, budget="300", usage=usage), workloads=(ready,))
    with pytest.raises(Misuse, match=r"would cost 2,41\d\.\d\d USD a month"):
        refuse(made)


def test_a_usage_that_comes_to_nothing_known_is_said(base, capsys):
    """A policy of its own metric is not simulated: the endpoint counts with its data, and at its least instances."""
    usage = {"rank": {"requests_per_month": 10_000_000, "payload_kb": 50}}
    own = TargetTracking(max_capacity=4, metric=Metric("CPUUtilization"), target=50)
    made = replace(stack(base, budget="300", usage=usage), workloads=(realtime(autoscaling=own),))
    refuse(made)
    # 84.15 and 476.84 GB in, at 0.016.
    assert capsys.readouterr().err == (
        "The budget of 300 USD is not fully checked: what the usage of rank comes to is not known, and is counted at "
        "its least, 91.78 USD.\n"
    )
    with pytest.raises(Misuse, match=r"would cost 91\.78 USD a month"):
        refuse(
            replace(made, environment=made.environment.model_copy(update={"monthly_budget_usd": Decimal(91)}))
        )


def test_the_budget_is_that_of_all_stacks_of_the_environment(base, capsys):
    made = stack(base, budget="100")
    priced = report.price(made)
    report.refuse_over_budget(priced, made.environment, False, {"other": Decimal("15.85")})
    with pytest.raises(
        Misuse, match=r"would cost 84\.15 USD a month beside 15\.86 USD of other, and monthly_"
    ):
        report.refuse_over_budget(priced, made.environment, False, {"other": Decimal("15.86")})
    report.refuse_over_budget(priced, made.environment, True, {"other": Decimal("15.86")})
    assert capsys.readouterr().err == ""
    report.refuse_over_budget(priced, made.environment, False, {"older": None})
    assert "not fully checked: what older costs was not recorded." in capsys.readouterr().err
