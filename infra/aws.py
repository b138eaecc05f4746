"""What an operation asks AWS through: the command line's connection, or a function's own clients. Imports nothing."""

import datetime
from email.utils import parsedate_to_datetime
from typing import Any, Protocol


class Place(Protocol):
    """An environment, as far as operations on AWS need it that run where it cannot be loaded."""

    @property
    def artifact_bucket(self) -> str:
        """The environment's bucket."""
        ...


class Aws(Protocol):
    """AWS as one environment sees it."""

    @property
    def environment(self) -> Place:
        """The environment."""
        ...

    def client(self, service: str) -> Any:
        """The boto3 client of `service`."""
        ...


def time_of(aws: Aws) -> datetime.datetime:
    """AWS's own time: this machine's may be wrong, and the embedded AWS's may run faster."""
    answer = aws.client("sts").get_caller_identity()
    return parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])
