"""Whose packages are put into the artifact, and whose are installed by the image."""

import dataclasses

import pytest

from infra import Network
from infra.operations.artifacts import packed_for
from tests.infra.conftest import asynchronous, multi_model, realtime, serverless

VPC = Network(subnet_ids=("subnet-1",), security_group_ids=("sg-1",))
OWN = "111122223333.dkr.ecr.us-east-1.amazonaws.com/team/ranker:3"


def packed(make_stack, workload, **settings) -> str | None:
    stack = make_stack(workload)
    return packed_for(
        dataclasses.replace(stack, environment=stack.environment.model_copy(update=settings)), workload
    )


@pytest.mark.parametrize("workload", [realtime(), asynchronous(), serverless()], ids=lambda one: one.name)
def test_a_container_with_a_network_installs_them(make_stack, workload):
    assert packed(make_stack, workload) is None


@pytest.mark.parametrize("network", [VPC, Network(isolated=True)], ids=["vpc", "isolated"])
def test_a_container_that_is_cut_off_gets_them_for_its_images_python(make_stack, network):
    assert packed(make_stack, realtime(), network=network) == "python3.12"
    assert packed(make_stack, serverless(network=False), network=network) is None


def test_members_of_a_set_always_get_them(make_stack):
    assert packed(make_stack, multi_model()) == "python3.12"


def test_the_python_of_an_own_image_is_not_known(make_stack):
    assert packed(make_stack, multi_model(image=OWN)) is None


def test_the_embedded_aws_provides_them_itself(make_stack):
    assert packed(make_stack, multi_model(), embedded_aws=True) is None
