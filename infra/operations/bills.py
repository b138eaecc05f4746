"""What the stacks of an environment cost as they are deployed, from the bills that the ledger keeps."""

from collections.abc import Mapping
from decimal import Decimal

from cost import PriceCatalog
from infra.bill import Bill
from infra.bill.difference import Difference, difference, saving
from infra.bill.record import Record, read, record
from infra.connection import Connection
from infra.ledger import Ledger


def change(bill: Bill, connection: Connection, catalog: PriceCatalog) -> Difference:
    """`bill` against what is deployed of its stack."""
    ledger = Ledger.on(connection)
    deployed = ledger.exists() and bill.stack in ledger.stacks()
    return difference(bill, deployed, read(ledger.bill(bill.stack)) if deployed else None, catalog)


def others(stack: str, connection: Connection, catalog: PriceCatalog) -> Mapping[str, Decimal | None]:
    """What each other deployed stack costs a month in USD, as expected or else at its least; None is not known."""
    ledger = Ledger.on(connection)
    if not ledger.exists():
        return {}
    found = {name: read(ledger.bill(name)) for name in ledger.stacks() if name != stack}
    return {name: None if one is None else _expected(one, catalog) for name, one in found.items()}


def at_rest(stack: str, connection: Connection, catalog: PriceCatalog) -> Mapping[str, Decimal | None]:
    """What each workload of a deployed stack costs a month in USD while nobody uses it; None is not known."""
    found = read(Ledger.on(connection).bill(stack))
    return {} if found is None else {one.name: one.today("minimum", catalog) for one in found.workloads}


def saved(stack: str, connection: Connection, catalog: PriceCatalog) -> str:
    """One line: what taking `stack` down saves; empty where it is not deployed."""
    ledger = Ledger.on(connection)
    if not ledger.exists() or stack not in ledger.stacks():
        return ""
    return saving(stack, read(ledger.bill(stack)), catalog)


def keep(bill: Bill, connection: Connection) -> None:
    """Record `bill` as that of what is deployed now."""
    kept = record(bill, connection.now().date().isoformat())
    Ledger.on(connection).write_bill(bill.stack, kept.to_json())


def _expected(one: Record, catalog: PriceCatalog) -> Decimal | None:
    return one.today("expected", catalog)
