import pytest

from infra.checks.regions import absent, services
from infra.workloads import BatchJob
from tests.infra.checks.told import told
from tests.infra.conftest import MODEL, asynchronous, function, multi_model, realtime, serverless


def test_a_region_that_there_is_not(make_stack):
    assert told(make_stack(function()), region="us-east-3") == [
        "AWS has no region 'us-east-3'; near it are us-east-2, us-east-1, us-west-2: correct region in "
        "stacks/environments/dev.toml."
    ]


@pytest.mark.parametrize(
    ("workload", "service", "name"),
    [
        *(
            (make(), "api.sagemaker", "SageMaker")
            for make in (realtime, asynchronous, serverless, multi_model)
        ),
        (function(), "lambda", "Lambda"),
        (BatchJob("nightly", model=MODEL, instance_types=["m5.large"]), "batch", "Batch"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_region_without_the_service(make_stack, workload, service, name):
    everything = frozenset({"api.sagemaker", "lambda", "batch"})
    assert list(absent(make_stack(workload), {"us-east-1": everything})) == []
    assert list(absent(make_stack(workload), {"us-east-1": everything - {service}})) == [
        f"{workload.name}: {name} is not in region 'us-east-1'; name another region in "
        "stacks/environments/dev.toml, such as us-east-1, or deploy this workload from an environment of its own."
    ]


def test_botocore_has_the_services_of_the_regions():
    assert services()["us-east-1"] >= {"api.sagemaker", "lambda", "batch"}
    assert any("api.sagemaker" not in found for found in services().values())
