"""Images into ECR, as moto has it."""

import os

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from model_packaging import image, push
from model_packaging.errors import UploadFailed
from model_packaging.functions import Target, build_function


class Counted:
    """An ECR client that counts its calls, and may refuse some."""

    def __init__(self, client, part_size: int | None = None) -> None:
        self._client, self._part_size, self.calls = client, part_size, []

    def __getattr__(self, name: str):
        def call(**arguments):
            self.calls.append(name)
            answer = getattr(self._client, name)(**arguments)
            return (
                {**answer, "partSize": self._part_size}
                if self._part_size and "partSize" in answer
                else answer
            )

        return call


@pytest.fixture
def ecr():
    with mock_aws():
        client = boto3.client(
            "ecr", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
        )
        client.create_repository(repositoryName="images", imageTagMutability="IMMUTABLE")
        yield client


@pytest.fixture
def made(make_model, tmp_path, cache):
    layer = build_function(
        make_model({"noise.bin": os.urandom(5000)}), tmp_path, cache, Target(package="image")
    )
    return image.compose(layer, image.EMPTY)


def test_an_image_lies_under_its_tag_and_digest(ecr, made):
    assert not push.is_there("images", "tiny-1", ecr)
    told = []
    push.push(made, "images", "tiny-1", Counted(ecr, part_size=1000), told.append)
    assert sum(told) == push.size_bytes(made) and len(told) > 5
    assert push.is_there("images", "tiny-1", ecr)
    (found,) = ecr.batch_get_image(repositoryName="images", imageIds=[{"imageTag": "tiny-1"}])["images"]
    assert found["imageManifest"].encode() == made.manifest
    assert found["imageId"]["imageDigest"] == made.digest


def test_a_layer_that_lies_there_is_not_sent_again(ecr, made):
    push.push(made, "images", "tiny-1", ecr)
    again = Counted(ecr)
    told = []
    push.push(made, "images", "tiny-1", again, told.append)  # another deploy was first, with the same content
    assert told == [push.size_bytes(made)]
    assert again.calls == ["batch_check_layer_availability", "put_image"]


def test_a_repository_that_is_not_there_fails_in_one_line(ecr, made):
    with pytest.raises(
        UploadFailed, match=r"Image tiny-1 did not reach the repository absent: .*RepositoryNotFound"
    ):
        push.push(made, "absent", "tiny-1", ecr)


def test_any_other_refusal_is_told(ecr, made):
    class Refusing(Counted):
        def complete_layer_upload(self, **_):
            raise ClientError(
                {"Error": {"Code": "InvalidLayerException", "Message": "no"}}, "CompleteLayerUpload"
            )

    with pytest.raises(UploadFailed, match="InvalidLayerException"):
        push.push(made, "images", "tiny-1", Refusing(ecr))
