from infra import TargetTracking
from tests.infra.blueprint.conftest import names, only
from tests.infra.conftest import serverless


def variant(made) -> dict:
    (found,) = only(made, "aws_sagemaker_endpoint_configuration").arguments["production_variants"]
    return dict(found)


def test_it_has_memory_and_concurrency_and_nothing_of_instances(render):
    made = variant(render(serverless(memory_mb=3072, max_concurrency=20)))
    assert made.pop("model_name")
    assert made == {
        "variant_name": "AllTraffic",
        "initial_variant_weight": 1,
        "serverless_config": {"memory_size_in_mb": 3072, "max_concurrency": 20},
    }


def test_what_is_kept_ready_is_another_configuration(render):
    less, more = render(serverless()), render(serverless(provisioned_concurrency=2))
    assert variant(more)["serverless_config"]["provisioned_concurrency"] == 2
    configuration = "aws_sagemaker_endpoint_configuration"
    assert names(less)[configuration] != names(more)[configuration]
    assert names(less)["aws_sagemaker_model"] == names(more)["aws_sagemaker_model"]


def test_what_is_kept_ready_scales(render):
    policy = TargetTracking(min_capacity=1, max_capacity=4, utilization=0.7)
    target = only(
        render(serverless(provisioned_concurrency=1, autoscaling=policy)), "aws_appautoscaling_target"
    )
    assert target.arguments["scalable_dimension"] == "sagemaker:variant:DesiredProvisionedConcurrency"


def test_it_runs_the_cpu_image(render):
    container = only(render(serverless()), "aws_sagemaker_model").arguments["primary_container"]
    assert "-cpu-" in container["image"]
    assert container["model_data_url"].endswith("/models/tiny/1/model.tar.gz")
