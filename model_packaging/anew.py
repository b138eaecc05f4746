"""Choosing a model's variant again, although profile.json says which it is: `modelyard package --optimize`."""

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

from model_packaging import profile
from model_packaging.errors import InvalidModel, PrepareFailed
from model_packaging.model import Model
from model_packaging.prepare import prepare


def optimise(model: Model, base: Path, output: TextIO | None = None) -> None:
    """Make the weights again, without profile.json, so that the prepare script measures every variant.

    Raises `InvalidModel` for a model without a script or named weights, `PrepareFailed` where the script fails or
    writes no profile.json; weights and profile.json are then what they were.
    """
    model.check(base)
    if model.prepare is None or not model.weights:
        raise InvalidModel(
            f"Model folder {model.path} names no script that makes its weights, so nothing can be optimised; write one "
            "that calls model_packaging.optimize.optimize(..., into=FOLDER) and name both: prepare='export.py', "
            "weights=('model.onnx',)."
        )
    directory = model.directory(base)
    with _aside(directory, (profile.FILE, *model.weights)):
        prepare(model, base, output)
        if profile.read(directory) is None:
            raise PrepareFailed(
                f"{model.path / model.prepare} ended without {profile.FILE}; let it call "
                "model_packaging.optimize.optimize(..., into=its folder)."
            )


@contextlib.contextmanager
def _aside(directory: Path, names: Sequence[str]) -> Iterator[None]:
    """The files under hidden names, which no artifact holds; back in their places where what is done fails."""
    moved = {directory / name: (directory / name).with_name(f".{Path(name).name}.before") for name in names}
    for file, hidden in moved.items():
        if file.is_file():
            file.replace(hidden)
    try:
        yield
    except BaseException:
        for file, hidden in moved.items():
            file.unlink(missing_ok=True)
            if hidden.is_file():
                hidden.replace(file)
        raise
    for hidden in moved.values():
        hidden.unlink(missing_ok=True)
