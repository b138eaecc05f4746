"""What went live of a function is compared with what was built and asked for."""

from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from infra.blueprint import blueprint
from infra.ledger import Deployed
from infra.operations import containers, functions
from infra.operations.meters import unseen
from model_packaging import checksum
from model_packaging.artifact import ModelArtifact
from model_packaging.functions import ImageArtifact
from tests.infra.conftest import function

NAME, DIGEST = "dev-shop-rank-small", "a" * 64
URI = f"111122223333.dkr.ecr.us-east-1.amazonaws.com/modelyard-dev:tiny-{DIGEST}"


class Lambda:
    """A function as AWS describes it, and the states of its concurrency one after the other.

    `moving` is how often its alias still has the weight of the version before.
    """

    def __init__(
        self, configuration: dict, code: dict | None = None, states: tuple[str, ...] = (), moving: int = 0
    ) -> None:
        self.function = {"Configuration": configuration, "Code": code or {}}
        self.states, self.moving = list(states), moving

    def get_alias(self, FunctionName: str, Name: str):
        assert (FunctionName, Name) == (NAME, "live")
        self.moving -= 1
        weights = {"RoutingConfig": {"AdditionalVersionWeights": {"1": 0.9}}} if self.moving >= 0 else {}
        return {"FunctionVersion": "2", **weights}

    def get_function(self, FunctionName: str, Qualifier: str):
        assert (FunctionName, Qualifier) == (NAME, "live")
        if not self.function["Configuration"]:
            raise ClientError(
                {"Error": {"Code": "ResourceNotFoundException", "Message": "none"}}, "GetFunction"
            )
        return self.function

    def get_provisioned_concurrency_config(self, FunctionName: str, Qualifier: str):
        state = self.states.pop(0)
        if state == "none":
            raise ClientError({"Error": {"Code": "x", "Message": "No config found"}}, "Get")
        return (
            {"Status": state, "StatusReason": "it does not start"} if state == "FAILED" else {"Status": state}
        )


class Connection:
    def __init__(self, client, environment) -> None:
        self._client, self.environment = client, environment

    def client(self, service: str):
        return self._client


@pytest.fixture
def zipped(tmp_path: Path) -> ModelArtifact:
    file = tmp_path / "function.zip"
    file.write_bytes(b"zip")
    return ModelArtifact("tiny", DIGEST, file.name, file, 3)


@pytest.fixture
def layer(tmp_path: Path) -> ImageArtifact:
    file = tmp_path / "cache" / DIGEST / "function-python3.11-x86_64.tar.gz"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"layer")
    return ImageArtifact("tiny", DIGEST, file.name, file, 5)


@pytest.fixture
def verify(make_stack, environment):
    def findings(client, artifact, **changes) -> list[str]:
        workload = function(**changes)
        stack = make_stack(workload)
        planned = blueprint(stack, {workload.name: artifact.key})
        waited: list[float] = []
        found = functions.verify(
            stack, workload, planned, artifact, Connection(client, environment), waited.append
        )
        return list(found)

    return findings


def test_the_zip_that_was_built_is_what_runs(verify, zipped):
    sha = checksum.of(zipped.file).whole
    assert verify(Lambda({"CodeSha256": sha}), zipped) == []
    assert verify(Lambda({"CodeSha256": "other"}), zipped) == [
        f"Function {NAME} runs another package than models/tiny/{DIGEST}/function.zip; run the deploy again."
    ]


def test_the_image_that_was_built_is_what_runs(verify, layer):
    running = {"CodeSha256": "its manifest's"}
    assert verify(Lambda(running, {"ImageUri": URI}), layer) == []
    (finding,) = verify(Lambda(running, {"ImageUri": f"{URI}0"}), layer)
    assert finding.startswith(f"Function {NAME} runs another package than models/tiny/")


def test_a_function_that_is_not_there_or_not_active(verify, zipped):
    assert verify(Lambda({}), zipped) == [f"Function {NAME} has no alias live: none"]
    sha = checksum.of(zipped.file).whole
    failed = {"CodeSha256": sha, "State": "Failed", "StateReason": "the image is gone"}
    assert verify(Lambda(failed), zipped) == [f"Function {NAME} is Failed: the image is gone"]


@pytest.mark.parametrize(
    ("states", "findings"),
    [
        (("IN_PROGRESS", "IN_PROGRESS", "READY"), []),
        (("FAILED",), [f"The provisioned concurrency of function {NAME} is FAILED: it does not start"]),
        (("none",), [f"Function {NAME} has no provisioned concurrency: No config found"]),
    ],
)
def test_concurrency_is_waited_for(verify, zipped, states, findings):
    running = {"CodeSha256": checksum.of(zipped.file).whole}
    assert verify(Lambda(running, states=states), zipped, provisioned_concurrency=1) == findings


