"""A stack that one engine made is not made again by the other."""

from infra.connection import Connection
from infra.engines.plan import PlanSummary
from infra.engines.terraform.workspace import TERRAFORM
from infra.engines.workspace import Engine
from infra.errors import Misuse
from infra.ledger import Ledger
from infra.operations import engines
from infra.operations.identifiers import UNIMPORTABLE
from infra.stack import Stack


def refuse(stack: Stack, plan: PlanSummary, engine: Engine, connection: Connection) -> None:
    """Raise `Misuse` where another engine deployed `stack`, and `plan` would make anything anew.

    AWS refuses the second role or model, but alarms, topics and policies of the same name it just overwrites; and then
    either engine's destroy takes the other's. What is imported is not made.
    """
    ledger = Ledger.on(connection)
    if not any(one.action == "create" and one.type not in UNIMPORTABLE for one in plan.changes):
        return
    other = maker(stack, ledger) if ledger.exists() else None
    if other not in (None, engine.name):
        raise Misuse(
            f"{stack.name} was deployed with --engine {other}, and {engine.title} would make it a second time: "
            f"go on with --engine {other}, or move it (README, 'From one engine to the other')."
        )


def engine_of(stack: Stack, connection: Connection) -> Engine:
    """The engine that deployed `stack`, with which all else that is done to it goes on; Terraform where none did."""
    ledger = Ledger.on(connection)
    return engines.named((maker(stack, ledger) if ledger.exists() else None) or TERRAFORM.name)


def maker(stack: Stack, ledger: Ledger) -> str | None:
    """The engine that deployed `stack`; None where none did."""
    if stack.name not in ledger.stacks():
        return None
    named = next((record.engine for record in ledger.of(stack.name) if record.engine), None)
    # A record from before there were two engines names none; that it was deployed shows in its bill.
    return named or ("terraform" if ledger.bill(stack.name) is not None else None)
