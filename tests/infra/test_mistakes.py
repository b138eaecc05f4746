"""What cannot even be declared, with the line that a user sees: limits of AWS that are fields' own."""

from typing import Any, get_args

import pytest
from pydantic import ValidationError

import infra
from infra import Linear, RealtimeEndpoint, StepScaling, loader, quantities
from infra.errors import InvalidStack

HEAD = """from infra import *
from model_packaging import Model

model = Model("models/tiny", framework="sklearn")


def stack(env):
    return Stack("shop", env, [
        {workload},
    ])
"""
PLACE = "stacks/shop.py, line 9: "
ENDPOINT = 'instance_type="ml.m5.large"'


@pytest.fixture
def told(base, environment):
    """The lines that a stack with this workload leads to."""
    (base / "stacks").mkdir()

    def tell(workload: str) -> list[str]:
        (base / "stacks" / "shop.py").write_text(HEAD.format(workload=workload))
        with pytest.raises(InvalidStack) as caught:
            loader.load("shop", environment, base)
        return str(caught.value).splitlines()

    return tell


@pytest.mark.parametrize(
    ("workload", "line"),
    [
        (
            'LambdaEndpoint("f", model=model, memory_mb=64)',
            "LambdaEndpoint: memory_mb is 64; at least 128 is allowed: write memory_mb=128 or more.",
        ),
        (
            'LambdaEndpoint("f", model=model, memory_mb=10241)',
            "LambdaEndpoint: memory_mb is 10241; at most 10240 is allowed: write memory_mb=10240 or less.",
        ),
        (
            'LambdaEndpoint("f", model=model, timeout_seconds=901)',
            "LambdaEndpoint: timeout_seconds is 901; at most 900 is allowed: write timeout_seconds=900 or less.",
        ),
        (
            'LambdaEndpoint("f", model=model, ephemeral_storage_mb=511)',
            "LambdaEndpoint: ephemeral_storage_mb is 511; at least 512 is allowed: write ephemeral_storage_mb=512 or "
            "more.",
        ),
        (
            'LambdaEndpoint("f", model=model, architecture="arm")',
            "LambdaEndpoint: architecture is 'arm'; allowed are 'x86_64' or 'arm64': write architecture= one of them.",
        ),
        (
            'LambdaEndpoint("f", model=model, package="tar")',
            "LambdaEndpoint: package is 'tar'; allowed are 'zip' or 'image': write package= one of them.",
        ),
        (
            'LambdaEndpoint("f", model=model, provisioned_concurrency=0)',
            "LambdaEndpoint: provisioned_concurrency is 0; at least 1 is allowed: write provisioned_concurrency=1 or more.",
        ),
        (
            'LambdaEndpoint("f", model=model, instance_type="ml.m5.large")',
            "LambdaEndpoint has no field 'instance_type'; Lambda chooses its machines; leave it out, and write "
            "memory_mb=....",
        ),
        (
            'ServerlessEndpoint("f", model=model, instance_type="ml.g5.xlarge")',
            "ServerlessEndpoint has no field 'instance_type'; SageMaker Serverless chooses its machines, and has none with "
            "a GPU; leave it out, or write an AsyncEndpoint with min_capacity=0, which has GPUs and costs nothing at rest.",
        ),
        (
            'ServerlessEndpoint("f", model=model, variants=2)',
            "ServerlessEndpoint has no field 'variants'; SageMaker Serverless serves one model in one variant; write "
            "model=..., or a MultiModelEndpoint.",
        ),
        (
            'ServerlessEndpoint("f", model=model, memory_mb=1500)',
            "ServerlessEndpoint: memory_mb is 1500; allowed are 1024, 2048, 3072, 4096, 5120 or 6144: write memory_mb= "
            "one of them.",
        ),
        (
            'ServerlessEndpoint("f", model=model, max_concurrency=201)',
            "ServerlessEndpoint: max_concurrency is 201; at most 200 is allowed: write max_concurrency=200 or less.",
        ),
        (
            f'AsyncEndpoint("f", model=model, {ENDPOINT}, concurrent_requests_per_instance=1001)',
            "AsyncEndpoint: concurrent_requests_per_instance is 1001; at most 1000 is allowed: write "
            "concurrent_requests_per_instance=1000 or less.",
        ),
        (
            f'RealtimeEndpoint("f", model=model, {ENDPOINT}, volume_gb=513)',
            "RealtimeEndpoint: volume_gb is 513; at most 512 is allowed: write volume_gb=512 or less.",
        ),
        (
            f'RealtimeEndpoint("f", model=model, {ENDPOINT}, rollout=Canary(percent=51))',
            "Canary: percent is 51; at most 50 is allowed: write percent=50 or less.",
        ),
        (
            'BatchJob("f", model=model, instance_types=["m5.large"], attempts=11)',
            "BatchJob: attempts is 11; at most 10 is allowed: write attempts=10 or less.",
        ),
        (
            'BatchJob("f", model=model, instance_types=["m5.large"], array_size=0)',
            "BatchJob: array_size is 0; at least 1 is allowed: write array_size=1 or more.",
        ),
        (
            'BatchJob("f", model=model, instance_types=["m5.large"], timeout_seconds=59)',
            "BatchJob: timeout_seconds is 59; at least 60 is allowed: write timeout_seconds=60 or more.",
        ),
        (
            "TargetTracking(max_capacity=2, invocations_per_instance=0)",
            "TargetTracking: invocations_per_instance is 0; only what is above 0 is allowed: write a larger "
            "invocations_per_instance.",
        ),
        (
            f'RealtimeEndpoint("f", model=model, {ENDPOINT}, instance_count=True)',
            "RealtimeEndpoint: instance_count is True; only a number is allowed: write instance_count=N.",
        ),
        (
            f'RealtimeEndpoint("f", model=model, {ENDPOINT}, volume_gb=False)',
            "RealtimeEndpoint: volume_gb is False; only a number is allowed: write volume_gb=N.",
        ),
        (
            "TargetTracking(max_capacity=True, backlog_per_instance=5)",
            "TargetTracking: max_capacity is True; only a number is allowed: write max_capacity=N.",
        ),
        (
            "TargetTracking(max_capacity=2, backlog_per_instance=True)",
            "TargetTracking: backlog_per_instance is True; only a number is allowed: write backlog_per_instance=N.",
        ),
        (
            "Canary(percent=True)",
            "Canary: percent is True; only a number is allowed: write percent=N.",
        ),
    ],
)
def test_a_limit_of_a_field_has_its_line(told, workload, line):
    assert told(workload) == [f"{PLACE}{line}"]


