"""How well a variant's outputs agree with the original's, item by item: a number of which 1 is 'the same'."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from model_packaging.errors import InvalidModel

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

Measure = Callable[["Array", "Array"], "Array"]
"""(original, variant), both (items, ...), to one number an item."""


def cosine(original: "Array", variant: "Array") -> "Array":
    """The cosine of each item's numbers, taken as one vector. Two vectors of zeros agree."""
    import numpy as np

    one, other = original.reshape(len(original), -1), variant.reshape(len(variant), -1)
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    dots = np.sum(one * other, axis=1)
    cosines = dots / np.where(lengths > 0, lengths, 1)
    return np.asarray(np.where(lengths > 0, cosines, np.all(one == other, axis=1)), dtype=np.float64)


def top1(original: "Array", variant: "Array") -> "Array":
    """1 where the largest number along the last axis stands in the same place, for outputs that are scores."""
    import numpy as np

    same = original.argmax(axis=-1) == variant.argmax(axis=-1)
    shares = np.asarray(same, dtype=np.float64).reshape(len(original), -1).mean(axis=1)
    return np.asarray(shares, dtype=np.float64)


MEASURES: dict[str, Measure] = {"cosine": cosine, "top1": top1}


def measure_of(by: "str | Measure") -> tuple[str, Measure]:
    """The name and the function of a measure; raises `InvalidModel` for a name that is none."""
    if callable(by):
        return getattr(by, "__name__", "the function that was given"), by
    if by not in MEASURES:
        raise InvalidModel(
            f"Agreement by {by!r} is not known; write {' or '.join(map(repr, MEASURES))}, or give a function of two "
            "arrays (items, ...) that returns one number an item."
        )
    return by, MEASURES[by]
