"""What an image of ours says besides its files: once, for its Dockerfile and for what is made without Docker."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from model_packaging.functions import LAMBDA_HANDLER, TASK_ROOT, Kind

PLATFORMS = {"x86_64": "amd64", "arm64": "arm64"}
"""What container images call Lambda's architectures."""

RUNTIME = "modelyard.runtime"
"""A label: the runtime that the packages of the layer are for."""

HOME = "opt/modelyard"
"""Where what is ours lies in an image for SageMaker or Batch."""

PORT = 8080
CAPABILITIES = "com.amazonaws.sagemaker.capabilities"
NOBODY = "65534:65534"
"""By number: a name need not be in the base's list of users."""


@dataclass(frozen=True)
class Recipe:
    """How the container starts; lists of words and never a shell's line, so that SIGTERM reaches the host itself.

    `entrypoint` and `user` None are the base's own. `why` is a comment on the user, a line each.
    """

    why: tuple[str, ...]
    command: tuple[str, ...]
    folder: str
    entrypoint: tuple[str, ...] | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    port: int | None = None
    user: str | None = None


PYTHON = {"PYTHONPATH": f"/{HOME}", "PYTHONUNBUFFERED": "1"}

RECIPES: Mapping[Kind, Recipe] = {
    "lambda": Recipe(
        why=("No USER: Lambda runs every image as a user of its own, who may write to /tmp only.",),
        command=(LAMBDA_HANDLER,),
        folder=f"/{TASK_ROOT}",
    ),
    "sagemaker": Recipe(
        why=(
            "No USER: SageMaker runs the container as root, and what it puts below /opt/ml is root's.",
            "The model is not in it: SageMaker unpacks ModelDataUrl at /opt/ml/model.",
        ),
        entrypoint=("python3", "-m", "model_packaging.hosts.sagemaker"),
        command=("serve",),
        folder=f"/{HOME}",
        environment=PYTHON,
        labels={f"{CAPABILITIES}.accept-bind-to-port": "true", f"{CAPABILITIES}.multi-models": "true"},
        port=PORT,
    ),
    "batch": Recipe(
        why=(
            "The job's files are not in it: MODELYARD_ARTIFACT names them, and they are verified before they run.",
        ),
        command=("python3", f"/{HOME}/start.py"),
        folder="/tmp",  # noqa: S108  the one folder of a container that nobody in particular may write to
        environment=PYTHON,
        user=NOBODY,
    ),
}


def dockerfile(recipe: Recipe, base: str, architecture: str, layer: str, runtime: str) -> str:
    """The text of a Dockerfile beside the file `layer`; `base` is the base's reference."""
    labels = {RUNTIME: runtime, **recipe.labels}
    lines = [
        *(f"# {line}" for line in recipe.why),
        f"FROM --platform=linux/{PLATFORMS[architecture]} {base}",
        f"ADD {layer} /",
        *(f'LABEL {name}="{value}"' for name, value in labels.items()),
        *(f'ENV {name}="{value}"' for name, value in recipe.environment.items()),
        f"WORKDIR {recipe.folder}",
        *([f"EXPOSE {recipe.port}"] if recipe.port else []),
        *([f"USER {recipe.user}"] if recipe.user else []),
        *([f"ENTRYPOINT {json.dumps(recipe.entrypoint)}"] if recipe.entrypoint else []),
        f"CMD {json.dumps(recipe.command)}",
    ]
    return "\n".join(lines) + "\n"


def settings(recipe: Recipe, inherited: Mapping[str, Any], runtime: str) -> dict[str, Any]:
    """The `config` of an image's configuration (OCI Image Specification), over that of its base."""
    kept = dict(line.split("=", 1) for line in inherited.get("Env") or ())
    environment = {**kept, **recipe.environment}
    made = {
        **inherited,
        "Env": [f"{name}={value}" for name, value in environment.items()],
        "WorkingDir": recipe.folder,
        "Cmd": list(recipe.command),
        "Labels": {**(inherited.get("Labels") or {}), RUNTIME: runtime, **recipe.labels},
    }
    if recipe.entrypoint:
        made["Entrypoint"] = list(recipe.entrypoint)
    if recipe.user:
        made["User"] = recipe.user
    if recipe.port:
        made["ExposedPorts"] = {f"{recipe.port}/tcp": {}}
    return made
