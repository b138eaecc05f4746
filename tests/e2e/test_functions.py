"""Functions from deploy to destroy: a container image, concurrency that is ready, and a URL that streams."""

import base64
import http.client
import json
import runpy
from urllib.parse import urlsplit

import boto3
import pytest

from tests.e2e.conftest import CLONE, REGION

pytestmark = [pytest.mark.e2e, pytest.mark.drill]

WHOLE, STREAMED = "local-answers-whole", "local-answers-streamed"
SIGNED = {"Authorization": "AWS4-HMAC-SHA256 Credential=any/20260101/us-east-1/lambda/aws4_request, ..."}


@pytest.fixture(scope="module")
def deployed(yard):
    """The stack with its URL open to anybody; taken down afterwards whatever happened."""
    write(yard, "FunctionUrl(streaming=True", "FunctionUrl(public=True, streaming=True")
    result = yard.run("deploy", "answers", "--env", "local", "--yes")
    try:
        yield result
    finally:
        yard.run("destroy", "answers", "--env", "local", "--yes")
        assert yard.census() == []


@pytest.fixture(scope="module")
def aws(yard, deployed) -> "Aws":
    """Clients of what is deployed; where the embedded AWS is is asked once."""
    return Aws(yard.endpoint_url)


class Aws:
    """Plain boto3, told only where, and any credentials."""

    def __init__(self, endpoint_url: str) -> None:
        self.endpoint_url = endpoint_url

    def client(self, service: str):
        return boto3.client(
            service,
            endpoint_url=self.endpoint_url,
            region_name=REGION,
            aws_access_key_id="any",
            aws_secret_access_key="any",
        )


@pytest.fixture(scope="module")
def changed(yard, deployed):
    """Another model, and a URL for signed callers only, as one update."""
    write(yard, "FunctionUrl(public=True, streaming=True", "FunctionUrl(streaming=True")
    handler = yard.root / "stacks" / "models" / "digits" / "inference.py"
    handler.write_text(handler.read_text().replace('"digit": int', '"model": 2, "digit": int'))
    return yard.run("deploy", "answers", "--env", "local", "--yes")


@pytest.fixture(scope="module")
def held_out():
    """Images that the training script keeps apart, and what they show."""
    images, labels = runpy.run_path(str(CLONE / "stacks" / "models" / "digits" / "train.py"))["held_out"]()
    return images[:100].tolist(), labels[:100].tolist()


def write(yard, before: str, after: str) -> None:
    file = yard.root / "stacks" / "answers.py"
    assert before in file.read_text()
    file.write_text(file.read_text().replace(before, after))


def invoke(aws: Aws, function: str, images: list) -> list:
    answer = aws.client("lambda").invoke(
        FunctionName=function, Qualifier="live", Payload=json.dumps({"images": images}), LogType="Tail"
    )
    payload = answer["Payload"].read()
    assert "FunctionError" not in answer, payload + base64.b64decode(answer["LogResult"])
    return json.loads(payload)


def call(aws: Aws, images: list, **headers: str) -> tuple[int, str, list]:
    """A request to the URL over HTTP: the status, the content type and the lines of the answer."""
    found = aws.client("lambda").get_function_url_config(FunctionName=STREAMED, Qualifier="live")
    address = urlsplit(aws.endpoint_url)
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=30)
    given = {"Host": urlsplit(found["FunctionUrl"]).netloc, "Content-Type": "application/json", **headers}
    connection.request("POST", "/", json.dumps({"images": images}), given)
    answer = connection.getresponse()
    return (
        answer.status,
        answer.getheader("Content-Type"),
        [json.loads(line) for line in answer.read().splitlines()],
    )


def test_both_functions_read_the_held_out_digits(aws, held_out):
    images, labels = held_out
    for function in (WHOLE, STREAMED):
        read = [item["digit"] for item in invoke(aws, function, images)]
        assert sum(one == other for one, other in zip(read, labels, strict=True)) >= 95


