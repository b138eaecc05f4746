from datetime import date, timedelta

import boto3
import pytest

from infra import images
from infra.errors import InvalidStack
from tests.infra.conftest import multi_model, realtime, serverless

REGISTRY = "763104351884.dkr.ecr.us-east-1.amazonaws.com"
OLD = f"{REGISTRY}/pytorch-inference:2.6.0-cpu-py312"
VLLM = f"{REGISTRY}/vllm:0.30.0-gpu-py312-cu130-ubuntu24.04-sagemaker"
OWN = "111122223333.dkr.ecr.us-east-1.amazonaws.com/team/ranker:3"


@pytest.mark.parametrize(
    ("region", "place"),
    [
        ("us-east-1", "763104351884.dkr.ecr.us-east-1.amazonaws.com"),
        ("eu-south-2", "503227376785.dkr.ecr.eu-south-2.amazonaws.com"),
        ("cn-north-1", "727897471807.dkr.ecr.cn-north-1.amazonaws.com.cn"),
    ],
)
def test_the_default_is_the_regions_own(region, place):
    assert images.default("onnx", "cpu", region) == (
        f"{place}/huggingface-pytorch-inference:2.6.0-transformers5.5.3-cpu-py312-ubuntu22.04"
    )


def test_a_region_without_the_account_is_told_with_those_that_have_one():
    with pytest.raises(
        InvalidStack,
        match=r"^No registry of AWS's inference images is known for region 'xx-east-9'; write image=",
    ) as caught:
        images.default("onnx", "cpu", "xx-east-9")
    assert "us-east-1, us-east-2" in str(caught.value)


@pytest.mark.parametrize(
    ("asked", "place"),
    [
        (("vllm", "0.30.0", "gpu"), VLLM),
        (
            ("sklearn", "1.9-0", "cpu"),
            "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.9-0-cpu-py3",
        ),
        (("triton", "26.05", "cpu"), f"{REGISTRY}/sagemaker-tritonserver:26.05-py3"),
    ],
)
def test_every_image_of_the_table_can_be_asked_for(asked, place):
    assert images.uri(*asked, "us-east-1") == place


def test_what_the_table_has_not_is_told_with_what_it_has():
    with pytest.raises(InvalidStack) as caught:
        images.uri("ray-serve", "2", "gpu", "us-east-1")
    assert str(caught.value) == (
        "No image 'ray-serve 2 gpu' of AWS's is known; write one of ray-serve 1.4 cpu, ray-serve 1.4 gpu, or "
        "image='ACCOUNT.dkr.ecr.REGION.amazonaws.com/REPOSITORY:TAG'."
    )
    with pytest.raises(InvalidStack, match="No image 'caffe 1 cpu' of AWS's is known; write one of djl-lmi"):
        images.uri("caffe", "1", "cpu", "us-east-1")
    with pytest.raises(InvalidStack, match="past its end of patch, 2025-10-29"):
        images.uri("pytorch", "2.5.1", "cpu", "us-east-1", date(2025, 10, 30))


def test_an_image_is_refused_the_day_after_its_end_of_patch():
    images.refuse_unmended(OLD, date(2026, 6, 30))
    with pytest.raises(InvalidStack) as caught:
        images.refuse_unmended(OLD, date(2026, 7, 1))
    assert str(caught.value) == (
        "Image pytorch-inference:2.6.0-cpu-py312 is past its end of patch, 2026-06-30: AWS mends no security flaw in "
        "it any more; leave image out for one that AWS mends, or write another."
    )


@pytest.mark.parametrize(
    ("tag", "day", "end"),
    [
        ("2.5.1-cpu-py311-ubuntu22.04-sagemaker", date(2025, 10, 29), "2025-10-29"),
        ("1.13.1-gpu-py39-cu117-ubuntu20.04-sagemaker", date(2024, 10, 28), "2024-10-28"),
    ],
)
def test_every_version_of_the_table_has_its_own_end_of_patch(tag, day, end):
    uri = f"{REGISTRY}/pytorch-inference:{tag}"
    images.refuse_unmended(uri, day)
    with pytest.raises(InvalidStack, match=f"is past its end of patch, {end}: AWS mends no"):
        images.refuse_unmended(uri, day + timedelta(days=1))


