import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import pytest

from cost import Estimate, Price, PriceCatalog, Tier
from infra import Environment, LambdaEndpoint, RealtimeEndpoint, Stack, TargetTracking
from infra.bill import PRICED, Bill, Row, bill
from infra.errors import InvalidEnvironment, Misuse
from infra.workloads import Workload
from model_packaging import Model

D = Decimal
REGION = "us-east-1"
MODEL = Model(Path("models/triage"), framework="onnx")


def price(service: str, dimension: str, unit: str, usd: str) -> Price:
    return Price(service, dimension, REGION, unit, (Tier(D(usd), "a bill", "2026-05-08", "A"),))


CATALOG = PriceCatalog.of(
    [
        price("sagemaker-hosting", "ml.m5.large", "instance-hour", "0.115"),
        price("sagemaker-hosting", "instance storage", "GB-month", "0.14"),
        price("sagemaker-hosting", "data in", "GB", "0.016"),
        price("sagemaker-hosting", "data out", "GB", "0.016"),
        price("lambda", "requests", "request", "0.0000002"),
        price("lambda", "duration x86", "GB-second", "0.0000166667"),
        price("cloudwatch", "alarm standard resolution", "alarm-month", "0.10"),
        price("cloudwatch", "logs ingested", "GB", "0.50"),
        price("s3", "standard storage", "GB-month", "0.023"),
    ]
)


def endpoint(name: str = "classify", **changed: Any) -> RealtimeEndpoint:
    return RealtimeEndpoint(name, **{"model": MODEL, "instance_type": "ml.m5.large", **changed})


def function(name: str = "classify-small", **changed: Any) -> LambdaEndpoint:
    return LambdaEndpoint(name, **{"model": MODEL, "memory_mb": 2048, **changed})


SCALING = TargetTracking(min_capacity=1, max_capacity=4, invocations_per_instance=200)


def stack(*workloads: Workload, **changed: Any) -> Stack:
    environment = Environment(**{"name": "dev", "region": REGION, "account_id": "111122223333", **changed})
    return Stack("triage", environment, workloads)


def usage(requests: float, duration_ms: float) -> dict[str, dict[str, dict[str, float]]]:
    return {"usage": {"classify-small": {"requests_per_month": requests, "duration_ms": duration_ms}}}


def test_every_type_of_workload_is_priced() -> None:
    assert set(PRICED) == set(get_args(Workload))


def test_an_endpoint_costs_its_instances_for_the_whole_month() -> None:
    found = bill(stack(endpoint(instance_count=2)), CATALOG)
    (workload,) = found.workloads
    assert [(line.quantity, line.usd) for line in workload.minimum.lines] == [(1460, D("167.90"))]
    assert workload.minimum == workload.expected == workload.maximum
    assert found.summary == "triage on dev: 167.90 USD a month"


def test_autoscaling_spans_from_minimum_to_maximum_with_its_two_alarms() -> None:
    (workload,) = bill(stack(endpoint(autoscaling=SCALING)), CATALOG).workloads
    assert [line.usd for line in workload.minimum.lines] == [D("83.95"), D("0.20")]
    assert [line.usd for line in workload.maximum.lines] == [D("335.80"), D("0.20")]
    assert workload.expected is None


def test_a_function_at_rest_is_exactly_zero_and_has_no_maximum() -> None:
    found = bill(stack(function()), CATALOG)
    (workload,) = found.workloads
    assert (workload.minimum.total.usd, workload.expected, workload.maximum) == (D("0.00"), None, Estimate())
    assert not found.maximum.lines
    assert {(row.minimum, row.expected, row.maximum) for row in found.rows if row.quantity} == {
        ("0.00", "", "depends on usage")
    }
    assert found.summary == "triage on dev: Lambda per request"


