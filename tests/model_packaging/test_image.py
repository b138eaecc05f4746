"""A layer on its base becomes an image that is the same, byte for byte, every time."""

import dataclasses
import gzip
import hashlib
import json
from pathlib import Path

import pytest

from model_packaging import image
from model_packaging.functions import Target, build_function
from model_packaging.image import EMPTY, Base, Blob


@pytest.fixture
def layer(make_model, tmp_path, cache):
    return build_function(make_model(), tmp_path, cache, Target(package="image"))


def test_the_manifest_names_the_exact_bytes_of_config_and_layer(layer):
    made = image.compose(layer, EMPTY)
    manifest, config = json.loads(made.manifest), json.loads(made.config)
    packed = layer.file.read_bytes()
    assert made.digest == f"sha256:{hashlib.sha256(made.manifest).hexdigest()}"
    assert manifest["config"] == {
        "mediaType": "application/vnd.oci.image.config.v1+json",
        "digest": f"sha256:{hashlib.sha256(made.config).hexdigest()}",
        "size": len(made.config),
    }
    assert manifest["layers"] == [
        {
            "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip",
            "digest": f"sha256:{hashlib.sha256(packed).hexdigest()}",
            "size": len(packed),
        }
    ]
    assert config["rootfs"]["diff_ids"] == [f"sha256:{hashlib.sha256(gzip.decompress(packed)).hexdigest()}"]
    assert config["config"]["Cmd"] == ["modelyard_host.aws_lambda.handler"]
    assert (config["architecture"], config["os"]) == ("amd64", "linux")
    assert config["config"]["Labels"] == {"modelyard.runtime": "python3.11"}


def test_the_same_content_is_the_same_image(make_model, tmp_path):
    digests = set()
    for number in range(2):
        made = build_function(make_model(), tmp_path, tmp_path / f"cache{number}", Target(package="image"))
        digests.add(image.compose(made, EMPTY).digest)
    assert len(digests) == 1


def test_it_keeps_what_the_base_says(layer):
    config = {
        "architecture": "amd64",
        "config": {"Entrypoint": ["/lambda-entrypoint.sh"], "Env": ["A=1"], "Labels": {"by": "aws"}},
        "rootfs": {"type": "layers", "diff_ids": ["sha256:below"]},
        "history": [{"created_by": "aws"}],
    }
    made = image.compose(layer, Base(config, (Blob("sha256:base", 3, Path("unread")),)))
    composed, manifest = json.loads(made.config), json.loads(made.manifest)
    assert composed["config"]["Entrypoint"] == ["/lambda-entrypoint.sh"]
    assert composed["config"]["Env"] == ["A=1"]
    assert composed["config"]["Labels"] == {"by": "aws", "modelyard.runtime": "python3.11"}
    assert composed["rootfs"]["diff_ids"][0] == "sha256:below"
    assert len(composed["rootfs"]["diff_ids"]) == len(composed["history"]) == len(manifest["layers"]) == 2
    assert manifest["layers"][0]["digest"] == "sha256:base"


def test_the_dockerfile_says_the_same(make_model, tmp_path, cache):
    made = build_function(make_model(), tmp_path, cache, Target("python3.12", "arm64", "image"))
    assert image.dockerfile(made, "public.ecr.aws/lambda/python:3.12") == (
        "# No USER: Lambda runs every image as a user of its own, who may write to /tmp only.\n"
        "FROM --platform=linux/arm64 public.ecr.aws/lambda/python:3.12\n"
        "ADD function-python3.12-arm64.tar.gz /\n"
        'LABEL modelyard.runtime="python3.12"\n'
        "WORKDIR /var/task\n"
        'CMD ["modelyard_host.aws_lambda.handler"]\n'
    )


def test_sagemaker_takes_no_manifest_of_ocis(layer):
    served = image.compose(dataclasses.replace(layer, kind="sagemaker"), Base())
    manifest = json.loads(served.manifest)
    assert (
        manifest["mediaType"] == served.media_type == "application/vnd.docker.distribution.manifest.v2+json"
    )
    assert manifest["config"]["mediaType"] == "application/vnd.docker.container.image.v1+json"
    assert [one["mediaType"] for one in manifest["layers"]] == [
        "application/vnd.docker.image.rootfs.diff.tar.gzip"
    ]
    assert image.compose(layer, EMPTY).media_type == "application/vnd.oci.image.manifest.v1+json"