@pytest.mark.parametrize(
    ("workload", "line"),
    [
        (
            'BatchJob("f", model=model, instance_types="m5.large")',
            "BatchJob: instance_types is 'm5.large'; several are allowed, in a list: write instance_types=[\"m5.large\"].",
        ),
        (
            'BatchJob("f", model=model, instance_types=[])',
            "BatchJob: instance_types is []; at least 1 is needed: write instance_types=[...].",
        ),
        (
            'Model("models/tiny", framework="onnx", weights="w.npz")',
            "Model: weights is 'w.npz'; several are allowed, in a tuple: write weights=(\"w.npz\",).",
        ),
        (
            'LambdaEndpoint("f", model="models/echo")',
            "LambdaEndpoint: model is 'models/echo'; a Model is allowed: write model=Model(\"models/echo\", framework=...).",
        ),
        (
            'MultiModelEndpoint("f", models=model, instance_type="ml.m5.large")',
            "MultiModelEndpoint: models is Model(...); Models are allowed, in a list: write models=[Model(...)].",
        ),
        (
            'TargetTracking(max_capacity=2, metric="ModelLatency", target=3)',
            "TargetTracking: metric is 'ModelLatency'; a Metric is allowed: write metric=Metric(\"ModelLatency\").",
        ),
        (
            'LambdaEndpoint("f", model=model, url=True)',
            "LambdaEndpoint: url is True; a FunctionUrl is allowed: write url=FunctionUrl(), or url=None for none.",
        ),
        (
            'FunctionUrl(cors_origins="https://x.com")',
            "FunctionUrl: cors_origins is 'https://x.com'; several are allowed, in a list: write cors_origins=[\"https://x.com\"].",
        ),
        (
            'LambdaEndpoint("f", model=model, alarms=True)',
            "LambdaEndpoint: alarms is True; Alarms are allowed: write alarms=Alarms(), or alarms=False for none.",
        ),
        (
            'LambdaEndpoint("f", model=model, autoscaling=[3])',
            "LambdaEndpoint: autoscaling.0 is 3; a policy is allowed, or several: write autoscaling=TargetTracking(max_capacity=..., ...), StepScaling(...) or ScheduledScaling(...).",
        ),
        (
            'LambdaEndpoint("f", model=model, environment={"N": 1})',
            'LambdaEndpoint: environment.N is 1; only text is allowed: write "1".',
        ),
        (
            'LambdaEndpoint("f", model)',
            "LambdaEndpoint: Model(...) has no name; write its field's name before it, as in model=MODEL.",
        ),
        (
            'LambdaEndpoint("f", model=model, memory_mb="much")',
            "LambdaEndpoint: memory_mb is 'much'; only a whole number is allowed: write memory_mb=N.",
        ),
        (
            "LambdaEndpoint(3, model=model)",
            "LambdaEndpoint: name is 3; only text is allowed: write name=....",
        ),
        (
            'RealtimeEndpoint("f", model=model, instance_typ="ml.m5.large")',
            "RealtimeEndpoint has no field 'instance_typ'; did you mean instance_type?",
        ),
        (
            "Canary(percnt=5)",
            "Canary has no field 'percnt'; did you mean percent?",
        ),
        (
            'LambdaEndpoint("f", model=model, colour=5)',
            "LambdaEndpoint has no field 'colour'; see `help(LambdaEndpoint)` for those that it has.",
        ),
    ],
)
def test_what_is_of_another_type_or_name_says_what_to_write(told, workload, line):
    assert f"{PLACE}{line}" in told(workload)


