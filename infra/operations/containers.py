"""The container images that a deploy makes: what lies beside their layer, and their way into the repository."""

from infra.blueprint.repository import name_of
from infra.connection import Connection
from infra.ledger import Ledger
from infra.operations.meters import Meter
from model_packaging import image, push, registry
from model_packaging.functions import ImageArtifact, is_layer
from model_packaging.keys import image_tag
from model_packaging.whole import whole

DOCKERFILE = "Dockerfile"
DELETED_AT_ONCE = 100
"""BatchDeleteImage takes so many (ECR API Reference)."""


def describe(artifact: ImageArtifact) -> ImageArtifact:
    """Write the Dockerfile of the same image beside the layer, for those who build with Docker."""
    text = image.dockerfile(artifact, str(registry.base_of(artifact.runtime, artifact.kind)))
    with whole(artifact.file.parent / DOCKERFILE) as stream:
        stream.write(text.encode())
    return artifact


def upload(name: str, artifact: ImageArtifact, connection: Connection, meter: Meter) -> bool:
    """Put the image into the environment's repository; False where its tag is there already.

    The base is fetched only when it is needed. The embedded AWS needs none: it brings the runtime itself.
    """
    environment, client = connection.environment, connection.client("ecr")
    repository = name_of(environment)
    if push.is_there(repository, artifact.tag, client):
        return False
    base = image.EMPTY if artifact.kind == "lambda" else image.Base()
    if not environment.embedded_aws:
        cache = artifact.file.parents[1]
        base = registry.pull(registry.base_of(artifact.runtime, artifact.kind), artifact.architecture, cache)
    whole_image = image.compose(artifact, base)
    with meter(name, push.size_bytes(whole_image)) as on_progress:
        push.push(whole_image, repository, artifact.tag, client, on_progress)
    return True


def sweep(connection: Connection, ledger: Ledger) -> int:
    """Remove the images of models that no deployed stack runs as an image; how many there were.

    Earlier versions of a model in use stay, as its artifacts do: a published version may still name them.
    """
    from botocore.exceptions import ClientError

    client, repository = connection.client("ecr"), name_of(connection.environment)
    keys = [record.artifact_key for record in ledger.deployed()]
    used = {key.split("/")[1] for key in keys if is_layer(key) or image_tag(key) is not None}
    pages = client.get_paginator("list_images").paginate(
        repositoryName=repository, filter={"tagStatus": "TAGGED"}
    )
    try:
        tags = [image["imageTag"] for page in pages for image in page["imageIds"]]
    except ClientError as error:
        if error.response["Error"]["Code"] == "RepositoryNotFoundException":
            return 0  # deployed by a version that made none
        raise
    unused = [{"imageTag": tag} for tag in tags if tag.rpartition("-")[0] not in used]
    for start in range(0, len(unused), DELETED_AT_ONCE):
        part = unused[start : start + DELETED_AT_ONCE]
        client.batch_delete_image(repositoryName=repository, imageIds=part)
    return len(unused)
