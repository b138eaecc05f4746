"""Which workloads of a stack sleep: remembered in the environment's bucket, beside what is deployed."""

from collections.abc import Callable

from infra.connection import Connection
from infra.ledger import Ledger
from infra.stack import Stack


def of(stack: Stack, connection: Connection) -> frozenset[str]:
    """The workloads of `stack` that sleep. Raises `WrongAccount` for credentials of another account."""
    connection.check_account()
    ledger = Ledger.on(connection)
    known = {workload.name for workload in stack.workloads}
    return ledger.asleep(stack.name) & known if ledger.exists() else frozenset()


def told(stack: Stack, connection: Connection, say: Callable[[str], None]) -> frozenset[str]:
    """The same, and says that they are left asleep."""
    asleep = of(stack, connection)
    if asleep:
        names = ", ".join(sorted(asleep))
        say(
            f"{stack.name} sleeps ({names}), and this leaves it asleep; to wake it: modelyard wake {stack.name} "
            f"--env {connection.environment.name}"
        )
    return asleep