def test_a_function_shows_its_unit_prices() -> None:
    (workload,) = bill(stack(function()), CATALOG).workloads
    assert {rate.description: str(rate) for rate in workload.rates} == {
        "per 1,000,000 requests": "0.20",
        "per 1,000 GB-seconds": "0.0166667",
        "per 1,000,000 requests of 1 s at 2048 MB": "33.53",
        "logs, per GB": "0.50",
    }


def test_usage_gives_a_function_its_expected_month() -> None:
    found = bill(stack(endpoint(autoscaling=SCALING), function(), **usage(1_000_000, 40.5)), CATALOG)
    expected = found.workloads[1].expected
    assert expected is not None
    # 41 whole milliseconds at 2 GB: 82,000 GB-seconds.
    assert [(line.quantity, line.usd) for line in expected.lines] == [
        (1_000_000, D("0.20")),
        (82_000, D("1.37")),
    ]
    assert found.expected is None, "only traffic tells how many instances run"
    assert (
        found.summary
        == "triage on dev: 84.15 to 336.00 USD a month, plus Lambda per request (1.57 USD expected)"
    )


def test_the_expected_month_is_the_sum_where_every_workload_knows_it() -> None:
    found = bill(stack(endpoint(), function(), **usage(1_000_000, 41)), CATALOG)
    assert found.expected is not None
    assert found.expected.total.usd == D("85.52")
    assert found.rows[-1] == Row("total", "", "", "83.95", "85.52", "83.95 + usage", "", "", "", "")


def test_a_shorter_month_costs_less() -> None:
    found = bill(stack(endpoint()), CATALOG, hours_per_month=D(720))
    assert found.minimum.total.usd == D("82.80")


@pytest.mark.parametrize("hours", ["0", "-1", "745", "NaN"])
def test_a_month_that_is_not_one_is_refused(hours: str) -> None:
    with pytest.raises(Misuse, match="allowed is above 0 to 744: write 730"):
        bill(stack(endpoint()), CATALOG, hours_per_month=D(hours))


def test_a_region_without_prices_is_unknown_and_never_zero() -> None:
    found = bill(stack(endpoint(), function(), region="eu-south-1"), CATALOG)
    assert found.summary == "triage on dev: price unknown, plus Lambda per request"
    assert found.minimum.total.usd is None
    assert {row.minimum for row in found.rows} == {"unknown", ""}
    notes = {row.note for row in found.rows if row.item == "ml.m5.large for SageMaker hosting"}
    assert notes == {"No list price of sagemaker-hosting ml.m5.large in eu-south-1; known only in us-east-1."}


def test_one_missing_price_makes_the_bill_at_least() -> None:
    found = bill(stack(endpoint(), endpoint("other", instance_type="ml.m5.24xlarge")), CATALOG)
    assert str(found.minimum.total) == "at least 83.95"
    assert found.summary == "triage on dev: at least 83.95 USD a month"
    assert found.to_json()["minimum"] == {"usd": "83.95", "at_least": True, "estimated": False}


def wrong_key() -> dict[str, Any]:
    return {"usage": {"classify-small": {"requests": 5}}}


def no_duration() -> dict[str, Any]:
    return {"usage": {"classify-small": {"requests_per_month": 5}}}


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (wrong_key, "unknown key 'requests'; allowed are requests_per_month, duration_ms, payload_kb, "),
        (no_duration, "lacks the key 'duration_ms'; add it, as in: duration_ms = 45."),
        (lambda: usage(-5, 45), "requests_per_month is -5; allowed is a number from 0"),
        (lambda: usage(5, 31_000), "duration_ms is 31,000, above the function's timeout of 30,000 ms"),
    ],
)
def test_a_wrong_usage_names_file_and_table(changed: Callable[[], dict[str, Any]], message: str) -> None:
    with pytest.raises(InvalidEnvironment) as caught:
        bill(stack(function(), **changed()), CATALOG)
    assert str(caught.value).startswith("stacks/environments/dev.toml: [usage.classify-small] ")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_wrong_usage_of_an_endpoint_is_refused_too() -> None:
    with pytest.raises(InvalidEnvironment, match=r"\[usage.classify\] unknown key 'rps'"):
        bill(stack(endpoint(), usage={"classify": {"rps": 1}}), CATALOG)


