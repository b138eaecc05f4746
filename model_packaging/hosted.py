"""A model with the image that serves it: two artifacts, of which an endpoint runs the one in the other."""

from dataclasses import dataclass

from model_packaging import keys
from model_packaging.artifact import ArtifactIdentity, ModelArtifact
from model_packaging.functions import ImageArtifact, tag


@dataclass(frozen=True)
class HostedIdentity:
    """Which model is served by which image; `layer` is what of the image is ours."""

    model: ArtifactIdentity
    layer: ArtifactIdentity

    @property
    def key(self) -> str:
        """What tells both."""
        return keys.hosted(self.model.key, tag(self.layer))


@dataclass(frozen=True)
class HostedArtifact(HostedIdentity):
    """Both, built."""

    model: ModelArtifact
    layer: ImageArtifact

    @property
    def members(self) -> tuple[ModelArtifact, ...]:
        """The model's archive: the layer has none of its files."""
        return (self.model,)
