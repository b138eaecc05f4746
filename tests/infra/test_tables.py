"""Every table that has a row per workload has one for each."""

import typing

import pytest

from infra.bill.pricing import PRICED
from infra.blueprint import RENDERERS
from infra.operations.activity import READERS as HISTORIES
from infra.operations.artifacts import BUILDERS, IDENTIFIERS
from infra.operations.invoke import INVOKERS
from infra.operations.logs import GROUPS
from infra.operations.status import READERS
from infra.operations.verify import VERIFIERS
from infra.workloads import Workload

WORKLOADS = set(typing.get_args(Workload))
BY_CLASS = {
    "renderers": RENDERERS,
    "builders": BUILDERS,
    "identifiers": IDENTIFIERS,
    "verifiers": VERIFIERS,
    "prices": PRICED,
}
BY_NAME = {"groups": GROUPS, "readers": READERS, "histories": HISTORIES, "invokers": INVOKERS}


@pytest.mark.parametrize("table", BY_CLASS)
def test_a_table_by_class_covers_every_workload(table):
    assert set(BY_CLASS[table]) == WORKLOADS


@pytest.mark.parametrize("table", BY_NAME)
def test_a_table_by_name_covers_every_workload(table):
    assert set(BY_NAME[table]) == {workload.__name__ for workload in WORKLOADS}
