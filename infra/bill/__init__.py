"""What a stack costs in a month, before it exists: at minimum, as expected, at maximum.

A workload becomes purchases here and nowhere else. What follows use has no maximum: it is shown as unit
prices, never as 0. All is list price in USD, before tax, without free tier or savings plan.
"""

from infra.bill.pricing import PRICED, bill
from infra.bill.statement import Bill, Row, WorkloadBill

__all__ = ["PRICED", "Bill", "Row", "WorkloadBill", "bill"]