def test_json_holds_no_number_that_is_money() -> None:
    found = bill(stack(endpoint(autoscaling=SCALING), function(), **usage(100_000, 40)), CATALOG).to_json()

    def refuse(number: str) -> None:
        raise AssertionError(f"{number} is a number; amounts are strings")

    text = json.dumps(found)
    assert json.loads(text, parse_float=refuse, parse_int=refuse) == found
    assert (found["minimum"], found["expected"]) == (
        {"usd": "84.15", "at_least": False, "estimated": False},
        None,
    )
    classify, small = found["workloads"]
    assert classify["minimum"]["lines"][0] == {
        "description": "ml.m5.large for SageMaker hosting",
        "quantity": "730",
        "unit": "instance-hour",
        "unit_price": "0.115",
        "usd": "83.95",
        "source": "a bill",
        "as_of": "2026-05-08",
        "confidence": "A",
        "note": None,
    }
    assert (small["type"], small["maximum"], small["plus"]) == ("LambdaEndpoint", None, "Lambda per request")


def test_rows_carry_quantity_price_date_and_source() -> None:
    found = bill(stack(endpoint(autoscaling=SCALING)), CATALOG)
    assert found.rows[0] == Row(
        workload="classify",
        item="ml.m5.large for SageMaker hosting",
        quantity="730 to 2,920 instance-hours",
        minimum="83.95",
        expected="",
        maximum="335.80",
        price="0.115 per instance-hour",
        as_of="2026-05-08, A",
        source="a bill",
        note="",
    )


def notes(found: Bill) -> str:
    return "\n".join(found.notes)


def test_the_notes_say_what_the_amounts_rest_on() -> None:
    told = notes(bill(stack(endpoint()), CATALOG))
    assert "730 hours in us-east-1: list price, before tax, no free tier" in told
    assert "embedded AWS" not in told
    assert "The embedded AWS costs nothing" in notes(bill(stack(endpoint(), embedded_aws=True), CATALOG))


def test_a_usage_table_with_a_slip_in_its_name_is_told_and_that_of_another_stack_is_not() -> None:
    tables = {name: {"requests_per_month": 5} for name in ("clasify", "embed-nightly", "classify-small")}
    told = notes(bill(stack(endpoint(), function("other"), usage=tables), CATALOG))
    assert "[usage.clasify] is in no amount: triage has no such workload, and near it is classify." in told
    assert "embed-nightly" not in told and "[usage.classify-small]" not in told
    assert "in no amount" not in notes(
        bill(stack(endpoint(), usage={"classify": tables["clasify"]}), CATALOG)
    )


def test_what_is_expected_of_some_workloads_only_is_at_least_that() -> None:
    some = bill(stack(endpoint(autoscaling=SCALING), function(), **usage(1_000_000, 100)), CATALOG)
    assert some.expected is None and some.told == "at least 87.68"  # two alarms of the scaling
    known = bill(stack(endpoint(), function(), **usage(1_000_000, 100)), CATALOG)
    assert known.told == str(known.counted.total) == "87.48"


def test_what_no_price_is_known_of_is_unknown_and_not_at_least_unknown() -> None:
    nowhere = bill(stack(endpoint(autoscaling=SCALING), region="eu-south-1"), CATALOG)
    assert nowhere.expected is None and nowhere.told == "unknown"


def test_the_shipped_prices_cover_a_common_stack() -> None:
    found = bill(stack(endpoint(autoscaling=SCALING), function()), PriceCatalog.load())
    assert not found.minimum.total.at_least and not found.maximum.total.at_least
    assert all(row.source and row.as_of for row in found.rows[:-1])
