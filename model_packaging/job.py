"""A model folder to what a Batch job runs: job.tar.gz with the folder's files and our host, and how it starts."""

from pathlib import Path

from model_packaging import hosts, manifest
from model_packaging.archive import write_tar
from model_packaging.artifact import (
    HOST_MODULES,
    HOST_PACKAGE,
    ArtifactIdentity,
    ModelArtifact,
    assemble,
    distinct,
    identity,
)
from model_packaging.manifest import Entry
from model_packaging.model import Model
from model_packaging.prepare import prepare

JOB = "job.tar.gz"
JOB_MODULES = ("batch", *(name for name in HOST_MODULES if name not in ("aws_lambda", "events")))


def build_job(model: Model, base: Path, cache: Path) -> ModelArtifact:
    """job.tar.gz: the folder's files as they lie, and our host; the container installs requirements.txt.

    Raises `InvalidModel`, `PrepareFailed`, `BuildFailed`.
    """
    return assemble(model, JOB, job_entries(model, base), cache, write_tar)


def identify_job(model: Model, base: Path) -> ArtifactIdentity:
    """What `build_job` would make, without packing it. Makes missing weights."""
    return identity(model, JOB, job_entries(model, base))


def job_entries(model: Model, base: Path) -> list[Entry]:
    """The files of job.tar.gz."""
    prepare(model, base)
    source = Path(hosts.__file__).parent
    host = [manifest.read(f"{HOST_PACKAGE}/{name}.py", source / f"{name}.py") for name in JOB_MODULES]
    return distinct(model, [*manifest.scan(model, base), *host])


def start_script() -> str:
    """The Python text that starts a job in its container."""
    return (Path(hosts.__file__).parent / "batch_start.py").read_text(encoding="utf-8")
