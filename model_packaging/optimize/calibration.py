"""The calibration set: requests as the model's inputs, each a mapping from name to array (items, ...)."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from model_packaging.errors import InvalidModel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Feed = dict[str, NDArray[Any]]


class Calibration:
    """Checked requests. The first is what is timed, so let it be a typical one, of one item.

    Requests of several items take part too: where items are padded to one length, one such request shows whether
    a variant still keeps the padding out.
    """

    def __init__(self, requests: "Sequence[Mapping[str, NDArray[Any]]]") -> None:
        """Raises `InvalidModel` for none, for other names than the first has, and for unequal numbers of items."""
        import numpy as np

        if not requests:
            raise InvalidModel(
                "The calibration set is empty; give requests as the model gets them, from 30 on."
            )
        self.feeds: list[Feed] = [
            {name: np.asarray(value) for name, value in request.items()} for request in requests
        ]
        names = set(self.feeds[0])
        for number, feed in enumerate(self.feeds):
            if set(feed) != names:
                raise InvalidModel(
                    f"Request {number} of the calibration set has the inputs {', '.join(sorted(feed))}, and the first "
                    f"has {', '.join(sorted(names))}; give each the same."
                )
            counts = {name: value.shape[0] if value.ndim else 0 for name, value in feed.items()}
            if len(set(counts.values())) != 1 or 0 in counts.values():
                raise InvalidModel(
                    f"Request {number} of the calibration set has {counts} items; each input needs the same number, "
                    "along its first axis, and at least one."
                )

    @property
    def items(self) -> int:
        """How many items all requests have."""
        return sum(len(next(iter(feed.values()))) for feed in self.feeds)

    @property
    def one(self) -> "Feed":
        """The first item of the first request: what is timed."""
        return {name: value[:1] for name, value in self.feeds[0].items()}

    def batch(self, items: int) -> "Feed":
        """The timed item, `items` times in one request."""
        return repeated(self.one, items)

    def fewer(self, most: int) -> "Calibration":
        """At most `most` of the requests, from the whole of the set."""
        step = max(1, len(self.feeds) // most)
        return Calibration(self.feeds[::step][:most])


def feed_of(example: Any) -> "Feed":
    """An example as arrays: NumPy's, torch's tensors or lists, by the names of the inputs. Raises `InvalidModel`."""
    import numpy as np

    if not isinstance(example, Mapping) or not example:
        found = "empty" if isinstance(example, Mapping) else f"of the type {type(example).__name__}"
        raise InvalidModel(
            f"The example is {found}; give an array for each input by its name, in the order that the model takes "
            "them: {'x': array}."
        )
    feed: Feed = {}
    for name, value in example.items():
        try:
            # A tensor, of torch or alike; torch itself is not imported for that.
            feed[str(name)] = np.asarray(value.detach().cpu() if hasattr(value, "detach") else value)
        except (TypeError, ValueError, RuntimeError) as error:
            # bfloat16, which NumPy lacks, and rows of unequal length
            raise InvalidModel(
                f"The example's {name} cannot be an array of NumPy ({' '.join(str(error).split())}); give numbers in "
                "rows of equal length, such as float32."
            ) from None
    return feed


def repeated(one: "Feed", items: int) -> "Feed":
    """A request of one item as a request of `items` of it."""
    import numpy as np

    return {name: np.repeat(value, items, axis=0) for name, value in one.items()}
