"""Which errors a person is meant to read, and the exit code of each."""

import errno
import re
from collections.abc import Mapping

from cost.errors import CostError
from infra import credentials
from infra.errors import Misuse, ModelyardError
from model_packaging.errors import InvalidModel, PackagingError
from model_packaging.hosts.settings import InvalidSetting

FAILED, MISUSE = 1, 2

EXIT_CODES: Mapping[type[Exception], int] = {
    Misuse: MISUSE,
    InvalidModel: MISUSE,
    InvalidSetting: MISUSE,
    ModelyardError: FAILED,
    PackagingError: FAILED,
    CostError: FAILED,
}
"""The first class that fits decides."""

ROOM = "Make room on that disk, and run the same again."
_FULL_DISK = re.compile("no space left on device|disk quota exceeded|short write", re.IGNORECASE)
"""What programs say of it that are not ours."""
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_AWS_LIBRARIES = ("botocore", "boto3", "s3transfer")


def code(error: Exception) -> int:
    """The exit code for an error."""
    return next((code for kind, code in EXIT_CODES.items() if isinstance(error, kind)), FAILED)


def readable(error: Exception) -> str:
    """One line per finding, as a person reads it; of a full disk and of credentials its end is what to do."""
    text = _told(error)
    remedy = ROOM if _FULL_DISK.search(text) else credentials.remedy(text)
    if remedy is None or remedy in text:
        return text
    return f"{text}\nerror: {remedy}" if "\n" in text else f"{text.rstrip('.')}. {remedy}"


def _told(error: Exception) -> str:
    if isinstance(error, tuple(EXIT_CODES)):
        lines = str(error).splitlines()
        return "\n".join(line if line.startswith(" ") else f"error: {line}" for line in lines)
    if type(error).__module__.partition(".")[0] in _AWS_LIBRARIES:
        return f"error: AWS: {error}"
    if isinstance(error, OSError) and error.errno in _FULL:
        where = f"{error.filename} cannot be written" if error.filename else "what is written"
        return f"error: {where}: {error.strerror}. {ROOM}"
    return f"error: {type(error).__name__}: {error} (run it again with --debug for the traceback)"
