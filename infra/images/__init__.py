"""The container image of a workload: its own, or the one that AWS keeps for handlers, by region and processor."""

import datetime
import math
import re

from infra import instances, naming
from infra.errors import InvalidStack
from infra.images.table import Image, accounts, images
from infra.workloads import (
    BatchJob,
    InstanceEndpoint,
    MultiModelEndpoint,
    SageMakerEndpoint,
    ServerlessEndpoint,
)
from model_packaging.model import Framework

BUILT = "build"
"""What `image=` says of one that the deploy makes: a slim Python, the model's packages, and our host."""

ARCHITECTURES = {"cpu": "x86_64", "arm": "arm64"}
"""Of the images that a deploy makes, by processor."""

OWN = "image='ACCOUNT.dkr.ecr.REGION.amazonaws.com/REPOSITORY:TAG'"

_URI = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?/(?P<repository>[^:@]+)[:@](?P<tag>.+)"
)

DEFAULTS: dict[Framework, str] = {
    "onnx": "huggingface-pytorch",
    "pytorch": "huggingface-pytorch",
    "sklearn": "huggingface-pytorch",
}
"""The table's family for a model of each framework. One does for all three: its server reads code/inference.py, and
takes what further packages a model names. The plain pytorch-inference is past its end of patch."""

AMIS = (
    "al2-ami-sagemaker-inference-gpu-2",
    "al2-ami-sagemaker-inference-gpu-2-1",
    "al2-ami-sagemaker-inference-gpu-3-1",
    "al2-ami-sagemaker-inference-neuron-2",
    "al2023-ami-sagemaker-inference-gpu-4-1",
)
"""The host images that there are (botocore: ProductionVariantInferenceAmiVersion, 2026-11)."""

NEWEST_AMI = AMIS[-1]

CUDA_WITH_HOST = 13
"""From this CUDA on, the driver of the host that SageMaker chooses is too old."""


def account(region: str, registry: str = "deep-learning") -> str:
    """The AWS account that keeps the images for `region`; raises `InvalidStack` where none is known."""
    found = accounts().get((registry, region))
    if found is None:
        known = sorted(place for kept, place in accounts() if kept == registry)
        raise InvalidStack(
            f"No registry of AWS's inference images is known for region {region!r}; write {OWN} on the endpoint, or "
            f"use one of {', '.join(known)}."
        )
    return found


def default(framework: Framework, processor: str, region: str, today: datetime.date | None = None) -> str:
    """The URI of AWS's own image for handlers of `framework` on `processor` ('cpu' or 'gpu') in `region`.

    Raises `InvalidStack` where there is none, and where AWS has stopped mending it by `today`.
    """
    found = _newest(DEFAULTS[framework], processor)
    if found is None:
        built = f"image={BUILT!r}, with which the deploy makes one, " if processor in ARCHITECTURES else ""
        raise InvalidStack(
            f"AWS has no ready image for handlers on {processor} instances; write {built}{'or ' * bool(built)}{OWN}, "
            "or choose an x86 CPU or a GPU instance."
        )
    uri = _uri(found, region)
    refuse_unmended(uri, today)
    return uri


def uri(framework: str, version: str, processor: str, region: str, today: datetime.date | None = None) -> str:
    """The URI of an image of the table, as `image=` takes it: `images.uri("vllm", "0.30.0", "gpu", env.region)`.

    Raises `InvalidStack` where the table has none, where `region` has no registry, and where AWS has stopped mending
    it by `today`.
    """
    asked = (framework, version, processor)
    found = {(image.framework, image.version, image.processor): image for image in images()}
    if asked not in found:
        near = [one for one in found if one[0] == framework] or list(found)
        raise InvalidStack(
            f"No image {' '.join(asked)!r} of AWS's is known; write one of "
            f"{', '.join(sorted(' '.join(one) for one in near))}, or {OWN}."
        )
    made = _uri(found[asked], region)
    refuse_unmended(made, today)
    return made


def of(workload: SageMakerEndpoint, region: str, today: datetime.date | None = None) -> str:
    """The image that `workload` runs in `region`: its own, or AWS's. Raises `InvalidStack` where there is none."""
    if workload.image is None:
        return default(workload.models[0].framework, processor(workload), region, today)
    if is_built(workload):
        raise not_made(workload)
    repository_arn(workload.image)
    return workload.image


def not_made(workload: SageMakerEndpoint | BatchJob) -> InvalidStack:
    """The error for an artifact that names no image, of a workload whose image the deploy makes."""
    return InvalidStack(
        f"The image of {workload.name} is made by a deploy, and none was made of what is deployed; deploy it first."
    )


def is_built(workload: SageMakerEndpoint | BatchJob) -> bool:
    """Whether the deploy makes the image of `workload`; what it is called is then known by what is in it."""
    return workload.image == BUILT


def processor(workload: SageMakerEndpoint) -> str:
    """What `workload` computes on; SageMaker Serverless has CPUs only."""
    return "cpu" if isinstance(workload, ServerlessEndpoint) else instances.processor(workload.instance_type)


