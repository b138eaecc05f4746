"""What can go wrong with a bill, as one tree.

    CostError
    |-- InvalidPurchase   a quantity that nobody can buy: negative, a float, not finite, absurd
    |-- InvalidUsage      a usage table with a key or a value that is not allowed
    `-- InvalidCatalog    a price table that does not hold together; the message names file and line

A price that is not held is no error: it is `Missing`, and becomes a line that says so.
"""


class CostError(Exception):
    """Base of every cost error that a user is meant to read."""


class InvalidPurchase(CostError):
    """A quantity that nobody can buy."""


class InvalidUsage(CostError):
    """A usage table with a key or a value that is not allowed."""


class InvalidCatalog(CostError):
    """A price table that does not hold together."""