def test_an_alias_is_waited_for_until_it_has_moved(verify, zipped):
    running = {"CodeSha256": checksum.of(zipped.file).whole}
    moving = Lambda(running, states=("READY",), moving=functions.POLLS - 1)
    assert verify(moving, zipped, provisioned_concurrency=1) == []
    assert moving.moving == -1
    stuck = Lambda(running, states=("READY",), moving=functions.POLLS)
    assert verify(stuck, zipped, provisioned_concurrency=1) == [
        f"The alias live of function {NAME} still sends 90% to version 1; wait until it sends all to version 2, then "
        "run the deploy again."
    ]


class Ecr:
    """A repository that has an image or not, and what was pushed."""

    def __init__(self, there: bool) -> None:
        self.there, self.calls = there, []

    def batch_get_image(self, repositoryName: str, imageIds: list):
        assert (repositoryName, imageIds) == ("modelyard-dev", [{"imageTag": f"tiny-{DIGEST}"}])
        return {"images": [{}] if self.there else []}

    def batch_check_layer_availability(self, repositoryName: str, layerDigests: list):
        return {"layers": [{"layerDigest": one, "layerAvailability": "AVAILABLE"} for one in layerDigests]}

    def put_image(self, **asked):
        self.calls.append(asked["imageTag"])


def test_an_image_that_is_there_is_neither_pulled_nor_pushed(layer, environment):
    ecr = Ecr(there=True)
    assert not containers.upload("rank", layer, Connection(ecr, environment), unseen)
    assert ecr.calls == []


def test_for_the_embedded_aws_no_base_is_fetched(tmp_path, environment):
    import gzip

    file = tmp_path / DIGEST / "function-python3.11-x86_64.tar.gz"
    file.parent.mkdir()
    file.write_bytes(gzip.compress(b"tar"))
    ecr, made = Ecr(there=False), ImageArtifact("tiny", DIGEST, file.name, file, 5)
    embedded = environment.model_copy(update={"embedded_aws": True})
    assert containers.upload("rank", made, Connection(ecr, embedded), unseen)
    assert ecr.calls == [f"tiny-{DIGEST}"]


def test_the_dockerfile_lies_beside_the_layer(layer):
    assert containers.describe(layer) is layer
    assert (layer.file.parent / "Dockerfile").read_text() == (
        "# No USER: Lambda runs every image as a user of its own, who may write to /tmp only.\n"
        "FROM --platform=linux/amd64 public.ecr.aws/lambda/python:3.11\n"
        "ADD function-python3.11-x86_64.tar.gz /\n"
        'LABEL modelyard.runtime="python3.11"\n'
        "WORKDIR /var/task\n"
        'CMD ["modelyard_host.aws_lambda.handler"]\n'
    )


class Listing:
    """A repository with tags, of which some are removed."""

    def __init__(self, *tags: str) -> None:
        self.tags = list(tags)

    def get_paginator(self, operation: str):
        assert operation == "list_images"
        return self

    def paginate(self, repositoryName: str, filter: dict):
        return [{"imageIds": [{"imageTag": tag}]} for tag in self.tags]

    def batch_delete_image(self, repositoryName: str, imageIds: list):
        self.tags = [tag for tag in self.tags if {"imageTag": tag} not in imageIds]


class Recorded:
    def __init__(self, *keys: str) -> None:
        self.keys = keys

    def deployed(self) -> list[Deployed]:
        return [Deployed("s", "w", "LambdaEndpoint", "n", key) for key in self.keys]


def test_images_go_with_the_last_stack_that_runs_their_model_as_an_image(environment):
    client = Listing("digits-1", "digits-2", "tri-age-1")
    ledger = Recorded("models/digits/2/function-python3.11-x86_64.tar.gz", "models/tri-age/1/function.zip")
    assert containers.sweep(Connection(client, environment), ledger) == 1
    assert client.tags == ["digits-1", "digits-2"]


def test_images_stay_as_long_as_an_endpoint_has_them(environment):
    client = Listing("digits-1", "tiny-1")
    ledger = Recorded("models/digits/2/model.tar.gz@digits-1", "models/tiny/1/model.tar.gz")
    assert containers.sweep(Connection(client, environment), ledger) == 1
    assert client.tags == ["digits-1"]
