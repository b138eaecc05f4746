"""Several models' archives side by side, as SageMaker reads them behind one endpoint: one prefix, one file a model."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from model_packaging.artifact import ArtifactIdentity, ModelArtifact, build_archive, identify_archive
from model_packaging.errors import InvalidModel
from model_packaging.model import Model


def target(member: ArtifactIdentity) -> str:
    """The file of a member below the set's prefix: what `TargetModel` takes."""
    return f"{member.model_name}.tar.gz"


@dataclass(frozen=True)
class SetIdentity:
    """Which archives lie together under `name`: known without building them.

    A request names a member by its file, `MODEL.tar.gz`: that stays when the model changes, and the prefix does not.
    """

    name: str
    members: tuple[ArtifactIdentity, ...]

    @property
    def digest(self) -> str:
        """The digest of all members; another version of one of them is another set."""
        digests = {target(member): member.digest for member in self.members}
        return hashlib.sha256(json.dumps(digests, sort_keys=True).encode()).hexdigest()

    @property
    def key(self) -> str:
        """Its prefix in the environment's bucket, with a slash at its end."""
        return f"sets/{self.name}/{self.digest}/"


@dataclass(frozen=True)
class ArtifactSet(SetIdentity):
    """Built archives that lie together."""

    members: tuple[ModelArtifact, ...]

    @property
    def places(self) -> Mapping[str, ModelArtifact]:
        """The members by their files below the prefix."""
        return {target(member): member for member in self.members}


def build_set(
    name: str, models: Sequence[Model], base: Path, cache: Path, runtime: str | None = None
) -> ArtifactSet:
    """The archives of `models`, each built or found. Raises `InvalidModel`, `PrepareFailed`, `BuildFailed`."""
    _distinct(name, models)
    return ArtifactSet(name, tuple(build_archive(model, base, cache, runtime) for model in models))


def identify_set(
    name: str, models: Sequence[Model], base: Path, cache: Path, runtime: str | None = None
) -> SetIdentity:
    """What `build_set` would make, without packing it. Makes missing weights; fetches missing wheels."""
    _distinct(name, models)
    return SetIdentity(name, tuple(identify_archive(model, base, cache, runtime) for model in models))


def _distinct(name: str, models: Sequence[Model]) -> None:
    for model in models:
        same = [other for other in models if other.name == model.name]
        if len(same) > 1:
            raise InvalidModel(
                f"{name} has {len(same)} models in folders named {model.name}, and {model.name}.tar.gz can be one of "
                "them; rename a folder."
            )
