"""What an endpoint's model is called in the environment's bucket, where the deploy makes the image that serves it.

The key of both is the model's, and the image's tag behind it: `models/MODEL/DIGEST/model.tar.gz@MODEL-DIGEST`.
"""

SEPARATOR = "@"
"""In no model's name (`model.NAME`), and in no name of a file of ours."""


def hosted(model: str, tag: str) -> str:
    """The key of a model that is served by the image with that tag."""
    return f"{model}{SEPARATOR}{tag}"


def model_key(key: str) -> str:
    """The model's own key in the bucket, of any artifact's key."""
    return key.partition(SEPARATOR)[0]


def image_tag(key: str) -> str | None:
    """The tag of the image that the model is served by; None where the deploy makes none."""
    return key.partition(SEPARATOR)[2] or None
