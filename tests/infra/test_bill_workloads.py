"""The bill of each kind of workload, at the prices that come with the kit."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cost import PriceCatalog
from cost.comparison.batches import VOLUME_GB
from infra import (
    Alarms,
    AsyncEndpoint,
    BatchJob,
    Environment,
    FunctionUrl,
    LambdaEndpoint,
    MultiModelEndpoint,
    Network,
    RealtimeEndpoint,
    ServerlessEndpoint,
    Stack,
    TargetTracking,
)
from infra.bill import Bill, WorkloadBill, bill
from infra.blueprint import batch_machines
from infra.errors import InvalidEnvironment
from infra.workloads import Workload
from model_packaging import Model

D = Decimal
MODEL = Model(Path("models/triage"), framework="onnx")
CATALOG = PriceCatalog.load()
VPC = Network(subnet_ids=("subnet-00000000000000001",), security_group_ids=("sg-00000000000000001",))


def of(workload: Workload, usage: dict[str, Any] | None = None, **changed: Any) -> Bill:
    environment = {"name": "dev", "region": "us-east-1", "account_id": "111122223333", **changed}
    if usage is not None:
        environment["usage"] = {workload.name: usage}
    return bill(Stack("all", Environment(**environment), [workload]), CATALOG)


def one(workload: Workload, usage: dict[str, Any] | None = None, **changed: Any) -> WorkloadBill:
    return of(workload, usage, **changed).workloads[0]


def lines(estimate: Any) -> dict[str, Decimal | None]:
    return {line.description: line.usd for line in estimate.lines}


def job(**changed: Any) -> BatchJob:
    return BatchJob(
        "embed",
        **{"model": MODEL, "instance_types": ["g4dn.xlarge", "g5.xlarge"], "network": VPC, **changed},
    )


def waking(**changed: Any) -> AsyncEndpoint:
    scaling = TargetTracking(min_capacity=0, max_capacity=2, backlog_per_instance=5)
    return AsyncEndpoint(
        "inbox", **{"model": MODEL, "instance_type": "ml.g5.xlarge", "autoscaling": scaling, **changed}
    )


def test_async_down_to_none_costs_its_alarms_at_least() -> None:
    found = one(waking())
    assert lines(found.minimum) == {
        "ml.g5.xlarge for SageMaker hosting": D("0.00"),
        "CloudWatch alarms, standard resolution": D("0.30"),
    }
    assert found.minimum.total.usd == D("0.30")
    assert found.expected is None, "only traffic tells how long an instance is up"
    # Two at 1.4084 for 730 hours.
    assert found.maximum.total.usd == D("2056.56")


def test_async_that_is_always_up_has_an_expected_month_with_its_objects_and_messages() -> None:
    usage = {"requests_per_month": 500_000, "payload_kb": 512, "response_kb": 20, "log_kb": 2}
    found = one(waking(autoscaling=None), usage)
    assert found.expected is not None
    assert lines(found.expected) == {
        "ml.g5.xlarge for SageMaker hosting": D("1028.13"),
        "S3 write requests": D("5.00"),
        "S3 read requests": D("0.40"),
        "SNS requests": D("0.25"),
        "asynchronous endpoint data": D("5.07"),
        "CloudWatch Logs ingested": D("0.48"),
    }
    assert found.maximum == found.expected


def test_a_machine_with_a_disk_of_its_own_has_no_volume_to_pay() -> None:
    def named(instance_type: str) -> set[str]:
        return {rate.description for rate in one(waking(instance_type=instance_type)).rates}

    assert "instance volumes, per GB-month" in named("ml.m5.large")
    assert "instance volumes, per GB-month" not in named("ml.g5.xlarge")


def test_several_models_behind_one_endpoint_cost_its_instances() -> None:
    scaling = TargetTracking(max_capacity=3, concurrent_requests_per_instance=4)
    found = one(
        MultiModelEndpoint(
            "many", models=[MODEL], instance_type="ml.m5.large", volume_gb=20, autoscaling=scaling
        )
    )
    assert lines(found.minimum) == {
        "ml.m5.large for SageMaker hosting": D("83.95"),
        "endpoint volumes": D("2.80"),
        "CloudWatch alarms, high resolution": D("0.60"),
    }
    assert found.maximum.total.usd == D("260.85")


def test_data_and_logs_of_an_endpoint_follow_the_usage() -> None:
    endpoint = RealtimeEndpoint("classify", model=MODEL, instance_type="ml.m5.large")
    usage = {"requests_per_month": 10_000_000, "payload_kb": 50, "response_kb": 5, "log_kb": 1}
    found = one(endpoint, usage)
    assert found.expected is not None
    assert lines(found.expected) == {
        "ml.m5.large for SageMaker hosting": D("83.95"),
        "endpoint data in": D("7.63"),
        "endpoint data out": D("0.76"),
        "CloudWatch Logs ingested": D("4.77"),
    }
    assert lines(found.minimum) == {"ml.m5.large for SageMaker hosting": D("83.95")}


def test_serverless_at_rest_is_nothing_and_at_most_always_busy() -> None:
    found = one(ServerlessEndpoint("small", model=MODEL, memory_mb=4096, max_concurrency=5))
    assert found.minimum.total.usd == D("0.00")
    # Five of 4 GB at 0.00008 a second, 730 hours.
    assert lines(found.maximum) == {"SageMaker Serverless inference (4 GB)": D("1051.20")}


def test_serverless_with_provisioned_concurrency_is_billed_by_the_hour() -> None:
    endpoint = ServerlessEndpoint(
        "small", model=MODEL, memory_mb=2048, max_concurrency=5, provisioned_concurrency=1
    )
    found = one(endpoint, {"requests_per_month": 500_000, "duration_ms": 100, "payload_kb": 4})
    assert found.minimum.total.usd == D("26.28")
    assert found.expected is not None
    assert lines(found.expected) == {
        "SageMaker Serverless provisioned concurrency (2 GB)": D("26.28"),
        "SageMaker Serverless inference while provisioned (2 GB)": D("1.17"),
        "SageMaker Serverless inference (2 GB)": D("0.00"),
        "SageMaker Serverless data": D("0.03"),
    }


def test_a_provisioned_memory_size_without_a_price_is_named() -> None:
    endpoint = ServerlessEndpoint("small", model=MODEL, memory_mb=4096, provisioned_concurrency=2)
    found = of(endpoint)
    assert found.summary.startswith("all on dev: at least ")
    assert {row.note for row in found.rows if row.minimum == "unknown"} >= {
        "No list price of sagemaker-serverless provisioned concurrency warm 4 GB in us-east-1; known in no region."
    }


def test_scaled_provisioned_concurrency_spans_from_minimum_to_maximum() -> None:
    scaling = TargetTracking(min_capacity=1, max_capacity=4, utilization=0.7)
    usage = {"requests_per_month": 500_000, "duration_ms": 100}
    found = one(
        ServerlessEndpoint(
            "small", model=MODEL, memory_mb=2048, provisioned_concurrency=1, autoscaling=scaling
        ),
        usage,
    )
    ready = "SageMaker Serverless provisioned concurrency (2 GB)"
    assert lines(found.minimum)[ready] == D("26.28")
    assert found.expected is not None and lines(found.expected)[ready] == D("26.28")


def test_the_dearest_month_of_scaled_concurrency_may_be_beside_the_least_of_it() -> None:
    """Ten of 2 GB all month: one ready (26.28) and busy (61.23), nine on demand (946.08), and two alarms.

    All ten provisioned are 262.80 and 612.32: a busy second at 0.0000333 instead of 0.00004.
    """
    scaling = TargetTracking(min_capacity=1, max_capacity=10, utilization=0.7)
    endpoint = ServerlessEndpoint(
        "small",
        model=MODEL,
        memory_mb=2048,
        max_concurrency=10,
        provisioned_concurrency=1,
        autoscaling=scaling,
    )
    assert one(endpoint).maximum.total.usd == D("1033.79")


def test_what_comes_above_max_concurrency_is_refused_and_not_billed() -> None:
    """10,000,000 s in business hours are up to 13.3 at a time: 4,088,631 s find one of the five, at 0.00004."""
    usage = {"requests_per_month": 10_000_000, "duration_ms": 1000, "traffic": "business-hours"}
    found = one(ServerlessEndpoint("small", model=MODEL, memory_mb=2048, max_concurrency=5), usage)
    assert found.expected is not None and found.expected.total.usd == D("163.55")
    assert found.notes == (
        "expected over a month of business-hours traffic, minute by minute; of that AWS refuses 59.1%, in minutes of "
        "up to 13.3 at a time, above the 5 of max_concurrency",
    )


def test_a_function_that_is_kept_ready_costs_at_rest_and_less_per_call() -> None:
    function = LambdaEndpoint("answer", model=MODEL, memory_mb=2048, provisioned_concurrency=2)
    found = one(function, {"requests_per_month": 1_000_000, "duration_ms": 100})
    # 4 GB for 730 hours at 0.0000041667.
    assert found.minimum.total.usd == D("43.80")
    assert found.expected is not None
    assert lines(found.expected) == {
        "Lambda provisioned concurrency (x86)": D("43.80"),
        "Lambda requests": D("0.20"),
        "Lambda duration while provisioned (x86)": D("1.94"),
    }
    assert of(function).summary == "all on dev: 43.80 USD a month, plus Lambda per request"
    usage = {"requests_per_month": 1_000_000, "duration_ms": 100}
    assert of(function, usage).summary.endswith("plus Lambda per request (2.14 USD expected)")


def test_calls_beyond_what_is_kept_ready_cost_the_full_price() -> None:
    """1 GB is ready for 2,628,000 s, and 3,000,000 GB-seconds are asked for."""
    function = LambdaEndpoint("answer", model=MODEL, memory_mb=1024, provisioned_concurrency=1)
    found = one(function, {"requests_per_month": 3_000_000, "duration_ms": 1000})
    assert found.expected is not None
    amounts = {line.description: line.quantity for line in found.expected.lines}
    assert amounts["Lambda duration while provisioned (x86)"] == 2_628_000
    assert amounts["Lambda duration (x86)"] == 372_000


def test_a_function_on_arm_with_a_large_tmp_that_streams() -> None:
    function = LambdaEndpoint(
        "answer",
        model=MODEL,
        memory_mb=4096,
        architecture="arm64",
        ephemeral_storage_mb=2048,
        package="image",
        url=FunctionUrl(streaming=True),
    )
    usage = {"requests_per_month": 6_000_000, "duration_ms": 280, "response_kb": 7 * 1024}
    found = one(function, usage)
    assert found.expected is not None
    assert lines(found.expected) == {
        "Lambda requests": D("1.20"),
        "Lambda duration (arm64)": D("89.60"),
        "Lambda /tmp above 512 MB": D("0.08"),
        "Lambda response streaming": D("46.88"),
    }
    named = {rate.description for rate in found.rates}
    assert {"streamed above 6 MB a request, per GB", "image in ECR, per GB-month"} <= named


def test_a_job_costs_nothing_at_rest_and_at_most_both_of_its_environments() -> None:
    found = one(job(max_vcpus=18))
    assert lines(found.minimum) == {"g4dn.xlarge on EC2 spot": D("0.00"), "g4dn.xlarge on EC2": D("0.00")}
    # 18 vCPUs are five machines of 4, and g5 is the dearer: 0.436 on spot, 1.006 on demand.
    assert lines(found.maximum) == {
        "g5.xlarge on EC2 spot": D("1591.40"),
        "g5.xlarge on EC2": D("3671.90"),
        "EBS gp3 volumes": D("80.00"),
    }
    (spot, *_) = found.maximum.lines
    assert spot.quantity == 3650
    assert "an order of magnitude" in spot.note and spot.confidence == "C"


def test_small_machines_can_be_the_dearest_since_each_has_a_volume() -> None:
    """16 vCPUs are eight m5.large (8 x 730 x 0.0375 = 219.00, and 800 GB at 0.08) or four c5.xlarge (242.94 + 32.00)."""
    both = job(instance_types=["m5.large", "c5.xlarge"], on_demand_fallback=False)
    assert one(both).maximum == one(job(instance_types=["m5.large"], on_demand_fallback=False)).maximum
    assert lines(one(both).maximum) == {"m5.large on EC2 spot": D("219.00"), "EBS gp3 volumes": D("64.00")}


@pytest.mark.parametrize(
    ("changed", "machines"),
    [
        ({"on_demand_fallback": False}, {"g5.xlarge on EC2 spot"}),
        ({"spot": False}, {"g5.xlarge on EC2"}),
        ({"spot": False, "on_demand_fallback": False}, {"g5.xlarge on EC2"}),
    ],
)
def test_a_job_with_one_environment(changed: dict[str, Any], machines: set[str]) -> None:
    found = one(job(**changed))
    assert set(lines(found.maximum)) == {*machines, "EBS gp3 volumes"}


def test_a_type_without_a_spot_price_is_billed_on_demand_and_says_so() -> None:
    found = one(job(instance_types=["inf2.xlarge"], on_demand_fallback=False))
    (machine, _) = found.maximum.lines
    assert (machine.description, machine.unit_price) == ("inf2.xlarge on EC2, for spot", D("0.7582"))
    assert machine.note == "No spot price of inf2.xlarge in us-east-1 is held; this is its on-demand price."


def test_a_type_without_any_price_makes_the_job_at_least() -> None:
    job_of_two = job(instance_types=["m5.xlarge", "x9.large"], on_demand_fallback=False)
    assert of(job_of_two).summary.startswith("all on dev: 0.00 to at least ")
    found = one(job_of_two)
    assert found.maximum.total.at_least and not found.minimum.total.at_least
    (unknown,) = found.maximum.unpriced
    assert unknown.note == "No list price of ec2-spot x9.large in us-east-1; known in no region."


def test_only_unknown_types_are_unknown_and_not_nothing() -> None:
    found = of(job(instance_types=["x9.large"]))
    assert (found.minimum.total.usd, str(found.minimum.total)) == (None, "unknown")


def test_items_of_a_job_are_worked_off_on_the_machine_with_the_cheapest_place() -> None:
    """200,000 items of 900 ms in jobs of 2 vCPUs: two at a time on a g4dn.xlarge, 25 hours.

    5 % are done twice (1.25 hours), and 30 machines take 5 minutes to start (2.5 hours), as `compare` has it.
    """
    found = one(job(), {"requests_per_month": 200_000, "duration_ms": 900, "log_kb": 1})
    assert found.expected is not None
    assert {line.description: (line.quantity, line.usd) for line in found.expected.lines[:2]} == {
        "g4dn.xlarge on EC2 spot": (D("28.75"), D("5.86")),
        "EBS gp3 volumes": (D(2875) / 730, D("0.32")),
    }
    assert found.notes == (
        "expected with 30 starts of a machine, each of 5 minutes, and on g4dn.xlarge all on spot, 5% of the work done "
        "twice: assumptions",
    )


def test_on_demand_nothing_is_done_twice_and_few_items_start_few_machines() -> None:
    found = one(job(spot=False), {"requests_per_month": 2, "duration_ms": 1_800_000})
    assert found.expected is not None
    # Half an hour on two places, and two starts.
    assert float(found.expected.lines[0].quantity) == pytest.approx(0.5 + 10 / 60)
    assert "2 starts of a machine" in found.notes[0] and "on g4dn.xlarge on demand: assum" in found.notes[0]


def test_a_job_that_needs_two_gpus_has_no_place_on_machines_with_one() -> None:
    usage = {"requests_per_month": 1, "duration_ms": 1}
    without = one(job(gpus=2), usage)
    assert without.expected is None and without.notes == (
        "not expected: no machine that it names is known to have room for one of its jobs",
    )
    assert one(job(gpus=1), usage).expected is not None


def test_a_job_never_gets_all_of_a_machines_memory() -> None:
    usage = {"requests_per_month": 1, "duration_ms": 1}
    assert one(job(instance_types=["m5.xlarge"], memory_mb=16 * 1024), usage).expected is None
    assert one(job(instance_types=["m5.xlarge"], memory_mb=15_000), usage).expected is not None


def test_a_family_stands_for_its_types() -> None:
    found = one(job(instance_types=["g5"], max_vcpus=4, on_demand_fallback=False))
    assert "g5.24xlarge on EC2 spot, per hour" in {rate.description for rate in found.rates}


def test_the_volume_of_a_machine_is_the_blueprints() -> None:
    assert VOLUME_GB == batch_machines.VOLUME_GB


def test_what_others_pay_for_is_said_and_priced() -> None:
    endpoint = RealtimeEndpoint("classify", model=MODEL, instance_type="ml.m5.large")
    key = "arn:aws:kms:us-east-1:111122223333:key/0f1e2d3c"
    found = of(endpoint, network=VPC, kms_key_arn=key, alarms=Alarms())
    told = "\n".join(found.notes)
    assert "The VPC is your own: its NAT gateways, endpoints and addresses are not in the amounts." in told
    assert "The KMS key is your own: its month and its requests are not in the amounts." in told
    assert {rate.description: str(rate) for rate in found.rates} == {
        "artifacts in S3, per GB-month": "0.023",
        "answers to the internet, per GB": "0.09",
        "logs kept, per GB-month": "0.03",
        "alarms by e-mail, per 1,000": "0.02",
        "a NAT gateway, per hour": "0.045",
        "through a NAT gateway, per GB": "0.045",
    }
    assert "An update runs new instances beside the old ones" in told
    assert "your own" not in "\n".join(of(endpoint).notes)


@pytest.mark.parametrize(
    ("workload", "sent"),
    [
        (LambdaEndpoint("one", model=MODEL), "sent to callers outside AWS"),
        (
            RealtimeEndpoint("one", model=MODEL, instance_type="ml.m5.large"),
            "sent to callers outside AWS",
        ),
        (ServerlessEndpoint("one", model=MODEL), "sent to callers outside AWS"),
        (
            AsyncEndpoint("one", model=MODEL, instance_type="ml.m5.large"),
            "read from S3 outside AWS",
        ),
    ],
    ids=lambda one: type(one).__name__ if not isinstance(one, str) else "",
)
def test_answers_to_callers_outside_aws_are_in_no_amount_and_told_with_theirs(
    workload: Workload, sent: str
) -> None:
    """1,000,000 answers of 3,000 KB are 2,861.02 GB, at 0.09 a GB out to the internet."""
    usage = {"requests_per_month": 1_000_000, "duration_ms": 10, "response_kb": 3000}
    assert (
        f"its answers are 2,861.0 GB; {sent} they cost 257.49 USD besides, within the region nothing: they are in no "
        "amount, since who asks is not declared"
    ) in one(workload, usage).notes
    told = "\n".join(of(workload, {**usage, "response_kb": 0}).notes)
    assert "its answers" not in told


counts = st.integers(min_value=1, max_value=40)


def scaled(kind: int, least: int, more: int, vcpus: int) -> Workload:
    """A workload of one kind between `least` and `least + more`."""
    most = least + more
    instances = TargetTracking(min_capacity=least, max_capacity=most, invocations_per_instance=9)
    units = TargetTracking(min_capacity=least, max_capacity=most, utilization=0.7)
    made: list[Callable[[], Workload]] = [
        lambda: RealtimeEndpoint("one", model=MODEL, instance_type="ml.m5.large", autoscaling=instances),
        lambda: MultiModelEndpoint(
            "one", models=[MODEL], instance_type="ml.c5.xlarge", volume_gb=9, autoscaling=instances
        ),
        lambda: AsyncEndpoint(
            "one",
            model=MODEL,
            instance_type="ml.g5.xlarge",
            autoscaling=TargetTracking(min_capacity=0, max_capacity=most, backlog_per_instance=5),
        ),
        lambda: ServerlessEndpoint(
            "one", model=MODEL, memory_mb=2048, max_concurrency=most, provisioned_concurrency=least
        ),
        lambda: LambdaEndpoint("one", model=MODEL, provisioned_concurrency=least, autoscaling=units),
        lambda: job(max_vcpus=vcpus),
    ]
    return made[kind]()


def totals(workload: Workload) -> tuple[Decimal, Decimal]:
    found = one(workload)
    least, most = found.minimum.total.usd, found.maximum.total.usd
    assert least is not None and most is not None
    return least, most


@settings(max_examples=60)
@given(st.integers(min_value=0, max_value=5), counts, counts, counts)
def test_the_minimum_is_at_most_the_maximum_and_both_grow_with_what_is_allowed(
    kind: int, least: int, more: int, vcpus: int
) -> None:
    small, large = totals(scaled(kind, least, more, vcpus)), totals(scaled(kind, least, more + 1, vcpus + 9))
    assert small[0] <= small[1] <= large[1]
    assert small[0] <= large[0]


@pytest.mark.parametrize(
    ("traffic", "told"),
    [({}, None), ({"traffic": "business-hours"}, "1,325.1 requests at a time, above the 1,000")],
)
def test_calls_above_the_quota_of_an_account_are_told(traffic: dict[str, str], told: str | None) -> None:
    """AWS Lambda Developer Guide, 'Lambda quotas': 1,000 concurrent executions. 1e9 s are 380.5 on average."""
    usage = {"requests_per_month": 1_000_000_000, "duration_ms": 1000, **traffic}
    notes = "\n".join(one(LambdaEndpoint("answer", model=MODEL), usage).notes)
    assert told in notes if told else "at a time" not in notes


def test_tiers_that_functions_fill_together_are_told() -> None:
    """Two of 6e9 GB-seconds: AWS has the first 6e9 at 0.0000166667 and the next 9e9 at 0.000015, as one account."""
    usage = {"requests_per_month": 6_000_000_000, "duration_ms": 1000}
    functions = [LambdaEndpoint(name, model=MODEL, memory_mb=1024) for name in ("one", "two")]
    environment = Environment(
        name="dev",
        region="us-east-1",
        account_id="111122223333",
        usage={each.name: usage for each in functions},
    )
    found = bill(Stack("all", environment, functions), CATALOG)
    assert found.counted.total.usd == D("202400.40")
    assert (
        "AWS's price tiers span an account and region, and each workload here fills them anew: together they come to "
        "192,400.20 USD a month in the place of 202,400.40."
    ) in found.notes
    assert "tiers" not in "\n".join(of(functions[0], usage).notes)


def test_instances_that_are_too_slow_for_their_usage_are_told() -> None:
    """1e9 requests of a second in 2,628,000 are 380.5 at a time; an ml.m5.large has two processors."""
    usage = {"requests_per_month": 1_000_000_000, "duration_ms": 1000}
    found = one(RealtimeEndpoint("one", model=MODEL, instance_type="ml.m5.large"), usage)
    assert found.notes == (
        "its usage comes to 380.5 requests at a time all month, above the 2 that 1 of ml.m5.large work on: unless the "
        "model answers many together, more are needed than are priced",
    )
    few = {"requests_per_month": 5_256_000, "duration_ms": 1000}
    assert one(RealtimeEndpoint("one", model=MODEL, instance_type="ml.m5.large"), few).notes == ()


usages = st.fixed_dictionaries(
    {
        "requests_per_month": st.integers(0, 30_000_000),
        "duration_ms": st.integers(1, 3000),
        "traffic": st.sampled_from(["constant", "diurnal", "business-hours", "bursty"]),
    },
    optional={name: st.integers(0, 5000) for name in ("payload_kb", "response_kb", "log_kb")},
)
machine_types = st.lists(
    st.sampled_from(["m5.large", "m5.xlarge", "c5.large", "c5.xlarge", "c5.2xlarge", "g5.xlarge"]),
    min_size=1,
    max_size=3,
    unique=True,
)


def concurrency(least: int, more: int, fixed: bool) -> dict[str, Any]:
    if fixed:
        return {"provisioned_concurrency": least}
    scaling = TargetTracking(min_capacity=least, max_capacity=least + more, utilization=0.7)
    return {"provisioned_concurrency": least, "autoscaling": scaling}


used_workloads = st.one_of(
    st.builds(
        lambda kind, least, more: scaled(kind, least, more, 8), st.sampled_from([0, 1, 2, 4]), counts, counts
    ),
    st.builds(
        lambda memory, least, more, fixed, spare: ServerlessEndpoint(
            "one",
            model=MODEL,
            memory_mb=memory,
            max_concurrency=least + more + spare,
            **concurrency(least, more, fixed),
        ),
        st.just(2048),
        counts,
        counts,
        st.booleans(),
        counts,
    ),
    st.builds(
        lambda types, vcpus, spot: job(
            instance_types=types, max_vcpus=vcpus, spot=spot, on_demand_fallback=False
        ),
        machine_types,
        st.integers(2, 128),
        st.booleans(),
    ),
)


@settings(max_examples=80)
@given(used_workloads, usages)
def test_what_is_expected_is_between_the_minimum_and_the_maximum(
    workload: Workload, usage: dict[str, Any]
) -> None:
    try:
        found = one(workload, usage)
    except InvalidEnvironment:
        return  # more than it can serve
    least, counted, most = (each.total.usd for each in (found.minimum, found.counted, found.maximum))
    assert least is not None and counted is not None and most is not None
    assert least <= counted
    # Each line is rounded to the cent.
    assert found.follows or counted <= most + D("0.02")


@pytest.mark.parametrize(
    ("workload", "usage", "message"),
    [
        (
            ServerlessEndpoint("small", model=MODEL),
            {"requests_per_month": 1, "duration_ms": 60_001},
            "duration_ms is 60,001, above the limit of SageMaker Serverless of 60,000 ms; write less.",
        ),
        (
            job(timeout_seconds=60),
            {"requests_per_month": 1, "duration_ms": 60_001},
            "duration_ms is 60,001, above the job's timeout of 60,000 ms; write less.",
        ),
        (
            ServerlessEndpoint("small", model=MODEL, max_concurrency=5),
            {"requests_per_month": 20_000_000, "duration_ms": 1000},
            "requests_per_month and duration_ms come to 7.6 at a time all month, above the 5 of max_concurrency; "
            "write less, or raise it.",
        ),
        (
            job(max_vcpus=16),
            {"requests_per_month": 30_000_000, "duration_ms": 1000},
            "requests_per_month and duration_ms come to 11.4 at a time all month, above the 8 of max_vcpus; "
            "write less, or raise it.",
        ),
        (job(), {"requests_per_month": 1}, "lacks the key 'duration_ms'; add it, as in: duration_ms = 45."),
        (
            waking(),
            {"requests_per_month": 1, "payload_mb": 1},
            "unknown key 'payload_mb'; allowed are requests_per_month, duration_ms, payload_kb, response_kb, log_kb, duration_p99_ms, traffic.",
        ),
        (
            waking(),
            {"requests_per_month": 1, "payload_kb": -1},
            "payload_kb is -1; allowed is a number from 0 to 1,048,576.",
        ),
    ],
)
def test_a_wrong_usage_is_one_line(workload: Workload, usage: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidEnvironment) as caught:
        of(workload, usage)
    assert str(caught.value) == f"stacks/environments/dev.toml: [usage.{workload.name}] {message}"
