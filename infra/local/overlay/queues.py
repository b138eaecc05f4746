"""SQS: a message that comes while another is deleted is not lost."""

from collections.abc import Callable
from typing import Any

from moto.sqs.models import Queue

moto_delete_message = Queue.delete_message


def delete_message(self: Queue, receipt_handle: str) -> None:
    """moto's, under the lock that it adds messages under: it puts a list without the message in the old one's place."""
    with self._messages_lock:
        moto_delete_message(self, receipt_handle)


PLUMBING: dict[str, Callable[..., Any]] = {"delete_message": delete_message}
"""Methods of moto's class that are no operations."""
