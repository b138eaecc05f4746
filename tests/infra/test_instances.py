import pytest

from infra import instances


@pytest.mark.parametrize(
    ("instance_type", "processor"),
    [
        ("ml.m5.large", "cpu"),
        ("ml.c7i.xlarge", "cpu"),
        ("ml.r5d.24xlarge", "cpu"),
        ("ml.t2.medium", "cpu"),
        ("ml.c7g.xlarge", "arm"),
        ("ml.m6gd.large", "arm"),
        ("ml.r8g.large", "arm"),
        ("ml.g4dn.xlarge", "gpu"),
        ("ml.g6e.2xlarge", "gpu"),
        ("ml.p4d.24xlarge", "gpu"),
        ("ml.p6-b200.48xlarge", "gpu"),
        ("ml.p6e-gb200.36xlarge", "arm-gpu"),
        ("ml.inf2.xlarge", "neuron"),
        ("ml.trn1.32xlarge", "neuron"),
        ("ml.dl1.24xlarge", "gaudi"),
    ],
)
def test_which_build_of_an_image_an_instance_needs(instance_type, processor):
    assert instances.processor(instance_type) == processor


def test_every_type_that_sagemaker_knows_has_a_processor():
    assert {instances.processor(name) for name in instances.hosting_types()} <= {
        "cpu",
        "arm",
        "gpu",
        "arm-gpu",
        "neuron",
        "gaudi",
    }


def test_the_types_are_botocores_own():
    from botocore.session import get_session

    shape = get_session().get_service_model("sagemaker").shape_for("ProductionVariantInstanceType")
    assert instances.hosting_types() == frozenset(shape.enum)


def test_burstable_is_t_and_not_trn():
    assert instances.is_burstable("ml.t2.medium")
    assert not instances.is_burstable("ml.trn1.2xlarge")
