"""Stacks of every kind of workload in every kind of environment, right and wrong: Hypothesis makes them, the checks judge."""

from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from pydantic import ValidationError

from infra import (
    Alarms,
    AsyncEndpoint,
    BatchJob,
    DataCapture,
    Environment,
    FunctionUrl,
    LambdaEndpoint,
    Metric,
    MultiModelEndpoint,
    Network,
    RealtimeEndpoint,
    ScheduledScaling,
    ServerlessEndpoint,
    Stack,
    Step,
    StepScaling,
    TargetTracking,
)
from infra.settings import AllAtOnce, Canary, Linear, Rolling
from infra.workloads import Workload
from model_packaging import Model

ACCOUNT = "111122223333"


def built(kind: Any, **fields: SearchStrategy[Any]) -> SearchStrategy[Any]:
    """`kind` of drawn fields; a combination that cannot even be declared is drawn again. `UNSET` leaves a field out."""

    @st.composite
    def draw_one(draw: Any) -> Any:
        drawn = {name: draw(strategy) for name, strategy in fields.items()}
        try:
            return kind(**{name: value for name, value in drawn.items() if value is not UNSET})
        except ValidationError:
            from hypothesis import reject

            reject()

    return draw_one()


UNSET: Any = object()


def often(value: Any, *others: Any) -> SearchStrategy[Any]:
    """`value` half of the time, which is what makes most stacks right; else one of the others."""
    return st.one_of(st.just(value), st.sampled_from(others or (value,)))


def about(low: int, high: int) -> SearchStrategy[int]:
    """From `low` to `high`, and sometimes one beyond: only so it shows where a declaration allows more than AWS does."""
    return st.one_of(*3 * [st.integers(low, high)], st.sampled_from([low - 1, low, high, high + 1]))


def maybe(strategy: SearchStrategy[Any]) -> SearchStrategy[Any]:
    """The strategy's, or the field left out."""
    return st.one_of(st.just(UNSET), st.just(UNSET), strategy)


WORDS = st.text(st.characters(min_codepoint=32, max_codepoint=1100, exclude_categories=("Cs",)), max_size=40)
NAMES = st.one_of(
    st.sampled_from(["rank", "read-all", "m2"]),
    st.from_regex(r"[a-z](-?[a-z0-9]){0,30}", fullmatch=True),
)
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555"
TOPIC = f"arn:aws:sns:us-east-1:{ACCOUNT}:told"
PREFIXES = st.sampled_from(
    [
        "s3://answers",
        "s3://answers/a/b/",
        "s3://answers/" + "x" * 600,
        "s3://A_B/c",
        "answers/x",
        "s3://answers/ä",
    ]
)
VARIABLES = st.dictionaries(
    st.one_of(st.sampled_from(["LOG", "MODE", "A_1", "_X", "1A", "a-b", "AWS_REGION", "X" * 300]), WORDS),
    st.one_of(WORDS, st.just("x" * 1025), st.just("x" * 5000), st.just("")),
    max_size=3,
)
TIMES = st.sampled_from(
    [
        "cron(0 7 ? * MON-FRI *)",
        "cron(0 2 * * ? *)",
        "rate(1 hour)",
        "rate(5 minutes)",
        "at(2031-01-01T00:00:00)",
        "cron(0 7 * * *)",
        "every day",
        "rate(0 minutes)",
        "",
    ]
)
ZONES = st.sampled_from(["UTC", "UTC", "Europe/Berlin", "America/New_York", "Mars/Olympus", ""])

networks = st.one_of(
    built(Network),
    built(Network, isolated=st.just(True)),
    built(
        Network,
        subnet_ids=st.sampled_from(
            [("subnet-1",), ("subnet-1", "subnet-2"), tuple(f"subnet-{n}" for n in range(17))]
        ),
        security_group_ids=st.sampled_from([("sg-1",), ("sg-1", "sg-2"), tuple(f"sg-{n}" for n in range(6))]),
        isolated=st.booleans(),
    ),
)
alarms = built(
    Alarms,
    topic_arn=st.sampled_from([None, TOPIC]),
    p99_latency_ms=st.sampled_from([None, 250, 0.5, 10**7]),
    server_error_rate=st.sampled_from([None, 0.05, 1, 1e-9]),
    backlog_age_seconds=st.sampled_from([None, 900, 1e-3, 10**6]),
    throttles=st.sampled_from([None, 1, 10**6]),
)
rollouts = st.one_of(
    built(AllAtOnce, wait_seconds=about(0, 3600)),
    *(
        built(kind, percent=st.integers(1, 60), wait_seconds=about(0, 3600))
        for kind in (Canary, Linear, Rolling)
    ),
)
captures = built(
    DataCapture,
    sampling_percent=about(1, 100),
    uri=st.sampled_from([None, "s3://kept/x", "s3://kept/" + "x" * 600]),
)
environments = built(
    Environment,
    name=st.one_of(st.sampled_from(["dev", "prod"]), st.just("a-very-long-name-of-an-environment")),
    region=st.sampled_from(["us-east-1", "us-east-1", "eu-central-1", "ap-southeast-2", "cn-north-1"]),
    account_id=st.just(ACCOUNT),
    log_retention_days=st.sampled_from([1, 30, 365, 3653]),
    tags=often({}, {"team": "shop"}) | st.dictionaries(WORDS, WORDS, max_size=2),
    kms_key_arn=st.sampled_from([None, KEY]),
    network=maybe(networks),
    alarms=maybe(alarms),
    rollout=maybe(rollouts),
    data_capture=maybe(captures),
    data_bucket=st.sampled_from([None, None, "team-data"]),
)

