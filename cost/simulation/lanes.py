"""A long sequence of requests cut into lanes that run side by side; one that is too short is padded."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LANE_REQUESTS: Final = 1024
"""Requests of one lane: fewer are more rounds, more are more steps."""


@dataclass(frozen=True)
class Lanes:
    """`count` requests as an array of shape (length, lanes): a step is a row, a lane a column."""

    count: int

    @property
    def length(self) -> int:
        """Requests of one lane."""
        return min(LANE_REQUESTS, self.count)

    @property
    def lanes(self) -> int:
        """How many lanes there are."""
        return -(-self.count // self.length)

    def laid(self, values: "NDArray[Any]", padding: float) -> "NDArray[Any]":
        """`values` of shape (count,) by lanes; the last lane is filled up with `padding`."""
        import numpy as np

        missing = self.lanes * self.length - self.count
        padded = np.pad(values, (0, missing), constant_values=padding)
        return np.ascontiguousarray(padded.reshape(self.lanes, self.length).T)

    def flat(self, values: "NDArray[Any]") -> "NDArray[Any]":
        """The reverse of `laid`."""
        return values.T.reshape(-1)[: self.count]

    def changed(self, handed: "NDArray[np.float64]", known: "NDArray[np.float64]") -> "NDArray[np.int64]":
        """The lanes, from the second on, that are handed another start than they knew."""
        import numpy as np

        return np.flatnonzero((handed != known).any(axis=1)) + 1
