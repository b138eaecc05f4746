"""The original's answers to the calibration set, and how well a variant's agree with them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from model_packaging.errors import BuildFailed, InvalidModel
from model_packaging.optimize.agreement import Measure

if TYPE_CHECKING:
    from model_packaging.optimize.agreement import Array
    from model_packaging.optimize.calibration import Calibration, Feed

SAME = 0.999
"""What the original has to agree with itself: 1, but for rounding."""


@dataclass(frozen=True)
class Verdict:
    """Over all items: the mean, and the worst of them."""

    mean: float
    worst: float


class Judge:
    """Compares by one measure."""

    def __init__(
        self, calibration: "Calibration", original: "Callable[[Feed], Any]", measure: Measure
    ) -> None:
        """Asks the original once for each request.

        Raises `InvalidModel` where it answers NaN or infinity, and where it does not agree with itself.
        """
        import numpy as np

        self.calibration = calibration
        self.measure = measure
        self.expected = [_numbers(original(feed)) for feed in calibration.feeds]
        finite = [_finite(answers) for answers in self.expected]
        lost = sum(int(np.sum(~items)) for items in finite)
        if lost:
            first = next(number for number, items in enumerate(finite) if not items.all())
            raise InvalidModel(
                f"The original itself answers NaN or infinity for {lost} of the {calibration.items} items of the "
                f"calibration set, the first in request {first}, so nothing can be compared with it; mend the model, "
                "or leave such requests out."
            )
        same = np.concatenate([_or_worst(measure(answers, answers)) for answers in self.expected])
        if same.min() < SAME:
            raise InvalidModel(
                f"The agreement of the original with itself is {same.min():g} for the worst item, and has to be 1: it "
                "is 1 for the same and less for what differs; a distance d becomes one as 1 - d or 1 / (1 + d)."
            )

    def verdict(self, variant: "Callable[[Feed], Any]") -> Verdict:
        """Of a variant. An item with NaN or infinity in its answer is -1, whatever the measure makes of it."""
        import numpy as np

        found = []
        for expected, feed in zip(self.expected, self.calibration.feeds, strict=True):
            answers = _numbers(variant(feed))
            if answers.size != expected.size:
                raise BuildFailed(f"it answers {answers.shape} numbers, and the original {expected.shape}")
            answers = answers.reshape(expected.shape)
            finite = _finite(answers)
            # The measure may be a user's, who has not thought of NaN.
            asked = np.where(finite.reshape(-1, *[1] * (answers.ndim - 1)), answers, expected)
            found.append(np.where(finite, _or_worst(self.measure(expected, asked)), -1.0))
        numbers = np.concatenate(found)
        return Verdict(round(float(numbers.mean()), 6), round(float(numbers.min()), 6))


def _numbers(answers: Any) -> "Array":
    import numpy as np

    return np.atleast_1d(np.asarray(answers, dtype=np.float64))


def _finite(answers: "Array") -> Any:
    """For each item, whether all of its numbers are finite."""
    import numpy as np

    return np.isfinite(answers.reshape(len(answers), -1)).all(axis=1)


def _or_worst(agreement: "Array") -> "Array":
    """-1 where a measure gives no number."""
    import numpy as np

    return np.where(np.isfinite(agreement), agreement, -1.0)
