"""ECR's layers and images, and functions that run them."""

import dataclasses
import json
import urllib.request
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from model_packaging import image, push
from model_packaging.functions import ImageArtifact
from tests.infra.local.conftest import RUNTIME, new_name, packed_tar, until

HANDLER = "var/task/modelyard_host/aws_lambda.py"
CODE = """
import os, pathlib
def handler(event, context):
    here = pathlib.Path(os.environ["LAMBDA_TASK_ROOT"])
    return {"said": WORD, "files": sorted(str(file.relative_to(here)) for file in here.rglob("*.txt"))}
"""


def artifact(folder: Path, files: dict[str, bytes], runtime: str = RUNTIME) -> ImageArtifact:
    """A layer on disk as packaging makes it."""
    file = folder / new_name("layer.tar.gz")
    file.write_bytes(packed_tar(files))
    return ImageArtifact("tiny", file.name, file.name, file, file.stat().st_size, (), runtime, "x86_64")


def coded(word: str, **files: bytes) -> dict[str, bytes]:
    return {HANDLER: f"WORD = {word!r}\n{CODE}".encode(), **files}


@pytest.fixture(scope="module")
def ecr(client):
    return client("ecr")


@pytest.fixture(scope="module")
def repository(ecr) -> dict:
    return ecr.create_repository(repositoryName="images", imageTagMutability="IMMUTABLE")["repository"]


@pytest.fixture
def pushed(ecr, repository, tmp_path):
    """Pushes a layer, on those below it; gives the image's URI."""

    def put(files: dict[str, bytes], base: image.Base = image.EMPTY, **settings) -> str:
        layer = artifact(tmp_path, files, **settings)
        tag = new_name("tag")
        push.push(image.compose(layer, base), "images", tag, ecr)
        return f"{repository['repositoryUri']}:{tag}"

    return put


@pytest.fixture
def make_image_function(functions, function_role):
    def make(uri: str, **settings) -> str:
        name = new_name("function")
        functions.create_function(
            FunctionName=name, Role=function_role, PackageType="Image", Code={"ImageUri": uri}, **settings
        )
        return name

    return make


def call(functions, name: str) -> dict:
    answer = functions.invoke(FunctionName=name, Payload=b"{}")
    assert "FunctionError" not in answer
    return json.loads(answer["Payload"].read())


def test_a_function_runs_its_image(functions, pushed, make_image_function):
    uri = pushed(coded("hello"))
    name = make_image_function(uri)
    assert call(functions, name) == {"said": "hello", "files": []}
    found = functions.get_function(FunctionName=name)
    assert (found["Code"]["RepositoryType"], found["Code"]["ImageUri"]) == ("ECR", uri)
    assert found["Code"]["ResolvedImageUri"].endswith(f"@sha256:{found['Configuration']['CodeSha256']}")
    assert "ImageConfigResponse" not in found["Configuration"]


def test_another_image_is_another_answer(functions, pushed, make_image_function):
    name = make_image_function(pushed(coded("before")))
    assert call(functions, name)["said"] == "before"
    functions.update_function_code(FunctionName=name, ImageUri=pushed(coded("after")))
    assert call(functions, name)["said"] == "after"


def test_an_upper_layer_hides_and_replaces_what_is_below(
    functions, ecr, pushed, tmp_path, make_image_function
):
    lower = image.compose(
        artifact(
            tmp_path,
            coded("lower", **{f"var/task/{name}.txt": b"1" for name in ("gone", "kept")})
            | {"var/task/whole/a.txt": b"1", "var/task/whole/b.txt": b"1"},
        ),
        image.EMPTY,
    )
    base = image.Base(json.loads(lower.config), lower.layers)
    upper = {"var/task/.wh.gone.txt": b"", "var/task/whole/.wh..wh..opq": b"", "var/task/whole/c.txt": b"1"}
    name = make_image_function(pushed(coded("upper") | upper, base))
    assert call(functions, name) == {"said": "upper", "files": ["kept.txt", "whole/c.txt"]}


@pytest.mark.parametrize("member", ["../outside.py", "/etc/outside.py"])
def test_a_layer_that_points_outside_is_refused(functions, pushed, make_image_function, member):
    name = make_image_function(pushed(coded("x") | {member: b"1"}))
    with pytest.raises(ClientError, match="points out of the archive"):
        functions.invoke(FunctionName=name)


def test_sagemaker_takes_no_manifest_of_ocis(sagemaker, ecr, repository, pushed, tmp_path, hosting_role):
    def model(uri: str) -> str:
        name = new_name("model")
        sagemaker.create_model(ModelName=name, ExecutionRoleArn=hosting_role, PrimaryContainer={"Image": uri})
        return name

    uri = pushed(coded("x"))
    with pytest.raises(
        ClientError, match=r"Unsupported manifest media type application/vnd\.oci\.image\.manifest\.v1"
    ):
        model(uri)
    layer = dataclasses.replace(artifact(tmp_path, coded("y")), kind="sagemaker")
    push.push(image.compose(layer, image.Base()), "images", "served", ecr)
    assert model(f"{repository['repositoryUri']}:served")
    assert model(f"{repository['repositoryUri']}:not-there")