def test_what_is_no_workload_is_told_once(told):
    assert told('"rank"') == [
        "stacks/shop.py, line 8: Stack: 'rank' is no workload; write one, such as RealtimeEndpoint('classify', ...)."
    ]


def test_the_line_is_that_of_the_one_that_is_wrong(told):
    two = 'LambdaEndpoint("f", model=model),\n        LambdaEndpoint("g", model=model, memory_mb=1)'
    assert told(two) == [
        "stacks/shop.py, line 10: LambdaEndpoint: memory_mb is 1; at least 128 is allowed: write memory_mb=128 or more."
    ]


def test_a_field_that_was_meant_is_not_told_as_lacking(told):
    assert len(told('RealtimeEndpoint("f", model=model, instance_typ="ml.m5.large")')) == 1


def test_a_workload_that_is_in_no_list_is_told_so(base, environment):
    (base / "stacks").mkdir()
    (base / "stacks" / "shop.py").write_text(HEAD.format(workload="").replace("[", "model").replace("]", ""))
    with pytest.raises(InvalidStack) as caught:
        loader.load("shop", environment, base)
    assert str(caught.value) == (
        "stacks/shop.py, line 8: Stack: workloads is Model(...); several are allowed, in a list: write "
        "workloads=[Model(...)]."
    )


def is_number(annotation: Any) -> bool:
    return bool(
        {int, float} & {getattr(one, "__origin__", one) for one in (annotation, *get_args(annotation))}
    )


NUMBERS = [
    (kind, name)
    for kind in (getattr(infra, name) for name in infra.__all__)
    for name, field in (getattr(kind, "__pydantic_fields__", None) or {}).items()
    if is_number(field.annotation)
]


@pytest.mark.parametrize(("kind", "name"), NUMBERS)
def test_no_field_takes_a_bool_for_a_number(kind, name):
    with pytest.raises(ValidationError) as caught:
        kind(**{name: True})
    assert [one["type"] for one in caught.value.errors() if one["loc"] == (name,)] == [quantities.BOOL]


def test_the_fields_that_are_numbers_are_found():
    assert {(RealtimeEndpoint, "volume_gb"), (StepScaling, "threshold"), (Linear, "percent")} <= {*NUMBERS}
