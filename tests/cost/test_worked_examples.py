"""Bills that others published, reproduced from their own quantities and rates: `worked_examples.json`.

A rate that an example gives is its own; the others are pinned in conftest.py.
"""

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cost import (
    Dashboards,
    DataTransfer,
    Ec2InstanceHours,
    EcrStorage,
    EndpointStorage,
    Estimate,
    FargateMemory,
    FargateStorage,
    FargateVcpu,
    GpuSeconds,
    HuggingFaceHours,
    InstanceHours,
    LambdaDuration,
    LambdaProvisionedConcurrency,
    LambdaProvisionedDuration,
    LambdaRequests,
    NatData,
    NatHours,
    Purchase,
    S3Requests,
    S3Storage,
    ServerlessData,
    ServerlessInference,
    SnsRequests,
    SqsRequests,
    ZoneTransfer,
    with_free_tier,
)
from tests.cost.conftest import Pinned

D = Decimal
REGION = "us-east-1"
FILE = Path(__file__).parent / "worked_examples.json"
EXAMPLES = json.loads(FILE.read_text(), parse_float=Decimal)

Inputs = dict[str, Any]
Rate = tuple[str, str, str, str]
"""Service, dimension, unit and USD of a rate that an example gives."""
Bought = tuple[list[Purchase], list[Rate]]


def functions(given: Inputs) -> Bought:
    """Requests and duration of Lambda."""
    architecture = given.get("arch", "x86")
    bought: list[Purchase] = [
        LambdaRequests(region=REGION, requests=given["requests"]),
        LambdaDuration.of(
            region=REGION,
            requests=given["requests"],
            duration_ms=given["duration_ms"],
            memory_mb=given["memory_mb"],
            architecture=architecture,
        ),
    ]
    rates = [("lambda", "duration x86", "GB-second", f"{given['rate']:f}")] if "rate" in given else []
    return with_free_tier(bought) if given.get("free_tier") else bought, rates


def launch(given: Inputs) -> Bought:
    """A day with provisioned concurrency in a month without."""
    memory_mb = given["memory_mb"]
    provisioned = LambdaProvisionedConcurrency.of(
        region=REGION,
        concurrency=given["provisioned_concurrency"],
        memory_mb=memory_mb,
        hours=given["pc_hours"],
    )
    warm = LambdaProvisionedDuration.of(
        region=REGION,
        requests=given["pc_requests"],
        duration_ms=given["pc_duration_ms"],
        memory_mb=memory_mb,
    )
    rest = LambdaDuration.of(
        region=REGION,
        requests=given["other_requests"],
        duration_ms=given["other_duration_ms"],
        memory_mb=memory_mb,
    )
    requests = LambdaRequests(region=REGION, requests=given["pc_requests"] + given["other_requests"])
    return with_free_tier([provisioned, requests, warm, rest]), []


def kept_warm(given: Inputs) -> Bought:
    return [
        LambdaProvisionedConcurrency.of(
            region=REGION,
            concurrency=given["provisioned_concurrency"],
            memory_mb=given["memory_mb"],
            hours=given["hours"],
        )
    ], []


def variants(given: Inputs) -> Bought:
    """Production and shadow variants, each `TYPE xCOUNT`."""
    named = [variant.split() for variant in given["variants"]]
    bought: list[Purchase] = [
        InstanceHours(region=REGION, instance_type=kind, hours=given["hours"], count=int(count[1:]))
        for kind, count, *_ in named
    ]
    rates = [
        ("sagemaker-hosting", kind, "instance-hour", str(rate))
        for (kind, *_), rate in zip(named, given["rates"], strict=True)
    ]
    return bought, rates


def serverless(given: Inputs) -> Bought:
    """One variant, or lists of what each of several has."""
    columns = [
        value if isinstance(value, list) else [value]
        for value in (given[key] for key in ("memory_gb", "inference_seconds", "data_in_gb", "data_out_gb"))
    ]
    bought: list[Purchase] = []
    for memory_gb, seconds, gb_in, gb_out in zip(*columns, strict=True):
        bought += [
            ServerlessInference(region=REGION, memory_gb=memory_gb, seconds=seconds),
            ServerlessData(region=REGION, gb=gb_in),
            ServerlessData(region=REGION, gb=gb_out),
        ]
    return bought, []


def hosting(given: Inputs) -> Bought:
    instance_type = given["instance_type"]
    bought = InstanceHours(region=REGION, instance_type=instance_type, hours=given["hours"])
    return [bought], [("sagemaker-hosting", instance_type, "instance-hour", str(given["rate"]))]


def volume(given: Inputs) -> Bought:
    rate = ("sagemaker-hosting", "instance storage", "GB-month", str(given["rate"]))
    return [EndpointStorage(region=REGION, gb_months=given["gb_month"])], [rate]


def million_tokens(given: Inputs) -> Bought:
    """What a million tokens cost on one machine that makes so many a second."""
    instance_type = given["instance_type"]
    bought = InstanceHours.of_work(
        region=REGION,
        instance_type=instance_type,
        units=1_000_000,
        units_per_second=given["tokens_per_second"],
    )
    return [bought], [("sagemaker-hosting", instance_type, "instance-hour", str(given["usd_per_hour"]))]


