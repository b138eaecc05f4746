"""The original's answers to the calibration set, and how well a variant's agree with them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from model_packaging.optimize.agreement import Measure

if TYPE_CHECKING:
    from model_packaging.optimize.calibration import Calibration, Feed


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
        """Asks the original once for each request."""
        self.calibration = calibration
        self.measure = measure
        self.expected = [original(feed) for feed in calibration.feeds]

    def verdict(self, variant: "Callable[[Feed], Any]") -> Verdict:
        """Of a variant. An item with NaN or infinity in its answer is -1, whatever the measure makes of it."""
        import numpy as np

        found = []
        for expected, feed in zip(self.expected, self.calibration.feeds, strict=True):
            answers = np.asarray(variant(feed), dtype=np.float64)
            finite = np.isfinite(answers.reshape(len(answers), -1)).all(axis=1)
            found.append(np.where(finite, self.measure(expected, answers), -1.0))
        numbers = np.concatenate(found)
        return Verdict(round(float(numbers.mean()), 6), round(float(numbers.min()), 6))