def known(uri: str, processor: str | None = None) -> Image | None:
    """The table's row of an image; None for one of somebody else, or that the table does not have."""
    found = [
        image
        for image in _of_its_repository(uri, processor)
        # AWS gives an image longer tags besides, with the system and the service: 2.6.0-cpu-py312-ubuntu22.04-sagemaker
        if f"{_tag(uri)}-".startswith(f"{image.tag}-")
    ]
    return found[-1] if found else None


def refuse_unmended(uri: str, today: datetime.date | None = None) -> None:
    """Raise `InvalidStack` for an image that AWS has stopped mending by `today`, or that is older than one of those."""
    day = today or datetime.datetime.now(datetime.UTC).date()
    image = known(uri)
    ended = [
        one for one in _of_its_repository(uri) if one.end_of_patch and one.end_of_patch < day.isoformat()
    ]
    # The package forgets no version, but the table does.
    younger = [one for one in ended if _version(_tag(uri)) < _version(one.tag)] if image is None else []
    if image in ended:
        found = f"{image.repository}:{image.tag} is past its end of patch, {image.end_of_patch}"
    elif younger:
        oldest = min(younger, key=lambda one: _version(one.tag))
        found = (
            f"{oldest.repository}:{_tag(uri)} is older than {oldest.version}, which is past its end of patch, "
            f"{oldest.end_of_patch}"
        )
    else:
        return
    raise InvalidStack(
        f"Image {found}: AWS mends no security flaw in it any more; leave image out for one that AWS mends, or write "
        "another."
    )


def python(uri: str) -> str | None:
    """The Python in an image, such as python3.12; None where that is not known."""
    image = known(uri)
    return image.python if image is not None and image.python else None


def inference_ami_version(workload: InstanceEndpoint) -> str | None:
    """The host image that the container of `workload` needs; None is SageMaker's own choice."""
    if workload.inference_ami_version is not None:
        return workload.inference_ami_version
    on = processor(workload)
    image = (
        known(workload.image, on) or _kin(workload.image, on)
        if workload.image
        else _newest(DEFAULTS[workload.models[0].framework], on)
    )
    return image.inference_ami_version or None if image else None


def cuda(uri: str) -> str | None:
    """The CUDA of an image, such as 13.0, as its tag says; None where it says nothing."""
    found = re.search(r"cu(?:da)?-?(\d\d)\.?(\d)", uri.rpartition(":")[2])
    return f"{found[1]}.{found[2]}" if found else None


def serves_several(workload: MultiModelEndpoint, uri: str) -> bool:
    """Whether the image takes several models; of one that is not AWS's, its owner knows."""
    image = known(uri, processor(workload))
    return image is None or image.multi_model


def is_in_ecr(image: str) -> bool:
    """Whether `image` is in Amazon ECR."""
    return _URI.fullmatch(image) is not None


def region(image: str) -> str | None:
    """The region that `image` is in; None where it is not in Amazon ECR."""
    match = _URI.fullmatch(image)
    return match["region"] if match is not None else None


def repository_arn(image: str) -> str:
    """The ARN of the ECR repository that `image` is in; raises `InvalidStack` where it is in none."""
    match = _URI.fullmatch(image)
    if match is None:
        raise InvalidStack(
            f"Image {image!r} is not in Amazon ECR, and SageMaker pulls from nowhere else; "
            "write ACCOUNT.dkr.ecr.REGION.amazonaws.com/REPOSITORY:TAG."
        )
    place = f"{match['region']}:{match['account']}:repository/{match['repository']}"
    return f"arn:{naming.partition(match['region'])}:ecr:{place}"


def _of_its_repository(uri: str, processor: str | None = None) -> list[Image]:
    """The table's rows of the repository that an image of AWS's is in; none for one of somebody else."""
    match = _URI.fullmatch(uri)
    if match is None or match["account"] not in accounts().values():
        return []
    return [
        image
        for image in images()
        if image.repository == match["repository"] and processor in (None, image.processor)
    ]


def _kin(uri: str, processor: str) -> Image | None:
    """A row that says which host an image needs that the table has not yet or no more: where all of its repository
    need the same, but for those whose tag tells another CUDA.
    """
    told = cuda(uri)
    found = [
        image for image in _of_its_repository(uri, processor) if told is None or image.cuda in ("", told)
    ]
    return found[-1] if len({image.inference_ami_version for image in found}) == 1 else None


def _tag(uri: str) -> str:
    match = _URI.fullmatch(uri)
    return match["tag"] if match is not None else ""


def _version(tag: str) -> tuple[float, ...]:
    """The numbers that a tag begins with."""
    found = re.match(r"\d+(\.\d+)*", tag)
    return tuple(int(part) for part in found[0].split(".")) if found else (math.inf,)


def _newest(family: str, processor: str) -> Image | None:
    found = [image for image in images() if (image.framework, image.processor) == (family, processor)]
    return found[-1] if found else None


def _uri(image: Image, region: str) -> str:
    suffix = ".cn" if region.startswith("cn-") else ""
    place = f"{account(region, image.registry)}.dkr.ecr.{region}.amazonaws.com{suffix}"
    return f"{place}/{image.repository}:{image.tag}"
