"""Workloads of two stacks that would have one name on AWS: `a` in stack `x-y`, and `y-a` in stack `x`."""

from infra.connection import Connection
from infra.errors import Misuse
from infra.ledger import Ledger
from infra.stack import Stack


def refuse(stack: Stack, connection: Connection) -> None:
    """Raise `Misuse` where another stack of the environment has a name of this one's.

    AWS refuses the second function or role, but alarms, topics and scaling policies of that name it just overwrites;
    and then the destroy of either stack takes the other's.
    """
    ledger = Ledger.on(connection)
    if not ledger.exists():
        return
    names = {stack.deployed_name(workload): workload.name for workload in stack.workloads}
    findings = [
        f"{names[other.name]}: its name on AWS would be {other.name}, which {other.workload} of stack {other.stack} "
        "has; rename it, or the stack."
        for other in ledger.deployed()
        if other.stack != stack.name and other.name in names
    ]
    if findings:
        raise Misuse("\n".join(findings))
