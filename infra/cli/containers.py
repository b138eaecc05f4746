"""modelyard package --container: what `docker build` is given for an image of one's own."""

from pathlib import Path

from infra.cli import console
from infra.cli.options import here
from infra.errors import Misuse
from model_packaging import Model


def write(
    what: str,
    env: str | None,
    kind: str | None,
    out: Path | None,
    weights: tuple[str, ...],
    prepare: str | None,
) -> None:
    """Write the Dockerfile and the layer of a model folder's image into `out`."""
    from model_packaging.containers import TARGETS, build_container, write_context

    if kind is None or out is None:
        raise Misuse("An image has a kind and a folder; write --container KIND --out OUT.")
    chosen = next((one for one in TARGETS if one == kind), None)
    if chosen is None:
        raise Misuse(f"{kind!r} is no kind of image; write one of {', '.join(TARGETS)}.")
    directory = Path(what).resolve()
    if env is not None or not directory.is_dir():
        raise Misuse(
            f"An image is made of a model folder, and {what!r} is none or has --env; name the folder alone."
        )
    # The framework decides the image of AWS's, and this is one's own.
    model = Model(directory, framework="onnx", weights=weights, prepare=prepare)
    made = build_container(chosen, model, directory.parent, here().artifacts)
    console.put(str(write_context(made, out)))
    console.put(
        f"  {made.filename}: {made.size_bytes / 1e6:.1f} MB, unpacked {made.unpacked_bytes / 1e6:.1f} MB"
    )
    console.say(f"Build it with: docker build --tag {made.tag[:60]} {out}")
