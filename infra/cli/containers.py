"""modelyard package --container: what `docker build` is given for an image of one's own."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from infra.cli import console
from infra.cli.options import here
from infra.errors import Misuse
from model_packaging import Model

if TYPE_CHECKING:
    from collections.abc import Mapping

    from model_packaging.functions import Kind


OPTIONS: "Mapping[Kind, str]" = {"sagemaker": "--provenance=false --output type=docker "}
"""Without them Docker makes a manifest of OCI's, which SageMaker refuses (aws/amazon-sagemaker-feedback #180)."""


def wanted(kind: str | None, out: Path | None, upload: bool) -> tuple["Kind", Path] | None:
    """The kind of image and its folder, where one is asked for. Raises `Misuse` for half of that."""
    from model_packaging.containers import TARGETS

    if kind is None and out is None:
        return None
    if kind is None or out is None:
        raise Misuse("An image has a kind and a folder; write --container KIND --out OUT.")
    chosen = next((one for one in TARGETS if one == kind), None)
    if chosen is None:
        raise Misuse(f"{kind!r} is no kind of image; write one of {', '.join(TARGETS)}.")
    if upload:
        raise Misuse("An image of one's own is pushed by Docker, and not uploaded; leave out --upload.")
    return chosen, out


def write(
    what: str, env: str | None, chosen: "Kind", out: Path, weights: tuple[str, ...], prepare: str | None
) -> None:
    """Write the Dockerfile and the layer of a model folder's image into `out`."""
    from model_packaging.containers import build_container, write_context

    directory = Path(what).resolve()
    if env is not None or not directory.is_dir():
        raise Misuse(
            f"An image is made of a model folder, and {what!r} is none or has --env; name the folder alone."
        )
    if out.resolve().is_relative_to(directory):
        raise Misuse(f"{out} lies in the model's folder, and would be packed with it; name another folder.")
    # The framework decides the image of AWS's, and this is one's own.
    model = Model(directory, framework="onnx", weights=weights, prepare=prepare)
    made = build_container(chosen, model, directory.parent, here().artifacts)
    console.put(str(write_context(made, out)))
    console.put(
        f"  {made.filename}: {made.size_bytes / 1e6:.1f} MB, unpacked {made.unpacked_bytes / 1e6:.1f} MB"
    )
    options = OPTIONS.get(chosen, "")
    console.say(f"Build it with: docker build {options}--tag {made.tag[:60]} {shlex.quote(str(out))}")
