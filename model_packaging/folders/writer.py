"""Writing a model folder: all of it, once its graph is seen to answer as the original does."""

import json
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model_packaging.errors import BuildFailed, InvalidModel
from model_packaging.folders import onnx_file, trial
from model_packaging.manifest import SAMPLE
from model_packaging.model import HANDLER, NAME, REQUIREMENTS, Model
from model_packaging.optimize import graph
from model_packaging.optimize.runtime import Session

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from model_packaging.optimize.calibration import Feed
    from model_packaging.optimize.sources import Source

GRAPH = "model.onnx"
HANDLERS = Path(__file__).parent / "handlers"

NEWEST = ("onnxruntime==1.23.2", "numpy==2.3.5")
OLDEST = ("onnxruntime==1.16.3", "numpy==1.26.4")
"""The last for glibc 2.26, which Lambda's python3.11 has; it knows fewer operators (`graph.newer`)."""


def write(
    source: "Source",
    into: str | Path,
    handler: str,
    *,
    example: "Feed | None" = None,
    sample: Any = None,
    files: Mapping[str, str | Path] | None = None,
    packages: tuple[str, ...] = (),
) -> Model:
    """Write `source` into the folder `into`, which must be new or empty, to be run by `handler`.

    `example` has the inputs of several items, `sample` is a request for sample.json (made here for an ONNX file),
    `files` are texts to write and files to copy, by their names, and `packages` are requirements besides ONNX Runtime.
    Raises `InvalidModel` for a place that is taken or a model that takes one number of items only, or mixes them;
    `BuildFailed` for a source that cannot be converted or then answers otherwise.
    """
    into = Path(into)
    target = into.resolve()
    _check_place(target, into)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    except OSError as error:
        raise BuildFailed(f"{into} cannot be made: {error.strerror or error}.") from error
    try:
        answer = source.answer()
        # Before the export, which takes many times as long.
        tried = [] if answer is None or example is None else trial.tried(answer, example)
        source.export(scratch / GRAPH)
        _check_answers(scratch / GRAPH, tried)
        if answer is None:
            sample = onnx_file.sample(scratch, HANDLERS / f"{handler}.py", example)
        shutil.copyfile(HANDLERS / f"{handler}.py", scratch / HANDLER)
        (scratch / REQUIREMENTS).write_text(_requirements(scratch / GRAPH, packages), encoding="utf-8")
        for name, content in (files or {}).items():
            if isinstance(content, Path):
                shutil.copyfile(content, scratch / name)
            else:
                (scratch / name).write_text(content, encoding="utf-8")
        if sample is not None:
            (scratch / SAMPLE).write_text(json.dumps(sample), encoding="utf-8")
        scratch.chmod(0o755)  # as mkdir makes them; mkdtemp's is for its owner only
        scratch.replace(target)
    except OSError as error:
        raise BuildFailed(f"{into} cannot be written: {error.strerror or error}.") from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return Model(into, framework="onnx", weights=(GRAPH,))


def _check_place(target: Path, into: Path) -> None:
    if NAME.fullmatch(target.name) is None:
        raise InvalidModel(
            f"{into} cannot be a model folder's name; allowed are letters, digits, '.', '_' and '-', at most 63, a "
            "letter or digit first."
        )
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise InvalidModel(f"{into} is there already, and not empty; name a new folder, or remove it first.")


def _check_answers(file: Path, tried: "Iterable[tuple[Feed, NDArray[np.float64]]]") -> None:
    """Raise `BuildFailed` where the graph does not answer as the original does."""
    session = Session(file)
    for feed, expected in tried:
        try:
            made = session(feed)
        except InvalidModel as error:
            raise BuildFailed(f"The converted model fails where the original answers: {error}") from error
        if made.shape != expected.shape:
            raise BuildFailed(
                f"The converted model answers {made.shape} to {trial.count(feed)} items where the original answers "
                f"{expected.shape}; the first axis has to be the items, in any number."
            )
        if not trial.alike(made, expected):
            raise BuildFailed(
                "The converted model answers otherwise than the original, by up to "
                f"{trial.furthest(made, expected):g}."
            )


def _requirements(file: Path, packages: tuple[str, ...]) -> str:
    newer = graph.newer(graph.load(file))
    if newer:
        lines = [
            f"# It needs ONNX Runtime 1.17 or newer ({newer[0]}), so not Lambda's python3.11, whose glibc is 2.26.",
            *NEWEST,
        ]
    else:
        lines = [
            "# Lambda's python3.11 has glibc 2.26, for which ONNX Runtime 1.16.3 is the last.",
            *(f'{pin}; python_version < "3.12"' for pin in OLDEST),
            *(f'{pin}; python_version >= "3.12"' for pin in NEWEST),
        ]
    return "\n".join([*lines, *packages]) + "\n"
