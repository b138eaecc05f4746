"""Which artifact each kind of workload runs, and getting it to where AWS reads it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra import ec2, images
from infra.blueprint import repository
from infra.connection import Connection
from infra.environment import Environment
from infra.operations import containers
from infra.operations.meters import Meter, unseen
from infra.stack import Stack
from infra.workloads import (
    AsyncEndpoint,
    BatchJob,
    LambdaEndpoint,
    MultiModelEndpoint,
    RealtimeEndpoint,
    SageMakerEndpoint,
    ServerlessEndpoint,
)
from model_packaging.artifact import (
    ArtifactIdentity,
    ModelArtifact,
    build_archive,
    identify_archive,
)
from model_packaging.containers import TARGETS, build_container, identify_container
from model_packaging.functions import ImageArtifact, Kind, Target, build_function, identify_function
from model_packaging.hosted import HostedArtifact, HostedIdentity
from model_packaging.job import build_job, identify_job
from model_packaging.keys import model_key
from model_packaging.sets import ArtifactSet, SetIdentity, build_set, identify_set
from model_packaging.uncompressed import UncompressedArtifact, build_uncompressed, identify_uncompressed
from model_packaging.upload import Progress, upload, upload_prefix


@dataclass(frozen=True)
class KeptArtifact:
    """What an earlier deploy has put where AWS reads it; its key is all that is known of it here."""

    key: str
    members: tuple[ModelArtifact, ...] = ()


Identity = ArtifactIdentity | SetIdentity | HostedIdentity | KeptArtifact
"""Which artifact it is: known without building it."""
Artifact = ModelArtifact | ArtifactSet | HostedArtifact | KeptArtifact
"""What is built, and lies on disk; or in the bucket already."""


def packed_for(stack: Stack, workload: SageMakerEndpoint) -> str | None:
    """The runtime that a model's packages are put into its archive for; None where its image installs them.

    An image runs pip when its container starts, for code/requirements.txt: in vain where it is isolated or in a VPC
    without a way out, and never for the members of a set (aws/sagemaker-huggingface-inference-toolkit). The embedded
    AWS provides them itself, once for each text.
    """
    network = stack.network(workload)
    cut_off = network.isolated or network.vpc or isinstance(workload, MultiModelEndpoint)
    if not cut_off or stack.environment.embedded_aws or images.is_built(workload):
        return None
    return images.python(images.of(workload, stack.environment.region))


OneModel = RealtimeEndpoint | AsyncEndpoint | ServerlessEndpoint


def _is_uncompressed(workload: OneModel) -> bool:
    return not isinstance(workload, ServerlessEndpoint) and workload.uncompressed


def _model_data(stack: Stack, workload: OneModel, cache: Path) -> ModelArtifact | HostedArtifact:
    build = build_uncompressed if _is_uncompressed(workload) else build_archive
    model = build(workload.model, stack.base, cache, packed_for(stack, workload))
    if not images.is_built(workload):
        return model
    return HostedArtifact(model, _layer(stack, workload, cache))


def _model_data_identity(stack: Stack, workload: OneModel, cache: Path) -> ArtifactIdentity | HostedIdentity:
    identify = identify_uncompressed if _is_uncompressed(workload) else identify_archive
    model = identify(workload.model, stack.base, cache, packed_for(stack, workload))
    if not images.is_built(workload):
        return model
    return HostedIdentity(model, _layer_identity(stack, workload, cache))


def _job(stack: Stack, workload: BatchJob, cache: Path) -> ModelArtifact | HostedArtifact:
    job = build_job(workload.model, stack.base, cache)
    return HostedArtifact(job, _layer(stack, workload, cache)) if images.is_built(workload) else job


def _job_identity(stack: Stack, workload: BatchJob, cache: Path) -> ArtifactIdentity | HostedIdentity:
    job = identify_job(workload.model, stack.base)
    return HostedIdentity(job, _layer_identity(stack, workload, cache)) if images.is_built(workload) else job


def _layer(stack: Stack, workload: OneModel | BatchJob, cache: Path) -> ImageArtifact:
    kind, target = _image(workload)
    return containers.describe(build_container(kind, workload.model, stack.base, cache, target))


def _layer_identity(stack: Stack, workload: OneModel | BatchJob, cache: Path) -> ArtifactIdentity:
    kind, target = _image(workload)
    return identify_container(kind, workload.model, stack.base, cache, target)


def _image(workload: OneModel | BatchJob) -> tuple[Kind, Target]:
    """For what the image of `workload` is made, and for which Python and processor."""
    if isinstance(workload, BatchJob):
        kind: Kind = "batch"
        processor = ec2.processor(workload.instance_types[0])  # they are all of one kind
    else:
        kind, processor = "sagemaker", images.processor(workload)
    return kind, Target(TARGETS[kind].runtime, images.ARCHITECTURES[processor])


def _set(stack: Stack, workload: MultiModelEndpoint, cache: Path) -> ArtifactSet:
    return build_set(workload.name, workload.models, stack.base, cache, packed_for(stack, workload))


def _set_identity(stack: Stack, workload: MultiModelEndpoint, cache: Path) -> SetIdentity:
    return identify_set(workload.name, workload.models, stack.base, cache, packed_for(stack, workload))


def _function(stack: Stack, workload: LambdaEndpoint, cache: Path) -> ModelArtifact:
    made = build_function(workload.model, stack.base, cache, _target(workload))
    return containers.describe(made) if isinstance(made, ImageArtifact) else made


def _target(workload: LambdaEndpoint) -> Target:
    return Target(workload.runtime, workload.architecture, workload.package)


BUILDERS: Mapping[type, Callable[[Stack, Any, Path], Artifact]] = {
    RealtimeEndpoint: _model_data,
    AsyncEndpoint: _model_data,
    ServerlessEndpoint: _model_data,
    MultiModelEndpoint: _set,
    LambdaEndpoint: _function,
    BatchJob: _job,
}

IDENTIFIERS: Mapping[type, Callable[[Stack, Any, Path], Identity]] = {
    RealtimeEndpoint: _model_data_identity,
    AsyncEndpoint: _model_data_identity,
    ServerlessEndpoint: _model_data_identity,
    MultiModelEndpoint: _set_identity,
    LambdaEndpoint: lambda stack, workload, cache: identify_function(
        workload.model, stack.base, cache, _target(workload)
    ),
    BatchJob: _job_identity,
}


def build(stack: Stack, cache: Path) -> dict[str, Artifact]:
    """The artifact of each workload by its name; one that is in `cache` already is not built again."""
    return {workload.name: BUILDERS[type(workload)](stack, workload, cache) for workload in stack.workloads}


def identify(stack: Stack, cache: Path) -> dict[str, Identity]:
    """Which artifact each workload will run, by its name; nothing is packed."""
    return {
        workload.name: IDENTIFIERS[type(workload)](stack, workload, cache) for workload in stack.workloads
    }


def keys(artifacts: Mapping[str, Identity]) -> dict[str, str]:
    """The S3 key of each workload's artifact by the workload's name."""
    return {name: artifact.key for name, artifact in artifacts.items()}


Uploader = Callable[[str, Any, Connection, Meter], bool]


def _into_bucket(send: Callable[[Any, str, Any, Progress], bool]) -> Uploader:
    def upload_to_s3(name: str, artifact: Any, connection: Connection, meter: Meter) -> bool:
        bucket, client = connection.environment.artifact_bucket, connection.client("s3")
        with meter(name, sum(member.size_bytes for member in artifact.members)) as on_progress:
            return send(artifact, bucket, client, on_progress)

    return upload_to_s3


def _hosted(name: str, artifact: HostedArtifact, connection: Connection, meter: Meter) -> bool:
    # The image first: the larger of the two, and the one that a registry may refuse.
    image = containers.upload(name, artifact.layer, connection, meter)
    return UPLOADERS[type(artifact.model)](name, artifact.model, connection, meter) or image


UPLOADERS: Mapping[type, Uploader] = {
    ModelArtifact: _into_bucket(upload),
    UncompressedArtifact: _into_bucket(upload_prefix),
    ArtifactSet: _into_bucket(upload_prefix),
    HostedArtifact: _hosted,
    ImageArtifact: containers.upload,
    KeptArtifact: lambda _name, _artifact, _connection, _meter: False,
}
"""How each kind of artifact gets to where AWS reads it; False where nothing had to be sent."""


def upload_all(
    built: Mapping[str, Artifact], connection: Connection, say: Callable[[str], None], meter: Meter = unseen
) -> None:
    """Put every artifact where AWS reads it; what is there already is not sent again."""
    for name, artifact in built.items():
        sent = UPLOADERS[type(artifact)](name, artifact, connection, meter)
        say(
            f"{name}: {'uploaded to' if sent else 'is already at'} {_place(artifact, connection.environment)}"
        )


def _place(artifact: Artifact, environment: Environment) -> str:
    if isinstance(artifact, ImageArtifact):
        return repository.image_uri(environment, artifact.key)
    if isinstance(artifact, HostedArtifact):
        image = repository.tagged(environment, artifact.layer.tag)
        return f"s3://{environment.artifact_bucket}/{artifact.model.key}, its image to {image}"
    # Of one that is kept the key is all there is: it tells the image, too.
    return f"s3://{environment.artifact_bucket}/{model_key(artifact.key)}"