def test_one_of_them_is_an_image_that_was_pushed_without_docker(yard, deployed, aws):
    functions, ecr = aws.client("lambda"), aws.client("ecr")
    found = functions.get_function(FunctionName=WHOLE, Qualifier="live")
    tag = found["Code"]["ImageUri"].split(":")[-1]
    assert found["Configuration"]["PackageType"] == "Image"
    assert found["Configuration"]["EphemeralStorage"] == {"Size": 1024}
    (image,) = ecr.describe_images(repositoryName="modelyard-local", imageIds=[{"imageTag": tag}])[
        "imageDetails"
    ]
    assert image["imageDigest"] == f"sha256:{found['Configuration']['CodeSha256']}"
    (repository,) = ecr.describe_repositories(repositoryNames=["modelyard-local"])["repositories"]
    assert repository["imageTagMutability"] == "IMMUTABLE"
    assert repository["imageScanningConfiguration"] == {"scanOnPush": True}
    assert f"modelyard-local:{tag}" in deployed.stderr
    (dockerfile,) = {
        file for file in (yard.root / ".modelyard" / "artifacts").glob(f"{tag.split('-')[-1]}/Dockerfile")
    }
    first = next(line for line in dockerfile.read_text().splitlines() if not line.startswith("#"))
    assert first == "FROM --platform=linux/amd64 public.ecr.aws/lambda/python:3.11"


def test_the_alias_is_kept_ready_and_scales(aws):
    functions, scaling = aws.client("lambda"), aws.client("application-autoscaling")
    ready = functions.get_provisioned_concurrency_config(FunctionName=STREAMED, Qualifier="live")
    assert (ready["Status"], ready["AvailableProvisionedConcurrentExecutions"]) == ("READY", 1)
    (target,) = scaling.describe_scalable_targets(ServiceNamespace="lambda")["ScalableTargets"]
    assert target["ResourceId"] == f"function:{STREAMED}:live"
    assert (target["MinCapacity"], target["MaxCapacity"]) == (1, 2)


def test_a_public_url_streams_to_anybody(aws, held_out):
    images, labels = held_out
    status, content_type, lines = call(aws, images[:5])
    assert (status, content_type) == (200, "application/x-ndjson")
    assert [line["digit"] for line in lines] == [int(one) for one in labels[:5]]


def test_a_second_plan_has_no_changes(yard, deployed):
    assert "no changes" in yard.run("plan", "answers", "--env", "local").stdout


def test_another_model_is_rolled_out_to_both(aws, changed, held_out):
    images, _ = held_out
    assert "0 to destroy" in changed.stdout
    for function in (WHOLE, STREAMED):
        assert {item["model"] for item in invoke(aws, function, images)} == {2}
    ready = aws.client("lambda").get_provisioned_concurrency_config(FunctionName=STREAMED, Qualifier="live")
    assert ready["Status"] == "READY"


def test_what_is_public_no_more_lets_nobody_in(aws, changed, held_out):
    functions = aws.client("lambda")
    with pytest.raises(functions.exceptions.ResourceNotFoundException):
        functions.get_policy(FunctionName=STREAMED, Qualifier="live")
    images, labels = held_out
    assert call(aws, images[:1])[0] == 403
    assert call(aws, images[:1], **SIGNED)[2][0]["digit"] == int(labels[0])


def test_a_url_that_becomes_public_again_lets_anybody_in(yard, aws, changed, held_out):
    """The provider adds its statement to a new URL only; this one is updated."""
    write(yard, "FunctionUrl(streaming=True", "FunctionUrl(public=True, streaming=True")
    assert "0 to destroy" in yard.run("deploy", "answers", "--env", "local", "--yes").stdout
    images, labels = held_out
    assert call(aws, images[:1])[2][0]["digit"] == int(labels[0])


def test_a_function_that_was_an_image_and_becomes_a_zip_takes_all_of_its_with_it(
    yard, aws, changed, held_out
):
    """AWS has no update from one to the other: another function of the same name, with another alias and URL."""
    write(yard, 'package="image"', 'package="zip", provisioned_concurrency=1')
    write(yard, "url=None", "url=FunctionUrl()")
    yard.run("deploy", "answers", "--env", "local", "--yes")
    write(yard, 'package="zip"', 'package="image"')
    replaced = yard.run("deploy", "answers", "--env", "local", "--yes").stdout
    assert "4 to add, 0 to change, 4 to destroy (4 replaced)" in replaced
    images, labels = held_out
    assert invoke(aws, WHOLE, images[:1])[0]["digit"] == int(labels[0])
    assert "no changes" in yard.run("plan", "answers", "--env", "local").stdout