metrics = built(
    Metric,
    name=st.one_of(st.sampled_from(["QueueDepth", "Invocations"]), WORDS),
    namespace=st.sampled_from([None, "Team/Shop", "AWS/SQS", ":x", ""]),
    dimensions=st.sampled_from([None, {}, {"Queue": "jobs"}, {"": "x"}, {f"d{n}": "x" for n in range(40)}]),
    statistic=st.sampled_from(["Average", "Maximum", "Minimum", "SampleCount", "Sum"]),
    period_seconds=st.sampled_from([60, 60, 10, 30, 45, 300, 90_000]),
)
LEAST = st.sampled_from([1, 1, 1, 0, 2, 500])
MOST = st.sampled_from([4, 4, 4, 1, 500, 10**9])
SECONDS = st.sampled_from([0, 60, 300, 86_400, 10**9])
VALUES = st.one_of(st.floats(min_value=1e-6, max_value=1e9), st.sampled_from([0.7, 5, 600]))


def tracking(target: str) -> SearchStrategy[Any]:
    """Of one of AWS's own metrics."""
    return built(
        TargetTracking,
        min_capacity=LEAST,
        max_capacity=MOST,
        scale_in_cooldown_seconds=SECONDS,
        scale_out_cooldown_seconds=SECONDS,
        **{target: VALUES},
    )


invocations = st.one_of(tracking("invocations_per_instance"), tracking("concurrent_requests_per_instance"))
backlogs = tracking("backlog_per_instance")
trackings = st.one_of(invocations, backlogs)
utilizations = built(
    TargetTracking, min_capacity=LEAST, max_capacity=MOST, utilization=st.floats(min_value=1e-6, max_value=1)
)
own_metrics = built(TargetTracking, min_capacity=LEAST, max_capacity=MOST, metric=metrics, target=VALUES)
EDGES = st.sampled_from([None, -10, 0, 10, 1e12])
steps = built(
    StepScaling,
    min_capacity=LEAST,
    max_capacity=MOST,
    metric=metrics,
    threshold=st.floats(allow_nan=False, allow_infinity=False, width=32),
    steps=st.one_of(
        st.just([Step(1, lower=0)]),
        st.lists(built(Step, change=st.integers(-5, 10), lower=EDGES, upper=EDGES), min_size=1, max_size=3),
    ),
    adjustment=st.sampled_from(["ChangeInCapacity", "PercentChangeInCapacity", "ExactCapacity"]),
    evaluation_periods=st.sampled_from([1, 2, 30, 2000]),
    cooldown_seconds=SECONDS,
)
timetables = built(ScheduledScaling, schedule=TIMES, timezone=ZONES, min_capacity=LEAST, max_capacity=MOST)
policies = st.one_of(trackings, utilizations, own_metrics, steps, timetables)


def scalings(*fitting: SearchStrategy[Any]) -> SearchStrategy[Any]:
    """None, one that fits the kind of workload, or any."""
    any_of = st.one_of(policies, st.lists(policies, min_size=1, max_size=3).map(tuple))
    return st.one_of(st.just(UNSET), *fitting, any_of)


