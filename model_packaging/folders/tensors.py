"""Models over arrays: an ONNX file, a torch module, a scikit-learn estimator. `handlers/arrays.py` runs them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model_packaging.errors import InvalidModel
from model_packaging.folders.trial import check_numbers
from model_packaging.folders.writer import write
from model_packaging.model import Model
from model_packaging.optimize.calibration import feed_of
from model_packaging.optimize.estimator import Estimator
from model_packaging.optimize.sources import OnnxFile
from model_packaging.optimize.torch_module import TorchModule

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from model_packaging.optimize.calibration import Feed

HANDLER = "arrays"


def from_onnx(
    file: str | Path, into: str | Path, *, example: "Mapping[str, ArrayLike] | None" = None
) -> Model:
    """A folder of an ONNX file; `example` are inputs of one item or more, as it is asked in use.

    Without one it is tried with numbers between 0 and 1, and sample.json has zeros, where it runs with such. Raises
    `InvalidModel` for what is no ONNX file, keeps its weights in others, cannot be loaded, answers NaN or mixes items.
    """
    feed = None if example is None else feed_of(example)
    if feed is not None:
        check_numbers("The example", feed)
    return write(OnnxFile(file), into, HANDLER, example=feed)


def from_torch(
    module: Any,
    example: Mapping[str, Any],
    into: str | Path,
    *,
    output: str = "output",
    sizes: Mapping[int, tuple[str, int | None]] | None = None,
) -> Model:
    """A folder of a torch module; the tensor (items, ...) that it gives first is the answer, named `output`.

    `example` has an array or a tensor (items, ...) for each input by its name, in the order of `forward`, and two
    items at least: their number stays free. `sizes` names further axes that vary, such as {1: ("tokens", 512)}. Raises
    `InvalidModel`, `BuildFailed`.
    """
    source = TorchModule(module, example, output, sizes)
    feed = source.example
    _check_items(feed)
    return write(source, into, HANDLER, example=feed, sample=_sample(feed))


def from_estimator(estimator: Any, sample: "ArrayLike", into: str | Path) -> Model:
    """A folder of a fitted estimator or pipeline over numbers; `sample` are rows (n, features), two at least.

    A classifier answers its probabilities, and the labels where it is asked by name; anything else its prediction.
    Raises `InvalidModel`, and `BuildFailed` for what skl2onnx cannot convert.
    """
    import numpy as np

    try:
        with np.errstate(over="ignore"):
            rows = np.asarray(sample, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise InvalidModel(
            f"The sample is no table of numbers ({' '.join(str(error).split())}), and rows become float32 numbers; fit "
            "and give numbers, and make them of texts or categories outside of the estimator."
        ) from None
    if rows.ndim != 2:
        raise InvalidModel(f"The sample has the shape {rows.shape}; give rows of numbers: (rows, features).")
    example = {Estimator.INPUT: rows}
    _check_items(example)
    if not hasattr(estimator, "predict"):
        raise InvalidModel(f"{type(estimator).__name__} has no predict; give a fitted estimator or pipeline.")
    classes = getattr(estimator, "classes_", None)
    if classes is not None and not hasattr(estimator, "predict_proba"):
        raise InvalidModel(
            f"{type(estimator).__name__} has no predict_proba, which is a classifier's answer; fit it inside of "
            "CalibratedClassifierCV."
        )
    if isinstance(classes, list):
        raise InvalidModel(
            f"{type(estimator).__name__} answers {len(classes)} classes at once; give one estimator for each."
        )
    files = {} if classes is None else {"classes.json": json.dumps(np.asarray(classes).tolist())}
    return write(
        Estimator(estimator, rows.shape[1]),
        into,
        HANDLER,
        example=example,
        sample=_sample(example),
        files=files,
    )


def _check_items(example: "Feed") -> None:
    counts = {name: value.shape[0] if value.ndim else 0 for name, value in example.items()}
    if len(set(counts.values())) != 1 or min(counts.values()) < 2:
        raise InvalidModel(
            f"The example has {counts} items; give each input the same number along its first axis, two or more."
        )
    check_numbers("The example", example)


def _sample(example: "Feed") -> dict[str, Any]:
    """The example's first item, as a request."""
    return {name: value[:1].tolist() for name, value in example.items()}
