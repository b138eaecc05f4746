"""The comment on a pull request, as it is kept in a golden file."""

from dataclasses import replace

from cost import PriceCatalog
from infra import environment, loader
from infra.bill import Bill, bill
from infra.bill.difference import difference
from infra.bill.markdown import comment
from infra.bill.record import record
from tests.infra.test_blueprint import GOLDEN, PROJECT

FILE = GOLDEN / "triage-prod.cost.md"
CATALOG = PriceCatalog.load()


def priced(env: str) -> Bill:
    return bill(loader.load("triage", environment.load(env, PROJECT), PROJECT), CATALOG)


def against_dev() -> str:
    """What a pull request would say that makes dev what prod is."""
    base = record(priced("dev"), "")
    return comment(priced("prod"), difference(priced("prod"), True, base, CATALOG, "dev"))


def test_the_comment_is_the_golden_one():
    assert against_dev() == FILE.read_text()


def test_without_anything_to_compare_with_there_is_no_such_column():
    told = comment(priced("prod"), None)
    assert "| workload | minimum | expected | maximum |\n" in told
    assert "ifference" not in told


def test_every_row_of_a_table_has_as_many_cells_as_its_head_and_nothing_is_markup():
    one = priced("prod")
    odd = replace(one, caveats=("a | b <script>alert(1)</script>",))
    told = comment(
        odd, difference(odd, True, record(replace(one, workloads=one.workloads[:1]), ""), CATALOG, "x")
    )
    assert "<script>" not in told
    assert "&lt;script>" in told
    for table in told.split("\n\n"):
        rows = [line for line in table.splitlines() if line.startswith("|")]
        assert len({line.replace("\\|", "").count("|") for line in rows}) <= 1


def test_a_workload_that_goes_is_struck_out_with_what_it_saves():
    one = priced("prod")
    less = replace(one, workloads=one.workloads[:1])
    told = comment(less, difference(less, True, record(one, "2026-11-01"), CATALOG))
    assert "| ~~classify-small~~ |  |  |  | -3.74 (gone) |" in told
    assert "**-3.74 USD a month.** Difference to what was deployed on 2026-11-01:" in told
