"""modelyard package: a model folder into what AWS runs."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from infra.cli import console, containers, variants
from infra.cli.options import AsJson, here, open_stack
from infra.errors import Misuse
from model_packaging import Model, origins, profile

if TYPE_CHECKING:
    from model_packaging.artifact import ModelArtifact
    from model_packaging.profile import Profile

    Built = tuple[ModelArtifact, Path]


def register(application: typer.Typer) -> None:
    """Add the verb."""
    application.command()(package)


def package(
    what: Annotated[
        str,
        typer.Argument(
            metavar="STACK|DIR",
            help="A stack (with --env), or a model folder; with --to an ONNX file or a Hugging Face folder.",
        ),
    ],
    env: Annotated[
        str | None, typer.Option("--env", metavar="NAME", help="stacks/environments/NAME.toml.")
    ] = None,
    upload: Annotated[bool, typer.Option("--upload", help="Put it in the environment's bucket.")] = False,
    weights: Annotated[
        list[str] | None,
        typer.Option("--weights", metavar="FILE", help="Of a folder: a file it cannot do without."),
    ] = None,
    prepare: Annotated[
        str | None,
        typer.Option("--prepare", metavar="FILE", help="Of a folder: the script that makes its weights."),
    ] = None,
    container: Annotated[
        str | None,
        typer.Option(
            "--container",
            metavar="KIND",
            help="Of a folder, with --out: an image for sagemaker, batch or lambda.",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="OUT", help="The folder for the image's Dockerfile and layer."),
    ] = None,
    to: Annotated[
        Path | None,
        typer.Option(
            "--to",
            metavar="FOLDER",
            help="Write a model folder there first, of an .onnx file or a Hugging Face folder.",
        ),
    ] = None,
    optimize: Annotated[
        bool,
        typer.Option("--optimize", help="Let the scripts measure every variant anew, and keep the best."),
    ] = False,
    json: AsJson = False,
) -> None:
    """Build the artifacts: digest, size, files and measured latency; or what an image of one's own is built from."""
    image = containers.wanted(container, out, upload)
    if to is not None:
        if env is not None or weights or prepare or optimize or upload:
            raise Misuse(
                "--to writes a model folder with weights; leave out --env, --weights, --prepare, --optimize, --upload."
            )
        here()  # before anything is written: without a project the artifact has no place
        what, weights = _written(Path(what), to)
    if image is not None:
        containers.write(what, env, *image, tuple(weights or ()), prepare)
        return
    if env is None and Path(what).is_dir():
        if upload:
            raise Misuse(
                f"{what} is a folder, and belongs to no environment; to upload name a stack and --env."
            )
        built = _folder(Path(what).resolve(), tuple(weights or ()), prepare, optimize)
    elif env is None:
        known = origins.remedy(Path(what))
        raise Misuse(
            f"{what!r} is no folder, and a stack needs its environment; write --env NAME."
            if known is None
            else f"{what} {known}."
        )
    elif weights or prepare:
        raise Misuse(
            f"{what!r} is a stack, which names its weights itself; leave out --weights and --prepare."
        )
    else:
        built = _stack(what, env, upload, optimize)
    profiles = {directory: profile.read(directory) for _, directory in built}
    for found in profiles.values():
        if found is not None:
            variants.show(found)
    data = [_data(artifact, directory, profiles[directory]) for artifact, directory in built]
    if json:
        console.put_json(data)
        return
    for item in data:
        console.put(f"{item['model']}/{item['key'].split('/', 3)[-1]}")  # models/MODEL/DIGEST/FILE
        for line in _lines(item):
            console.put(f"  {line}")


def _written(source: Path, to: Path) -> tuple[str, list[str]]:
    """The model folder that is made of what lies at `source`, and its weights."""
    from model_packaging import folders

    model = folders.from_path(source, to)
    console.say(
        f"{to} is a model folder; in a stack: Model({str(to)!r}, framework='onnx', weights={model.weights})"
    )
    return str(to), list(model.weights)


def _folder(directory: Path, weights: tuple[str, ...], prepare: str | None, optimize: bool) -> "list[Built]":
    from model_packaging import anew
    from model_packaging.artifact import build_archive

    # The framework decides the image, not the artifact.
    model = Model(directory, framework="onnx", weights=weights, prepare=prepare)
    if optimize:
        anew.optimise(model, directory.parent)
    return [(build_archive(model, directory.parent, here().artifacts), directory)]


def _stack(name: str, env: str, upload: bool, optimize: bool) -> "list[Built]":
    from infra.operations import artifacts
    from model_packaging import anew

    project, stack = open_stack(name, env)
    if optimize:
        for model in dict.fromkeys(model for workload in stack.workloads for model in workload.models):
            anew.optimise(model, stack.base)
    built = artifacts.build(stack, project.artifacts)
    if upload:
        from infra.connection import connect
        from infra.operations import deploy

        connection = connect(stack.environment, project)
        connection.check_account()
        deploy.stage(stack, built, connection, project, console.say, meter=console.meter)
    return [
        (artifact, model.directory(stack.base))
        for workload in stack.workloads
        for artifact, model in zip(built[workload.name].members, workload.models, strict=True)
    ]


def _data(artifact: "ModelArtifact", directory: Path, profile: "Profile | None") -> dict[str, Any]:
    from model_packaging import latency
    from model_packaging.artifact import ARCHIVE

    request = latency.sample(directory)
    # An archive with packages in it has those for the Python of AWS's image, which need not load in this one; nor
    # do those of a function for another processor.
    packed = artifact.filename == ARCHIVE and any(".dist-info/" in entry.path for entry in artifact.entries)
    source = directory if packed or latency.is_foreign(artifact.entries) else artifact.file
    measured = None if request is None else asdict(latency.measure(source, request, entries=artifact.entries))
    return {
        "model": artifact.model_name,
        "digest": artifact.digest,
        "key": artifact.key,
        "file": str(artifact.file),
        "size_bytes": artifact.size_bytes,
        "unpacked_bytes": artifact.unpacked_bytes,
        "files": [entry.path for entry in artifact.entries],
        "latency": measured,
        "profile": None if profile is None else {**asdict(profile), "summary": variants.sentence(profile)},
    }


def _lines(item: Mapping[str, Any]) -> list[str]:
    measured = item["latency"]
    size, unpacked = item["size_bytes"] / 1e6, item["unpacked_bytes"] / 1e6
    return [
        f"sha256 {item['digest']}",
        f"{size:.1f} MB, unpacked {unpacked:.1f} MB, {len(item['files'])} files",
        "latency unknown: the folder has no sample.json with an example request"
        if measured is None
        else f"p50 {measured['p50_ms']:.1f} ms, p99 {measured['p99_ms']:.1f} ms on this machine, "
        f"{measured['runs']} requests of sample.json, one after the other; loaded in {measured['load_ms']:.0f} ms",
        *([item["profile"]["summary"]] if item["profile"] else []),
        item["file"],
    ]