def hugging_face(given: Inputs) -> Bought:
    """Replicas that are always there, and those that are for a while."""
    steady = HuggingFaceHours(
        region=REGION,
        instance="x",
        hours=given.get("hours", 1),
        replicas=given.get("replicas") or given["min_replicas"],
    )
    bought: list[Purchase] = [steady]
    if "extra_replicas" in given:
        bought.append(
            HuggingFaceHours(
                region=REGION,
                instance="x",
                hours=given["scale_up_hours"],
                replicas=given["extra_replicas"],
            )
        )
    return bought, [("hugging-face", "x", "hour", str(given["rate"]))]


def tasks(given: Inputs) -> Bought:
    """Fargate tasks that run for a while each day, with a disk larger than what comes with them."""
    seconds, count = given["seconds_per_day"] * given["days"], given["tasks"]
    return [
        FargateVcpu(region=REGION, tasks=count, vcpus=given["vcpu"], seconds=seconds),
        FargateMemory(region=REGION, tasks=count, memory_gb=given["gb"], seconds=seconds),
        FargateStorage.of(region=REGION, tasks=count, disk_gb=given["ephemeral_gb"], seconds=seconds),
    ], []


def task_hour(given: Inputs) -> Bought:
    """The rates are given by the hour."""
    rates = [str(rate / 3600) for rate in given["rates"]]
    return [
        FargateVcpu(region=REGION, vcpus=given["vcpu"], seconds=given["hours"] * 3600),
        FargateMemory(region=REGION, memory_gb=given["gb"], seconds=given["hours"] * 3600),
    ], [("fargate", "x86 vCPU", "vCPU-second", rates[0]), ("fargate", "x86 memory", "GB-second", rates[1])]


def nat(given: Inputs) -> Bought:
    return [NatHours(region=REGION, hours=given["hours"]), NatData(region=REGION, gb=given["gb"])], []


def dashboards(given: Inputs) -> Bought:
    return [Dashboards(region=REGION, count=given["dashboards"])], []


def images(given: Inputs) -> Bought:
    return [EcrStorage(region=REGION, gb_months=given["gb"])], []


def objects(given: Inputs) -> Bought:
    return [
        S3Storage(region=REGION, gb_months=given["gb"]),
        S3Requests(region=REGION, requests=given["put"], kind="write"),
        S3Requests(region=REGION, requests=given["get"], kind="read"),
    ], []


def transfer(given: Inputs) -> Bought:
    return [
        ZoneTransfer(region=REGION, gb=given["intra_region_gb"]),
        DataTransfer(region=REGION, gb=given["internet_gb"]),
        DataTransfer(region=REGION, gb=given["us_east_gb"], to="a region nearby"),
        DataTransfer(region=REGION, gb=given["other_regions_gb"], to="other regions"),
    ], []


def queue(given: Inputs) -> Bought:
    return [SqsRequests(region=REGION, requests=given["requests_m"] * 1_000_000)], []


def topic(given: Inputs) -> Bought:
    requests = given["requests_over_1m"] + 1_000_000
    return with_free_tier([SnsRequests(region=REGION, requests=requests)]), []


def gpu(given: Inputs) -> Bought:
    rate = ("modal", "H100", "second", str(given["usd_per_second"]))
    return [GpuSeconds(region=REGION, provider="modal", gpu="H100", seconds=given["seconds"])], [rate]


def always_on(given: Inputs) -> Bought:
    """The guide's machine, as EC2: a month of 730 hours."""
    instance_type = given["instance"].split()[0]
    return [Ec2InstanceHours(region=REGION, instance_type=instance_type, hours=730)], []


# The beginning of an example's name, the longest first, and what it buys.
BUILDERS: dict[str, Callable[[Inputs], Bought]] = {
    "lambda_provisioned_concurrency_launch": launch,
    "lambda_one_warm_env": kept_warm,
    "lambda_": functions,
    "infracost_lambda_": functions,
    "sagemaker_realtime_shadow": variants,
    "sagemaker_serverless_": serverless,
    "sagemaker_bill_endpoint_storage": volume,
    "sagemaker_": hosting,
    "llm_": million_tokens,
    "hf_": hugging_face,
    "fargate_task_hour": task_hour,
    "fargate_": tasks,
    "nat_": nat,
    "cloudwatch_dashboard": dashboards,
    "ecr_": images,
    "s3_": objects,
    "data_transfer_": transfer,
    "sqs_": queue,
    "sns_": topic,
    "modal_": gpu,
    "guide_": always_on,
}


def test_there_are_37_examples() -> None:
    assert len({example["name"] for example in EXAMPLES}) == 37


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["name"])
def test_a_published_bill_is_reproduced(example: Inputs, pinned: Pinned) -> None:
    build = next(builder for name, builder in BUILDERS.items() if example["name"].startswith(name))
    purchases, rates = build(example["inputs"])
    found = Estimate.of(purchases, pinned.catalog(*rates))
    tolerance = D(example["tolerance_usd"])
    expected = D(example["expected_usd"])
    if example["kind"].endswith("-approx"):
        tolerance = expected * D("0.05")
    # A bill has cents; a price of an hour or less is told exactly.
    usd = found.exact if tolerance < D("0.01") else found.total.usd
    assert usd is not None and abs(usd - expected) <= tolerance, f"{usd}: {example['source']}"
    published = [
        D(example["inputs"][key])
        for key in ("pc_usd", "requests_usd", "compute_usd")
        if key in example["inputs"]
    ]
    assert {line.usd for line in found.lines} >= set(published), "a line of the published bill"