def test_what_is_older_than_an_image_past_its_end_of_patch_is_refused_with_it():
    uri = f"{REGISTRY}/pytorch-inference:1.12.1-cpu-py38-ubuntu20.04-sagemaker"
    images.refuse_unmended(uri, date(2024, 3, 15))
    with pytest.raises(InvalidStack) as caught:
        images.refuse_unmended(uri, date(2026, 11, 30))
    assert str(caught.value) == (
        "Image pytorch-inference:1.12.1-cpu-py38-ubuntu20.04-sagemaker is older than 1.13.1, which is past its end of "
        "patch, 2024-10-28: AWS mends no security flaw in it any more; leave image out for one that AWS mends, or "
        "write another."
    )
    images.refuse_unmended(f"{REGISTRY}/pytorch-inference:2.7.0-cpu-py312", date(2026, 11, 30))
    images.refuse_unmended(f"{REGISTRY}/vllm:server-sagemaker-cuda-v1", date(2026, 11, 30))


def test_an_image_of_ones_own_has_no_end_of_patch_that_is_known():
    images.refuse_unmended(OWN, date(2099, 1, 1))
    assert images.known(OWN) is None
    assert images.known(OLD.replace("763104351884", "111122223333")) is None


def test_an_image_with_cuda_13_gets_its_host_by_itself():
    assert images.inference_ami_version(realtime(instance_type="ml.g5.xlarge", image=VLLM)) == (
        "al2-ami-sagemaker-inference-gpu-3-1"
    )
    assert images.inference_ami_version(realtime(instance_type="ml.g5.xlarge")) is None
    own = realtime(instance_type="ml.g5.xlarge", image=VLLM, inference_ami_version=images.NEWEST_AMI)
    assert images.inference_ami_version(own) == images.NEWEST_AMI


@pytest.mark.parametrize(
    ("image", "host"),
    [
        ("vllm:server-sagemaker-cuda-v2.3", "al2-ami-sagemaker-inference-gpu-3-1"),
        ("vllm:server-sagemaker-cuda-v9", "al2-ami-sagemaker-inference-gpu-3-1"),
        ("vllm:omni-sagemaker-cuda-v1.5", "al2-ami-sagemaker-inference-gpu-3-1"),
        ("vllm:0.15.1-gpu-py312-cu129-ubuntu22.04-sagemaker", "al2-ami-sagemaker-inference-gpu-3-1"),
        ("sglang:server-sagemaker-cuda-v1", "al2023-ami-sagemaker-inference-gpu-4-1"),
        ("ray:serve-ml-sagemaker-cuda-v1", "al2-ami-sagemaker-inference-gpu-3-1"),
        ("djl-inference:0.36.0-lmi27.0.0-cu130", "al2023-ami-sagemaker-inference-gpu-4-1"),
        ("djl-inference:0.30.0-lmi12.0.0-cu124", None),
        ("huggingface-pytorch-inference:2.1.0-transformers4.37.0-gpu-py310-cu118-ubuntu20.04", None),
    ],
)
def test_a_version_that_the_table_lacks_gets_the_host_of_its_repository(image, host):
    on_gpu = realtime(instance_type="ml.g5.xlarge", image=f"{REGISTRY}/{image}")
    assert images.known(on_gpu.image) is None
    assert images.inference_ami_version(on_gpu) == host


@pytest.mark.parametrize(
    ("tag", "cuda"),
    [
        ("0.30.0-gpu-py312-cu130-ubuntu24.04-sagemaker", "13.0"),
        ("mine-cuda-12.4", "12.4"),
        ("mine-cuda13.0", "13.0"),
        ("server-sagemaker-cuda-v2.6", None),
        ("2.6.0-cpu-py312", None),
    ],
)
def test_cuda_is_read_from_the_tag(tag, cuda):
    assert images.cuda(f"{REGISTRY}/any:{tag}") == cuda


def test_serverless_has_the_cpu_image_and_a_gpu_instance_the_gpu_image():
    assert "-cpu-" in images.of(serverless(), "us-east-1")
    assert "-gpu-" in images.of(realtime(instance_type="ml.g5.xlarge"), "us-east-1")


def test_the_python_in_an_image_is_known_or_unknown():
    assert images.python(images.default("onnx", "cpu", "us-east-1")) == "python3.12"
    assert images.python(OWN) is None


def test_aws_image_for_handlers_takes_several_models_on_cpu_only():
    cpu, gpu = multi_model(), multi_model(instance_type="ml.g5.xlarge")
    assert images.serves_several(cpu, images.of(cpu, "us-east-1"))
    assert not images.serves_several(gpu, images.of(gpu, "us-east-1"))
    assert images.serves_several(gpu, OWN)


def test_the_host_images_are_those_that_aws_has():
    model = boto3.client("sagemaker", region_name="us-east-1").meta.service_model
    assert set(images.AMIS) == set(model.shape_for("ProductionVariantInferenceAmiVersion").enum)
