"""Functions as a zip or as the layer of an image; both have the same files, and building agrees with identifying."""

import os
import tarfile
import zipfile

import pytest

from model_packaging.errors import BuildFailed
from model_packaging.functions import (
    LAYER_LIMIT_BYTES,
    UNZIPPED_LIMIT_BYTES,
    ImageArtifact,
    Target,
    build_function,
    chosen,
    function_entries,
    identify_function,
)
from model_packaging.manifest import Entry

IMAGE = Target(package="image")


@pytest.fixture
def large(make_model, tmp_path):
    """A model that no zip of Lambda's takes; sparse: no disk."""
    model = make_model({"model.bin": b""})
    os.truncate(tmp_path / "models/tiny/model.bin", UNZIPPED_LIMIT_BYTES)
    return model


def test_a_layer_has_the_files_of_the_zip_where_lambda_has_them(make_model, tmp_path, cache):
    model = make_model({"model.bin": b"weights"})
    zipped, layer = (build_function(model, tmp_path, cache, target) for target in (Target(), IMAGE))
    with zipfile.ZipFile(zipped.file) as archive, tarfile.open(layer.file) as tar:
        assert [f"var/task/{name}" for name in archive.namelist()] == tar.getnames()
        modes = {member.name: member.mode for member in tar}
    assert modes.pop("var/task/modelyard_host/stream.sh") == 0o755
    assert set(modes.values()) == {0o644}
    assert isinstance(layer, ImageArtifact) and not isinstance(zipped, ImageArtifact)
    assert layer.tag == f"tiny-{layer.digest}"


def test_what_a_zip_cannot_hold_becomes_an_image_by_itself(large, tmp_path, cache):
    assert identify_function(large, tmp_path, cache).filename == "function-python3.11-x86_64.tar.gz"


def test_a_zip_that_was_asked_for_is_refused_above_lambdas_limit(large, tmp_path, cache):
    with pytest.raises(BuildFailed) as refused:
        identify_function(large, tmp_path, cache, Target(package="zip"))
    assert str(refused.value) == (
        "Model tiny is 262 MB unzipped as a function; Lambda allows 262 MB for a zip: write package='image', or "
        "leave package out."
    )


def test_what_no_image_can_hold_is_refused(make_model, tmp_path):
    entry = Entry("model.bin", tmp_path, "0" * 64, LAYER_LIMIT_BYTES + 1)
    with pytest.raises(
        BuildFailed, match=r"9664 MB as a function; Lambda allows 10 GB for a container image"
    ):
        chosen(make_model(), [entry], Target())


@pytest.mark.parametrize(
    "target", [Target(), IMAGE, Target("python3.12"), Target("python3.12", "arm64", "image")]
)
def test_identify_knows_what_build_makes(make_model, tmp_path, cache, target):
    model = make_model()
    known, built = (
        identify_function(model, tmp_path, cache, target),
        build_function(model, tmp_path, cache, target),
    )
    assert (known.key, known.digest) == (built.key, built.digest)


def test_another_runtime_or_architecture_is_another_image(make_model, tmp_path, cache):
    model = make_model()
    targets = [IMAGE, Target("python3.12", package="image"), Target(architecture="arm64", package="image")]
    assert len({identify_function(model, tmp_path, cache, target).digest for target in targets}) == 3


def test_the_host_is_in_both(make_model, tmp_path, cache):
    paths = [entry.path for entry in function_entries(make_model(), tmp_path, cache, Target())]
    assert "modelyard_host/aws_lambda.py" in paths
