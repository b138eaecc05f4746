"""How well a variant's outputs agree with the original's, item by item: a number of which 1 is 'the same'."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from model_packaging.errors import InvalidModel

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

Measure = Callable[["Array", "Array"], "Array"]
"""(original, variant), both (items, ...), to one number an item."""

HIGHEST = 1 + 1e-6
"""1, with what rounding may add."""


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
        name = str(getattr(by, "__name__", "the function that was given"))
        return name, _checked(name, by)
    if by not in list(MEASURES):
        raise InvalidModel(
            f"Agreement by {by!r} is not known; write {' or '.join(map(repr, MEASURES))}, or give a function of two "
            "arrays (items, ...) that returns one number an item."
        )
    return by, MEASURES[by]


def _checked(name: str, measure: "Callable[[Array, Array], Any]") -> Measure:
    """A user's function, with what it returns looked at. Raises `InvalidModel`."""

    def checked(original: "Array", variant: "Array") -> "Array":
        import numpy as np

        try:
            returned = measure(original, variant)
        except Exception as error:  # a user's code raises whatever it likes
            reason = " ".join(f"{type(error).__name__}: {error}".split())[:300].removesuffix(":")
            raise InvalidModel(
                f"The agreement {name} raised {reason}; {_WANTED.format(len(original))}"
            ) from error
        try:
            found = np.asarray(returned)
        except Exception:  # lists of unequal lengths, tensors on another device
            found = np.asarray(None)
        if found.dtype.kind not in "biuf" or found.shape != (len(original),):
            raise InvalidModel(
                f"The agreement {name} returned {_told(returned, found)}; {_WANTED.format(len(original))}"
            )
        numbers = found.astype(np.float64)
        if (numbers > HIGHEST).any():
            raise InvalidModel(
                f"The agreement {name} returned {numbers.max():g}, and 1, for the same, is the most that there is; "
                f"{_WANTED.format(len(original))}"
            )
        return numbers

    return checked


_WANTED = (
    "it gets two arrays (items, ...) and has to return a number for each item ({} here), 1 for the same."
)


def _told(returned: Any, found: Any) -> str:
    """What a function returned, in a few words."""
    if found.ndim and found.dtype.kind in "biuf":
        return f"an array of shape {found.shape}"
    text = " ".join(repr(returned).split())
    return text if len(text) <= 60 else f"{text[:57]}... ({type(returned).__name__})"