def test_an_image_that_is_not_there_is_refused(repository, make_image_function):
    with pytest.raises(ClientError, match=r"does not exist\. Provide a valid source image") as refused:
        make_image_function(f"{repository['repositoryUri']}:absent")
    assert refused.value.response["Error"]["Code"] == "InvalidParameterValueException"


def test_a_function_for_another_processor_is_refused_loudly(functions, make_function):
    name = make_function("def handler(event, context): return 1", Architectures=["arm64"])
    assert functions.get_function_configuration(FunctionName=name)["Architectures"] == ["arm64"]
    with pytest.raises(ClientError, match="does not model lambda:Invoke of a function for arm64 on x86_64"):
        functions.invoke(FunctionName=name)


def test_the_architecture_comes_with_the_code(functions, make_function, pushed, make_image_function):
    name = make_image_function(pushed(coded("x")))
    functions.update_function_code(FunctionName=name, ImageUri=pushed(coded("y")), Architectures=["arm64"])
    assert functions.get_function_configuration(FunctionName=name)["Architectures"] == ["arm64"]


def test_the_size_of_tmp_is_kept(functions, make_function):
    name = make_function("def handler(event, context): return 1", EphemeralStorage={"Size": 2048})
    assert functions.get_function_configuration(FunctionName=name)["EphemeralStorage"] == {"Size": 2048}
    functions.update_function_configuration(FunctionName=name, EphemeralStorage={"Size": 512})
    assert functions.get_function_configuration(FunctionName=name)["EphemeralStorage"] == {"Size": 512}


def test_a_layer_comes_back_as_it_was_sent(ecr, repository, pushed):
    uri = pushed(coded("bytes"))
    (found,) = ecr.batch_get_image(repositoryName="images", imageIds=[{"imageTag": uri.split(":")[-1]}])[
        "images"
    ]
    (layer,) = json.loads(found["imageManifest"])["layers"]
    url = ecr.get_download_url_for_layer(repositoryName="images", layerDigest=layer["digest"])["downloadUrl"]
    with urllib.request.urlopen(url) as answer:
        assert image.digest_of(answer.read()) == layer["digest"]


def test_bytes_that_are_not_their_digest_are_refused(ecr, repository):
    upload = ecr.initiate_layer_upload(repositoryName="images")["uploadId"]
    ecr.upload_layer_part(
        repositoryName="images", uploadId=upload, partFirstByte=0, partLastByte=2, layerPartBlob=b"abc"
    )
    with pytest.raises(ClientError) as refused:
        ecr.complete_layer_upload(
            repositoryName="images", uploadId=upload, layerDigests=[image.digest_of(b"other")]
        )
    assert refused.value.response["Error"]["Code"] == "InvalidLayerException"


def test_a_manifest_needs_its_layers_and_its_own_digest(ecr, repository, tmp_path):
    made = image.compose(artifact(tmp_path, coded("nowhere")), image.EMPTY)
    asked = {
        "repositoryName": "images",
        "imageManifest": made.manifest.decode(),
        "imageManifestMediaType": image.OCI.manifest,
        "imageTag": "t",
    }
    with pytest.raises(ClientError) as refused:
        ecr.put_image(**asked)
    assert refused.value.response["Error"]["Code"] == "LayersNotFoundException"
    with pytest.raises(ClientError) as refused:
        ecr.put_image(**asked, imageDigest=image.digest_of(b"other"))
    assert refused.value.response["Error"]["Code"] == "ImageDigestDoesNotMatchException"


def test_a_tag_never_moves(ecr, repository, pushed, tmp_path):
    tag = pushed(coded("first")).split(":")[-1]
    before = ecr.batch_get_image(repositoryName="images", imageIds=[{"imageTag": tag}])["images"][0][
        "imageId"
    ]
    other = image.compose(artifact(tmp_path, coded("second")), image.EMPTY)
    push.push(other, "images", tag, ecr)  # a deploy that was first is no error
    after = ecr.batch_get_image(repositoryName="images", imageIds=[{"imageTag": tag}])["images"][0]["imageId"]
    assert before == after


def test_an_image_can_be_provisioned(functions, pushed, make_image_function):
    name = make_image_function(pushed(coded("ready")), Publish=True)
    functions.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    asked = {"FunctionName": name, "Qualifier": "live"}
    functions.put_provisioned_concurrency_config(**asked, ProvisionedConcurrentExecutions=1)
    until(lambda: functions.get_provisioned_concurrency_config(**asked)["Status"] == "READY")
