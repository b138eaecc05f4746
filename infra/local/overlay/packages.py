"""What a version of a function is made of, unpacked: a zip, or the layers of a container image."""

import io
import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from moto.awslambda.models import LambdaFunction

from infra.local import layers
from infra.local.overlay import registry
from infra.local.overlay.faults import Fault, NotModelled
from model_packaging.errors import UnpackFailed
from model_packaging.tape import Limits
from model_packaging.unpack import unpack_zip

UNZIPPED = Limits(max_bytes=262_144_000)
TASK_ROOT = "var/task"

RUNTIME = "modelyard.runtime"
"""The label by which an image without AWS's base says which of Lambda's Pythons it is for."""

AWS_ENTRYPOINT = "/lambda-entrypoint.sh"
"""Of AWS's base images: it runs the command as the handler."""

MACHINES = {"x86_64": ("x86_64", "amd64"), "arm64": ("aarch64", "arm64")}


@dataclass(frozen=True)
class Package:
    """A function's folder on this machine, the handler in it, and the runtime that runs it."""

    task_root: Path
    handler: str
    runtime: str
    environment: Mapping[str, str] = field(default_factory=dict)


def unpack(function: LambdaFunction, directory: Path) -> Package:
    """Unpack into `directory` what is not there yet. Raises Fault where the embedded AWS cannot run it."""
    (architecture,) = function.architectures
    if platform.machine().lower() not in MACHINES[architecture]:
        raise NotModelled("lambda", "Invoke", f"of a function for {architecture} on {platform.machine()}")
    return KINDS[function.package_type](function, directory)


def _zip(function: LambdaFunction, directory: Path) -> Package:
    task_root = directory / "task"
    if function.layers:
        raise NotModelled("lambda", "Invoke", "of a function with Layers")
    if not task_root.exists():
        try:
            unpack_zip(io.BytesIO(function.code_bytes), task_root, UNZIPPED)
        except UnpackFailed as error:
            raise Fault(
                502, "InvalidZipFileException", f"Lambda could not unzip the deployment package: {error}"
            ) from error
    return Package(task_root, str(function.handler), str(function.run_time))


def _image(function: LambdaFunction, directory: Path) -> Package:
    root = directory / "image"
    try:
        image = registry.find(
            function.account_id, function.region, function.code["ImageUri"], f"sha256:{function.code_sha_256}"
        )
    except registry.ImageNotFound:
        raise Fault(
            403, "ImageDeleted", f"Lambda does not find the image {function.code['ImageUri']} any more."
        ) from None
    config = image.config.get("config", {})
    handler, runtime = _command(function, config), config.get("Labels", {}).get(RUNTIME)
    if runtime is None:
        raise NotModelled("lambda", "Invoke", f"of an image without the label {RUNTIME}, such as python3.12")
    if not root.exists():
        try:
            layers.unpack(image.layers, root)
        except UnpackFailed as error:
            raise Fault(502, "InvalidImage", f"The image cannot be unpacked: {error}") from error
    task_root = root / TASK_ROOT
    if not task_root.is_dir():
        raise NotModelled("lambda", "Invoke", f"of an image without /{TASK_ROOT}")
    variables = (variable.partition("=") for variable in config.get("Env", ()))
    own = {name: value for name, _, value in variables if name not in ("PATH", "LD_LIBRARY_PATH")}
    return Package(task_root, handler, runtime, own)


def _command(function: LambdaFunction, config: Mapping[str, list[str]]) -> str:
    """The handler: the only word that AWS's entry point is given."""
    set_by_function = function.image_config
    entry = set_by_function.entry_point or config.get("Entrypoint") or []
    command = set_by_function.cmd or config.get("Cmd") or []
    if list(entry) not in ([], [AWS_ENTRYPOINT]) or len(command) != 1:
        raise NotModelled("lambda", "Invoke", f"of an image that starts {' '.join([*entry, *command])!r}")
    return str(command[0])


KINDS: Mapping[str, Callable[[LambdaFunction, Path], Package]] = {"Zip": _zip, "Image": _image}
