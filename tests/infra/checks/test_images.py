from datetime import date

import pytest

from infra.checks.images import unavailable
from tests.infra.checks.told import told
from tests.infra.conftest import multi_model, realtime, serverless

REGISTRY = "763104351884.dkr.ecr.us-east-1.amazonaws.com"
OLD = f"{REGISTRY}/pytorch-inference:2.6.0-cpu-py312"
OWN = "111122223333.dkr.ecr.us-east-1.amazonaws.com/team/ranker"
VLLM = f"{REGISTRY}/vllm:0.30.0-gpu-py312-cu130-ubuntu24.04-sagemaker"


def test_an_image_past_its_end_of_patch(make_stack):
    stack = make_stack(realtime(image=OLD))
    assert list(unavailable(stack, date(2026, 6, 30))) == []
    assert list(unavailable(stack, date(2026, 7, 1))) == [
        "rank: Image pytorch-inference:2.6.0-cpu-py312 is past its end of patch, 2026-06-30: AWS mends no security "
        "flaw in it any more; leave image out for one that AWS mends, or write another."
    ]


def test_an_own_image_with_cuda_13_and_no_host(make_stack):
    stack = make_stack(realtime(instance_type="ml.g5.xlarge", image=f"{OWN}:7-cu130"))
    assert told(stack) == [
        "rank: ranker:7-cu130 has CUDA 13.0, and SageMaker's own choice of host has an older driver; write "
        "inference_ami_version='al2023-ami-sagemaker-inference-gpu-4-1'."
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"image": VLLM},
        {"image": f"{OWN}:7-cu124"},
        {"image": f"{OWN}:7-cu130", "inference_ami_version": "al2023-ami-sagemaker-inference-gpu-4-1"},
    ],
)
def test_cuda_that_has_its_host(make_stack, changes):
    assert told(make_stack(realtime(instance_type="ml.g5.xlarge", **changes))) == []


def test_a_host_image_that_there_is_not(make_stack):
    assert told(make_stack(realtime(inference_ami_version="al2023"))) == [
        "rank: SageMaker has no inference_ami_version 'al2023'; allowed are al2-ami-sagemaker-inference-gpu-2, "
        "al2-ami-sagemaker-inference-gpu-2-1, al2-ami-sagemaker-inference-gpu-3-1, "
        "al2-ami-sagemaker-inference-neuron-2, al2023-ami-sagemaker-inference-gpu-4-1."
    ]


@pytest.mark.parametrize(
    ("ami", "instance_type"),
    [
        ("al2-ami-sagemaker-inference-gpu-2", "ml.m5.large"),
        ("al2-ami-sagemaker-inference-neuron-2", "ml.g5.xlarge"),
    ],
)
def test_a_host_image_for_an_accelerator_that_the_type_lacks(make_stack, ami, instance_type):
    stack = make_stack(realtime(instance_type=instance_type, inference_ami_version=ami))
    assert told(stack) == [
        f"rank: inference_ami_version {ami} has drivers of accelerators that {instance_type} does not have; leave "
        "inference_ami_version out."
    ]


def test_several_models_in_an_image_that_serves_one(make_stack):
    assert told(make_stack(multi_model(instance_type="ml.g5.xlarge"))) == [
        "many: huggingface-pytorch-inference:2.6.0-transformers5.5.3-gpu-py312-cu124-ubuntu22.04 serves one model at a "
        "time on ml.g5.xlarge; choose an x86 CPU instance such as ml.m5.xlarge, write "
        "image='ACCOUNT.dkr.ecr.REGION.amazonaws.com/REPOSITORY:TAG' of a server that loads models by name, or write a "
        "RealtimeEndpoint for each model."
    ]
    assert told(make_stack(multi_model(instance_type="ml.g5.xlarge", image=f"{OWN}:7"))) == []


@pytest.mark.parametrize(
    ("image", "tag"), [(VLLM, VLLM.rpartition("/")[2]), (f"{OWN}:7-cu124", "ranker:7-cu124")]
)
def test_serverless_with_a_gpu_image(make_stack, image, tag):
    assert told(make_stack(serverless(image=image))) == [
        f"rare: {tag} is built for GPUs, and SageMaker Serverless has CPUs only; write a CPU image, or an "
        "AsyncEndpoint with min_capacity=0, which has GPUs and costs nothing at rest."
    ]


def test_serverless_with_an_own_image_on_cpu(make_stack):
    assert told(make_stack(serverless(image=f"{OWN}:7"))) == []


def test_an_image_that_is_in_no_registry_of_aws(make_stack):
    assert told(make_stack(serverless(image="nginx"))) == [
        "rare: Image 'nginx' is not in Amazon ECR, and SageMaker pulls from nowhere else; write "
        "ACCOUNT.dkr.ecr.REGION.amazonaws.com/REPOSITORY:TAG."
    ]


def test_the_longer_tag_of_an_image_past_its_end_of_patch(make_stack):
    stack = make_stack(realtime(image=f"{OLD}-ubuntu22.04-sagemaker"))
    assert list(unavailable(stack, date(2026, 6, 30))) == []
    assert "is past its end of patch, 2026-06-30" in next(unavailable(stack, date(2026, 7, 1)))


def test_an_image_in_another_region(make_stack):
    assert told(make_stack(realtime(image=f"{OWN.replace('us-east-1', 'eu-west-1')}:7"))) == [
        "rank: ranker:7 is in eu-west-1, and SageMaker pulls from its own region only; write the URI of a copy in "
        "us-east-1."
    ]


@pytest.mark.parametrize("instance_type", ["ml.m5.large", "ml.c7g.xlarge"])
def test_an_image_that_the_deploy_makes(make_stack, instance_type):
    assert told(make_stack(realtime(image="build", instance_type=instance_type))) == []
    assert told(make_stack(serverless(image="build"))) == []


def test_graviton_has_an_image_that_the_deploy_makes(make_stack):
    assert told(make_stack(realtime(instance_type="ml.c7g.xlarge"))) == [
        "rank: AWS has no ready image for handlers on arm instances; write image='build', with which the deploy makes "
        "one, or image='ACCOUNT.dkr.ecr.REGION.amazonaws.com/REPOSITORY:TAG', or choose an x86 CPU or a GPU instance."
    ]


def test_no_image_is_made_for_a_gpu_or_for_several_models(make_stack):
    assert told(make_stack(realtime(image="build", instance_type="ml.g5.xlarge"))) == [
        "rank: image='build' makes images for CPUs, and this is one for gpu; leave image out for AWS's own, write "
        "image='ACCOUNT.dkr.ecr.REGION.amazonaws.com/REPOSITORY:TAG', or choose a CPU instance."
    ]
    assert told(make_stack(multi_model(image="build"))) == [
        "many: image='build' makes an image with the packages of one model; write a RealtimeEndpoint for each model, or "
        "image='ACCOUNT.dkr.ecr.REGION.amazonaws.com/REPOSITORY:TAG'."
    ]
