"""Credentials that AWS does not take: what to do about it, by what it or botocore says."""

import re
from collections.abc import Mapping

EXPIRED = (
    "The credentials have expired: log in again (`aws sso login`) or set new ones, and run the same again."
)
PERHAPS_EXPIRED = (
    "S3 says no more than that, and mostly because the credentials have expired: log in again (`aws sso login`) or set "
    "new ones, and run the same again."
)
UNKNOWN = "Set a profile or keys that work: `aws sts get-caller-identity` must answer."
SKEWED = (
    "This machine's clock is wrong, and AWS takes no request of another time: set it, and run the same again."
)

_REMEDIES: Mapping[re.Pattern[str], str] = {
    # AWS calls a signature that comes too late or too early one that does not match, and says why behind it.
    re.compile(r"\bRequestTimeTooSkewed\b|Signature expired|Signature not yet current"): SKEWED,
    re.compile(
        r"\bExpiredToken(Exception)?\b|\bRequestExpired\b|SSO (Token|session)|Token has expired"
    ): EXPIRED,
    # The answer to HEAD has no body, and so no code.
    re.compile(r"\(400\) when calling the Head(Bucket|Object) operation"): PERHAPS_EXPIRED,
    re.compile(
        r"\b(InvalidClientTokenId|UnrecognizedClientException|InvalidAccessKeyId|SignatureDoesNotMatch|AuthFailure"
        r"|InvalidSignatureException)\b|Unable to locate credentials|config profile .* could not be found"
    ): UNKNOWN,
}
"""Each service has a word of its own for the same; the first that fits decides."""


def remedy(said: str) -> str | None:
    """What to do about an error that reads `said`; None where it is none of credentials."""
    return next((text for pattern, text in _REMEDIES.items() if pattern.search(said)), None)
