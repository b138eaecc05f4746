"""A model and the image that serves it are one artifact, with one key that tells both."""

from hypothesis import given
from hypothesis import strategies as st

from model_packaging import keys
from model_packaging.artifact import ArtifactIdentity
from model_packaging.hosted import HostedIdentity
from model_packaging.model import NAME


def test_the_key_tells_the_model_and_the_image():
    layer = ArtifactIdentity("tiny", "b" * 64, "sagemaker-python3.12-x86_64.tar.gz")
    both = HostedIdentity(ArtifactIdentity("tiny", "a" * 64, "model.tar.gz"), layer)
    assert both.key == f"models/tiny/{'a' * 64}/model.tar.gz@tiny-{'b' * 64}"
    assert keys.model_key(both.key) == f"models/tiny/{'a' * 64}/model.tar.gz"
    assert keys.image_tag(both.key) == f"tiny-{'b' * 64}"


@given(st.from_regex(NAME, fullmatch=True), st.booleans())
def test_a_key_without_an_image_is_the_models_own(name, uncompressed):
    key = ArtifactIdentity(name, "a" * 64, "" if uncompressed else "model.tar.gz").key
    assert (keys.model_key(key), keys.image_tag(key)) == (key, None)
    assert keys.model_key(keys.hosted(key, f"{name}-1")) == key
