"""What `optimize` is asked for, checked before anything is measured: that takes minutes, and is written at the end."""

import math
from collections.abc import Collection, Sequence
from numbers import Real
from pathlib import Path
from typing import Any

from model_packaging import profile
from model_packaging.errors import InvalidModel
from model_packaging.model import HANDLER
from model_packaging.optimize.calibration import Calibration


def folder(into: str | Path) -> Path:
    """Where the weights and profile.json go. Raises `InvalidModel` for what is no folder."""
    if not isinstance(into, str | Path) or not str(into):
        raise InvalidModel(f"into is {into!r}; give the folder that the weights go into.")
    found = Path(into)
    if not found.is_dir():
        there = "a file" if found.exists() else "not there"
        raise InvalidModel(f"into is {found}, which is {there}; give a folder, and make it before.")
    return found


def file_name(weights: str, into: Path) -> str:
    """The name of the weights in `into`. Raises `InvalidModel` for a path, and for the name of another file there."""
    plain = isinstance(weights, str) and weights not in ("", ".", "..") and not set(weights) & set("/\\\0\n")
    if not plain:
        raise InvalidModel(f"weights is {weights!r}; give a plain file name in {into}, such as 'model.onnx'.")
    if weights in (profile.FILE, HANDLER) or (into / weights).is_dir():
        raise InvalidModel(
            f"weights is {weights!r}, which is something else in {into}; give a name such as 'model.onnx'."
        )
    return weights


def budget(at_least: float) -> float:
    """The mean agreement to keep. Raises `InvalidModel` for what is no number from 0 to 1.

    Single items may agree by less than 0, as a cosine does; a mean below it is no budget that anybody means, and -1
    would let NaN pass.
    """
    number = isinstance(at_least, Real) and not isinstance(at_least, bool)
    if not number or math.isnan(at_least) or not 0 <= at_least <= 1:
        raise InvalidModel(
            f"at_least is {at_least!r}; give a number from 0 to 1, such as 0.99: 1 is the same as the original."
        )
    return float(at_least)


def variants(asked: Sequence[str], known: Collection[str]) -> list[str]:
    """Their names. Raises `InvalidModel` for one that is not known."""
    if isinstance(asked, str) or not isinstance(asked, Collection):
        raise InvalidModel(f"variants is {asked!r}; give a list of some of {', '.join(known)}.")
    unknown = [name for name in asked if name not in list(known)]
    if unknown:
        raise InvalidModel(f"Variant {unknown[0]!r} is not known; write some of {', '.join(known)}.")
    return list(asked)


def model(source: Any, calibration: Any) -> None:
    """Raises `InvalidModel` where the two are something else, such as a path and a list."""
    if not callable(getattr(source, "sha256", None)) or not callable(getattr(source, "export", None)):
        raise InvalidModel(
            f"The source is {source!r:.80}; give an OnnxFile, a TorchModule, an Estimator or what hugging_face() gives."
        )
    if not isinstance(calibration, Calibration):
        raise InvalidModel(
            f"The calibration set is a {type(calibration).__name__}; write Calibration([...]) with requests, each a "
            "mapping from the name of an input to an array (items, ...)."
        )
