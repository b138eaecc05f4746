"""What a model answers to an example: numbers, the same ones each time, and for each item what it answers to it alone.

A host answers what waits at the same time in one run. A model that mixes its items would then give a caller what
depends on the other callers.
"""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from model_packaging.errors import InvalidModel, PackagingError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from model_packaging.optimize.calibration import Feed
    from model_packaging.optimize.sources import Answer

RELATIVE, ABSOLUTE = 1e-3, 1e-4
"""How far an answer may be from another: float32 sums in another order."""

ITEMS = 3
"""The number of items that it is tried with, besides the example's own and one."""

NEARLY = 0.1
"""The same of what is rounded to int8 by the range of all items together, in proportion to the answer's length."""

MOST = 8
"""Items of the example that are asked one by one."""


def tried(answer: "Answer", example: "Feed") -> "list[tuple[Feed, NDArray[np.float64]]]":
    """Requests of several numbers of the example's items, with the model's answers.

    Raises `InvalidModel` for a model that fails, answers no numbers or other ones the second time, or mixes items.
    """
    import numpy as np

    check_numbers("The example", example)
    whole = _asked(answer, example)
    if not np.isfinite(whole).all():
        found = "NaN" if np.isnan(whole).any() else "infinity"
        raise InvalidModel(
            f"The model answers {found} to the example; look for NaN in its weights, or give an example of what it is "
            "asked in use."
        )
    if not alike(_asked(answer, example), whole):
        raise InvalidModel(
            "The model answers the example otherwise the second time; leave out what is random in it."
        )
    alone = [(one, _asked(answer, one)) for one in singles(example)]
    check_apart(whole, [made for _, made in alone])
    _check_varied(answer, example)
    several = taken(example, range(ITEMS))
    return [(example, whole), alone[0], (several, _asked(answer, several))]


def _check_varied(answer: "Answer", example: "Feed") -> None:
    """Items that are all alike would not show that they are mixed: other numbers beside the first, if it takes them."""
    import numpy as np

    if not all((value == value[:1]).all() for value in example.values()):
        return
    varied = {
        name: np.concatenate([value[:1], value[:1] / 2 + 0.25 if value.dtype.kind == "f" else value[:1]])
        for name, value in example.items()
    }
    feed = {name: value.astype(example[name].dtype) for name, value in varied.items()}
    try:
        together, alone = _asked(answer, feed), [_asked(answer, one) for one in singles(feed)]
    except InvalidModel:
        return
    check_apart(together, alone)


def check_numbers(what: str, feed: "Feed") -> None:
    """Raise `InvalidModel` for NaN or infinity in a feed: JSON has neither, so no request can bring them."""
    import numpy as np

    for name, value in feed.items():
        if value.dtype.kind in "fc" and not np.isfinite(value).all():
            found = "NaN" if np.isnan(value).any() else "infinity"
            raise InvalidModel(f"{what} holds {found} in {name}; give finite numbers, which JSON can carry.")


def check_apart(
    together: "NDArray[np.float64]",
    alone: "list[NDArray[np.float64]]",
    same: "Callable[[NDArray[np.float64], NDArray[np.float64]], bool] | None" = None,
    told: str = "",
) -> None:
    """Raise `InvalidModel`, with what else is `told`, where items together are not the `same` as alone; see `alike`."""
    import numpy as np

    single = np.concatenate(alone)
    first = together[: len(single)]
    if not (same or alike)(first, single):
        apart = f", by up to {furthest(first, single):g}" if first.shape == single.shape else ""
        raise InvalidModel(
            f"The model mixes items: it answers one otherwise where others are beside it{apart}, and a host answers "
            "requests together; let it treat each item of the first axis by itself (a mean or a softmax over axis 0 "
            f"does not).{told}"
        )


def alike(one: "NDArray[np.float64]", other: "NDArray[np.float64]") -> bool:
    """Whether two answers are the same but for rounding."""
    import numpy as np

    return one.shape == other.shape and np.allclose(one, other, RELATIVE, ABSOLUTE, equal_nan=True)


def nearly(one: "NDArray[np.float64]", other: "NDArray[np.float64]") -> bool:
    """Whether two answers are the same but for what dynamic quantisation makes of them."""
    import numpy as np

    return one.shape == other.shape and bool(
        np.linalg.norm(one - other) <= NEARLY * max(np.linalg.norm(one), np.linalg.norm(other))
    )


def furthest(one: "NDArray[np.float64]", other: "NDArray[np.float64]") -> float:
    """The largest difference."""
    import numpy as np

    return float(np.nanmax(np.abs(one - other)))


def singles(example: "Feed") -> "list[Feed]":
    """Its first items, each as a request of its own."""
    return [taken(example, [place]) for place in range(min(count(example), MOST))]


def taken(example: "Feed", places: Iterable[int]) -> "Feed":
    """A request of the example's items at these places, from the beginning again where they are beyond its end."""
    chosen = [place % count(example) for place in places]
    return {name: value[chosen] for name, value in example.items()}


def count(feed: "Feed") -> int:
    """Its number of items."""
    return len(next(iter(feed.values())))


def _asked(answer: "Answer", feed: "Feed") -> "NDArray[np.float64]":
    items = count(feed)
    try:
        made = answer(feed)
    except PackagingError:
        raise
    except Exception as error:  # a module or an estimator raises what it likes
        reason = " ".join(str(error).split())[:300] or type(error).__name__
        raise InvalidModel(f"The model itself fails with {items} items: {reason}") from error
    if made.shape[:1] != (items,):
        raise InvalidModel(
            f"The model answers {made.shape} to {items} items; the first axis of its answer has to be the items."
        )
    return made
