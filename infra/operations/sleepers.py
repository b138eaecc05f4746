"""Which workloads of a stack sleep: remembered in the environment's bucket, beside what is deployed."""

from collections.abc import Callable

from infra.connection import Connection
from infra.ledger import Ledger
from infra.stack import Stack


def of(stack: Stack, connection: Connection) -> frozenset[str]:
    """The workloads of `stack` that sleep. Raises `WrongAccount` for credentials of another account.

    Another kind of workload under the name of one that sleeps is another one, and awake.
    """
    connection.check_account()
    ledger = Ledger.on(connection)
    if not ledger.exists() or not (asleep := ledger.asleep(stack.name)):
        return frozenset()
    kinds = {record.workload: record.kind for record in ledger.of(stack.name)}
    return asleep & {one.name for one in stack.workloads if kinds.get(one.name) == type(one).__name__}


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


def forget(stack: Stack, connection: Connection) -> None:
    """Forget that what `stack` no longer has slept: under its name there may be something else one day.

    To be called while it is still recorded what is deployed.
    """
    ledger = Ledger.on(connection)
    before = ledger.asleep(stack.name)
    # Mostly nothing sleeps, and then nothing more is asked.
    if before and (asleep := of(stack, connection)) != before:
        ledger.write_asleep(stack.name, asleep)
