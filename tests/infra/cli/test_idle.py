"""How `idle` shows what it found, and what it writes down of what it removed."""

import json
from decimal import Decimal
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from infra import Environment
from infra.cli import idle
from infra.cli.application import application
from infra.errors import Misuse
from infra.operations.idle import IdleRule, judge, whole_stacks
from infra.operations.removal import REMOVED, Outcome
from infra.project import Project
from tests.infra.operations.test_idle import NOW, ago, history

RULE = IdleRule(48)
FOUND = [
    history("rank", "shop", last_used=ago(60)),
    history("queue", "shop"),
    history("read", "desk", last_used=ago(1)),
]
USD = {("shop", "rank"): Decimal("84.15"), ("shop", "queue"): None, ("desk", "read"): Decimal("1")}


def test_what_is_idle_is_a_table_and_what_is_kept_says_why(capsys):
    verdicts = judge(FOUND, RULE, NOW)
    idle._show(verdicts, USD, whole_stacks(verdicts), "dev, not used for 48 h")
    said = capsys.readouterr()
    rows = [line.split() for line in said.out.splitlines()[2:]]
    assert rows == [
        ["shop", "rank", "RealtimeEndpoint", "60.0", "h", "84.15"],
        ["shop", "queue", "RealtimeEndpoint", "720.0", "h", "or", "more", "unknown"],
    ]
    assert said.err.splitlines() == [
        "desk/read is kept: it was used 1.0 h ago",
        "Nothing of shop is used.",
    ]


def test_an_environment_of_which_nothing_is_used_is_told(capsys):
    verdicts = judge(FOUND[:2], RULE, NOW)
    idle._show(verdicts, USD, ["shop"], "dev")
    assert "Nothing of the whole environment is used." in capsys.readouterr().err
    idle._show([], {}, [], "dev, not used for 48 h")
    assert capsys.readouterr().err == "Nothing is idle in environment dev, not used for 48 h.\n"


def test_for_programs_a_cost_that_is_not_known_is_null():
    verdicts = judge(FOUND, RULE, NOW)
    data = idle._data(verdicts, USD, whole_stacks(verdicts), [])
    assert [(one["workload"], one["usd_per_month"], one["last_used"]) for one in data["idle"]] == [
        ("rank", "84.15", ago(60).isoformat()),
        ("queue", None, None),
    ]
    assert (data["stacks"], data["environment"], data["outcomes"]) == (["shop"], False, [])
    assert data["kept"][0]["reason"] == "it was used 1.0 h ago"


def test_what_was_removed_is_written_down_for_its_owner_only(tmp_path):
    project = Project(tmp_path, tmp_path / "local")
    environment = Environment(name="dev", region="us-east-1", account_id="111122223333")
    outcome = Outcome("shop", ("rank",), REMOVED, "not used for 48 h", Decimal("84.15"), NOW.isoformat())
    for _ in range(2):
        idle._write(outcome, project, SimpleNamespace(environment=environment))
    (file,) = tmp_path.rglob(idle.RECORD)
    assert [json.loads(line) for line in file.read_text().splitlines()] == [
        {**outcome.to_json(), "workloads": ["rank"]}
    ] * 2
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("results", [0, 3])
def test_data_goes_with_no_stack_by_a_rule(results):
    planned = SimpleNamespace(results=results, stack=SimpleNamespace(name="shop"))
    refusal = idle._TearDown(planned).refusal()
    assert bool(refusal) is bool(results)
    if results:
        assert "with its bucket 3 objects of inputs and answers would go" in refusal


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("--hours 48 --remove", "--remove and --max belong together"),
        ("--hours 48 --max 3", "--remove and --max belong together"),
        ("--hours 48 --armed", "--armed goes with --schedule"),
        ("--hours 48 --schedule rate(1_day) --remove --max 3", "are three things to do; write one of them"),
        ("--unschedule --remove --max 3", "are three things to do; write one of them"),
        ("", "--hours is missing"),
        ("--schedule rate(1_day)", "--hours is missing"),
        ("--hours 48 --schedule hourly", "--schedule: the schedule 'hourly' is no expression of AWS's"),
    ],
)
def test_what_does_not_go_together_is_told_before_anything_is_asked(words, told):
    result = CliRunner().invoke(
        application, ["idle", "--env", "local", *(word.replace("_", " ") for word in words.split())]
    )
    assert isinstance(result.exception, Misuse) and told in str(result.exception)
