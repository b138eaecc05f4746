"""SQS: messages that come while others are deleted."""

import threading

from moto.sqs.models import Message, Queue

from infra.local.overlay import queues
from tests.infra.local.conftest import until


class Watched(Queue):
    """Calls `meanwhile` in a thread when its list of messages is replaced, and waits a while for it."""

    def __setattr__(self, name, value):
        if name == "_messages" and "meanwhile" in self.__dict__:
            adding = threading.Thread(target=self.__dict__.pop("meanwhile"))
            adding.start()
            adding.join(0.2)
        super().__setattr__(name, value)


def test_a_message_that_comes_while_another_is_deleted_stays():
    queue = Watched("q", "us-east-1", "123456789012")
    first = Message("1", "first", {})
    queue.add_message(first)
    first.mark_received(visibility_timeout=30)
    queue.meanwhile = lambda: queue.add_message(Message("2", "second", {}))
    queues.delete_message(queue, first.receipt_handle)
    until(lambda: [message.body for message in queue._messages] == ["second"], 2)
