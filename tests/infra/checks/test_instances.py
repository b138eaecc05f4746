import pytest

from infra import instances
from infra.blueprint import blueprint
from tests.infra.checks.told import told
from tests.infra.conftest import realtime

KEY = "arn:aws:kms:us-east-1:111122223333:key/1234"


@pytest.mark.parametrize(
    ("instance_type", "near"),
    [
        ("ml.m5.larg", "ml.m5.large, ml.m5d.large, ml.m5.xlarge"),
        ("m5.large", "ml.m5.large"),
        ("a GPU", "ml.m5.large, ml.g5.xlarge"),
    ],
)
def test_a_type_that_sagemaker_has_not(make_stack, instance_type, near):
    assert told(make_stack(realtime(instance_type=instance_type))) == [
        f"rank: SageMaker has no instance type {instance_type!r}; near it are {near}."
    ]


@pytest.mark.parametrize(
    "instance_type", ["ml.g5.xlarge", "ml.g6.xlarge", "ml.g4dn.xlarge", "ml.m5d.large", "ml.p5.48xlarge"]
)
def test_a_volume_for_a_machine_with_its_own_disk(make_stack, instance_type):
    assert told(make_stack(realtime(instance_type=instance_type, volume_gb=100))) == [
        f"rank: {instance_type} has a disk of its own, and SageMaker gives it no volume; leave out volume_gb=100, or "
        "choose a larger size of the type."
    ]


def test_a_volume_where_there_is_one(make_stack):
    assert told(make_stack(realtime(volume_gb=512))) == []


def test_a_key_is_kept_from_machines_with_their_own_disk_and_nothing_has_to_be_written(make_stack):
    stack = make_stack(realtime(instance_type="ml.g5.xlarge"))
    assert told(stack, kms_key_arn=KEY) == []
    (configuration,) = blueprint(stack, {"rank": "models/tiny/1/model.tar.gz"}).of_type(
        "aws_sagemaker_endpoint_configuration"
    )
    assert "kms_key_arn" not in configuration.arguments


def test_the_families_with_their_own_disk():
    without = {instances.family(one) for one in instances.hosting_types() if not instances.has_volume(one)}
    assert {"g5", "g6", "g6e", "g4dn", "p4d", "p5", "trn1", "trn2", "m5d", "c6gd"} <= without
    assert not {"m5", "c5", "r5", "t2", "inf2", "p3", "m6i"} & without
