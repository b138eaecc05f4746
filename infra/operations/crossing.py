"""A stack that one engine made is not made again by the other."""

from infra.connection import Connection
from infra.engines.plan import PlanSummary
from infra.engines.workspace import Engine
from infra.errors import Misuse
from infra.ledger import Ledger
from infra.operations.identifiers import UNIMPORTABLE
from infra.stack import Stack


def refuse(stack: Stack, plan: PlanSummary, engine: Engine, connection: Connection) -> None:
    """Raise `Misuse` where another engine deployed `stack`, and `plan` would make anything anew.

    AWS refuses the second role or model, but alarms, topics and policies of the same name it just overwrites; and then
    either engine's destroy takes the other's. What is imported is not made.
    """
    ledger = Ledger(connection.client("s3"), connection.environment.artifact_bucket)
    anew = [one for one in plan.changes if one.action == "create" and one.type not in UNIMPORTABLE]
    if not anew or not ledger.exists() or stack.name not in ledger.stacks():
        return
    others = {record.engine for record in ledger.of(stack.name)} - {engine.name}
    if others:
        other = ", ".join(sorted(others))
        raise Misuse(
            f"{stack.name} was deployed with --engine {other}, and {engine.title} would make it a second time: "
            f"go on with --engine {other}, or move it (README, 'From one engine to the other')."
        )