models = st.sampled_from([Model("models/tiny", framework=kind) for kind in ("sklearn", "onnx", "pytorch")])
own_networks = maybe(st.one_of(st.just(False), networks))
own_alarms = maybe(st.one_of(st.just(False), alarms))
common: dict[str, SearchStrategy[Any]] = {
    "environment": often({}, {"LOG": "1"}) | VARIABLES,
    "network": own_networks,
    "alarms": own_alarms,
}
IMAGE = f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/team/ranker:3"
images = st.sampled_from([UNSET, UNSET, UNSET, IMAGE, "build", "docker.io/ranker:3"])
instances: dict[str, SearchStrategy[Any]] = {
    **common,
    "instance_type": often(
        "ml.m5.large",
        "ml.c5.xlarge",
        "ml.c7g.large",
        "ml.g5.xlarge",
        "ml.t2.medium",
        "ml.m5d.large",
        "m5.large",
    ),
    "instance_count": often(1, 2, 100, 10**6),
    "image": images,
    "startup_timeout_seconds": maybe(about(60, 3600)),
    "volume_gb": maybe(about(1, 512)),
    "data_capture": maybe(st.one_of(st.just(False), captures)),
    "rollout": maybe(st.one_of(st.just(False), rollouts)),
}
workloads: dict[type, SearchStrategy[Workload]] = {
    RealtimeEndpoint: built(
        RealtimeEndpoint,
        name=NAMES,
        model=models,
        uncompressed=st.booleans(),
        autoscaling=scalings(invocations, steps),
        **instances,
    ),
    AsyncEndpoint: built(
        AsyncEndpoint,
        name=NAMES,
        model=models,
        autoscaling=scalings(backlogs, backlogs),
        concurrent_requests_per_instance=maybe(about(1, 1000)),
        output_uri=maybe(PREFIXES),
        success_topic=maybe(st.sampled_from([TOPIC, "told", f"{TOPIC}.fifo"])),
        error_topic=maybe(st.sampled_from([TOPIC, "told"])),
        **instances,
    ),
    MultiModelEndpoint: built(
        MultiModelEndpoint,
        name=NAMES,
        models=st.lists(models, min_size=1, max_size=1),
        autoscaling=scalings(invocations, timetables),
        **instances,
    ),
    ServerlessEndpoint: built(
        ServerlessEndpoint,
        name=NAMES,
        model=models,
        memory_mb=often(2048, 1024, 6144, 1023, 7168),
        max_concurrency=often(200, 1, 5, 60, 0, 201),
        provisioned_concurrency=about(1, 200) | maybe(about(1, 200)),
        autoscaling=scalings(utilizations, utilizations),
        image=images,
        data_capture=maybe(st.just(False)),
        environment=common["environment"],
        network=st.one_of(st.just(False), own_networks),
        alarms=own_alarms,
    ),
    LambdaEndpoint: built(
        LambdaEndpoint,
        name=NAMES,
        model=models,
        memory_mb=about(128, 10240),
        timeout_seconds=about(1, 900),
        runtime=often("python3.11", "python3.13", "python3.12", "python3.7"),
        architecture=st.sampled_from(["x86_64", "arm64"]),
        ephemeral_storage_mb=maybe(about(512, 10240)),
        package=st.sampled_from([UNSET, "zip", "image"]),
        provisioned_concurrency=st.sampled_from([UNSET, 1, 2, 10**9]),
        autoscaling=scalings(utilizations, timetables),
        url=st.one_of(
            st.none(),
            built(
                FunctionUrl,
                public=st.booleans(),
                streaming=often(False, True),
                cors_origins=st.lists(
                    st.sampled_from(
                        ["https://app.example.com", "http://localhost:3000", "*", "app", "x" * 300]
                    ),
                    max_size=3,
                ),
            ),
        ),
        **common,
    ),
    BatchJob: built(
        BatchJob,
        name=NAMES,
        model=models,
        instance_types=st.lists(
            often("m5.xlarge", "c5.large", "g5.xlarge", "p4d.24xlarge", "optimal", "ml.m5.large", "nothing"),
            min_size=1,
            max_size=3,
        ),
        max_vcpus=often(16, 1, 10**6),
        spot=st.booleans(),
        on_demand_fallback=st.booleans(),
        vcpus=often(2, 1, 1000),
        memory_mb=often(4096, 4, 10**7),
        gpus=often(0, 1, 64),
        attempts=about(1, 10),
        timeout_seconds=often(3600, 60, 59, 10**9),
        array_size=often(1, 2, 10_000, 10_001),
        schedule=maybe(TIMES),
        timezone=ZONES,
        input_uri=maybe(PREFIXES),
        output_uri=maybe(PREFIXES),
        image=images,
        environment=common["environment"],
        network=st.one_of(
            st.just(Network(subnet_ids=("subnet-1",), security_group_ids=("sg-1",))), own_networks
        ),
        alarms=own_alarms,
    ),
}
"""By class, with a row for each."""


def stacks(base: Path, kind: type) -> SearchStrategy[Stack]:
    """Of one workload of `kind`, and sometimes one more of any; `base` has the folder models/tiny."""
    several = st.tuples(workloads[kind], st.one_of(*workloads.values())).filter(
        lambda pair: pair[0].name != pair[1].name
    )
    return built(
        Stack,
        name=st.one_of(st.just("shop"), NAMES),
        environment=environments,
        workloads=st.one_of(st.tuples(workloads[kind]), st.tuples(workloads[kind]), several),
        base=st.just(base),
    )
