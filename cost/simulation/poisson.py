"""How many requests come in a minute when so many are expected: Poisson, and never fewer where more are expected.

numpy's own draw has another luck for every rate, so that twice the traffic may have fewer requests in a minute, and
what scales with them may cost less. Here every minute has its luck by the seed alone: the count is that quantile of
Poisson's distribution, which rises with the rate.
"""

import math
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Rates = NDArray[np.float64]
    Counts = NDArray[np.int64]

LARGE: Final = 30.0
"""From this rate on the quantile is that of the normal distribution with a term for the skewness (Cornish-Fisher)."""
MOST: Final = 200
"""No count of a rate below LARGE comes near it."""


def counts(expected: "Rates", seed: int) -> "Counts":
    """A count for each of `expected`, of the same shape."""
    import numpy as np

    luck = np.random.default_rng(seed).standard_normal(len(expected))
    large = expected >= LARGE
    found = np.empty(len(expected), np.int64)
    found[large] = _large(expected[large], luck[large])
    found[~large] = _small(expected[~large], luck[~large])
    return found


def _large(rates: "Rates", luck: "Rates") -> "Counts":
    import numpy as np

    around = rates + np.sqrt(rates) * luck + (luck**2 - 1) / 6
    return np.maximum(0, np.floor(around + 0.5)).astype(np.int64)


def _small(rates: "Rates", luck: "Rates") -> "Counts":
    """By the distribution itself: one more as long as what is summed up to it is below the quantile."""
    import numpy as np

    quantile = np.array([(1 + math.erf(value / math.sqrt(2))) / 2 for value in luck.tolist()])
    found = np.zeros(len(rates), np.int64)
    chance = np.exp(-rates)
    reached = chance.copy()
    for count in range(1, MOST):
        more = reached < quantile
        if not more.any():
            break
        found[more] = count
        chance = chance * rates / count
        reached += chance
    return found
