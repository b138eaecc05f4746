import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from infra.cli.application import application
from infra.errors import Misuse
from model_packaging.profile import Answered, Profile, Row

MODEL = ["--region", "us-east-1", "--requests", "50_000", "--p50-ms", "9", "--memory-mb", "300"]
FEW = ["--instance-types", "m5.large", "--plans", "always-on,lambda,spot-batch"]


@pytest.fixture(autouse=True)
def in_the_project(monkeypatch):
    monkeypatch.chdir(Path(__file__).parents[3])


def run(*words: str) -> Result:
    return CliRunner().invoke(application, ["compare", *words])


def data(*words: str) -> Any:
    done = run(*words, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def refused(*words: str) -> str:
    found = run(*words).exception
    assert isinstance(found, Misuse), found
    assert "\n" not in str(found)
    return str(found)


def test_the_recommended_plan_comes_first_and_what_it_rests_on_last():
    printed = run(*MODEL, *FEW, "--p99-ms", "500").stdout
    assert printed.startswith(
        "Lambda 512 MB is the cheapest of 12 plans for 50,000 requests a month (constant)"
    )
    assert "with a p99 of at most 500 ms: 0.02 USD a month" in printed.splitlines()[0]
    assert "The best of each kind, of 12 plans (--all shows every one)" in printed
    assert "answers come once a day; say --may-wait" in printed
    assert "Who wants answers sooner pays more:" in printed
    assert "requests a month on, always-on ml.m5.large costs less than Lambda 512 MB" in printed
    assert "its p99 is assumed to be 2 times as long" in printed
    assert "(assumed: nothing tells the shape)" in printed
    assert "prices of 2026" in printed and "with seed 0" in printed


def test_all_shows_every_plan():
    rows = [line for line in run(*MODEL, *FEW, "--all").stdout.splitlines() if line.startswith("Lambda ")]
    assert len(rows) == 11  # the sentence, and a row for each memory size


def test_functions_on_arm64_are_compared_where_they_are_asked_for():
    words = [*MODEL, "--plans", "lambda"]
    assert data(*words)["recommended"] == "Lambda 512 MB"
    assert "and --arm64 compares them too" in run(*words).stdout
    assert data(*words, "--arm64")["recommended"] == "Lambda 512 MB arm64"
    assert "A vCPU of arm64 is taken to be as fast" in run(*words, "--arm64").stdout


def test_json_has_everything_and_no_number_that_is_money():
    found = data(*MODEL, *FEW, "--p99-ms", "500", "--may-wait", "--payload-kb", "2")
    assert found["recommended"] in {row["plan"] for row in found["plans"] if row["ruled_out"] is None}
    assert found["demand"]["requests_per_month"] == "50000" and found["profile"]["memory_mb"] == 300
    priced = [row for row in found["plans"] if row["usd"] is not None]
    for row in priced:
        assert isinstance(row["usd"], str)
        assert Decimal(row["usd"]) == sum(Decimal(line["usd"]) for line in row["lines"])
        assert all(line["source"] and line["as_of"] for line in row["lines"])
    cheapest = min(Decimal(row["usd"]) for row in priced if row["ruled_out"] is None)
    chosen = next(row for row in found["plans"] if row["plan"] == found["recommended"])
    assert Decimal(chosen["usd"]) == cheapest
    assert found["break_even"] and found["assumptions"] and found["rests_on"]["memory"] == "--memory-mb"


def test_a_stacks_workload_is_compared_by_its_usage():
    found = data("triage", "--env", "dev", "--plans", "lambda")
    assert found["subject"] == "classify-small of triage on dev"
    assert (found["demand"]["requests_per_month"], found["profile"]["p50_ms"]) == ("100000", 40)
    assert found["rests_on"]["speed"].startswith("duration_ms of [usage.classify-small]")


def test_an_objective_that_nothing_meets_ends_with_what_comes_nearest():
    done = run(*MODEL, *FEW, "--p99-ms", "1")
    assert done.exit_code == 1
    assert done.stdout.startswith("None of 12 plans serves 50,000 requests a month")
    assert "with a p99 of at most 1 ms; nearest comes " in done.stdout.splitlines()[0]
    told = run(*MODEL, *FEW, "--p99-ms", "1", "--json")
    found = json.loads(told.stdout)
    assert told.exit_code == 1 and found["recommended"] is None
    fastest = min(row["p99_ms"] for row in found["plans"] if row["p99_ms"] is not None)
    assert next(row["p99_ms"] for row in found["plans"] if row["plan"] == found["nearest"]) == fastest


def test_an_estimated_price_is_marked():
    words = ["--region", "eu-central-1", *MODEL[2:], "--instance-types", "m5.xlarge", "--plans", "always-on"]
    assert "about " in run(*words).stdout and "(an estimate)" in run(*words).stdout
    (row,) = data(*words)["plans"]
    assert row["estimated"] is True and row["lines"][0]["confidence"] == "E"


def test_a_gpu_that_was_measured_is_compared():
    told = [
        "--gpu",
        "T4",
        "--gpu-p50-ms",
        "20",
        "--gpu-p99-ms",
        "30",
        "--instance-types",
        "g4dn.xlarge,g5.xlarge",
    ]
    found = data(*MODEL, *told, "--plans", "always-on")
    rows = {row["plan"]: row for row in found["plans"]}
    assert found["recommended"] == "always-on ml.g4dn.xlarge"
    assert rows["always-on ml.g5.xlarge"]["ruled_out"] == "not measured on A10G"


def test_tokens_bring_managed_models_into_it():
    words = [*MODEL, "--plans", "managed-model", "--input-tokens", "1000", "--output-tokens", "100"]
    assert data(*words)["recommended"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--requests", "5"], "Without a stack --region and --p50-ms and --memory-mb must be said; add"),
        ([*MODEL, "--region", "mars-1"], "No prices are held for region 'mars-1'; held are"),
        (
            [*MODEL, "--instance-types", "m5.huge"],
            "--instance-types names 'm5.huge', which is not known; allowed are",
        ),
        (
            [*MODEL, "--plans", "mainframe"],
            "--plans names 'mainframe', which is not known; allowed are always-on",
        ),
        (
            [*MODEL, "--traffic", "wavy"],
            "--traffic is 'wavy'; allowed are constant, diurnal, business-hours, bursty",
        ),
        ([*MODEL, "--traffic", "gone.csv"], "gone.csv cannot be read"),
        ([*MODEL, "--requests", "many"], "--requests is 'many'; write a number"),
        ([*MODEL, "--requests", "-5"], "--requests is -5; allowed is a number from 0"),
        ([*MODEL, "--requests", "0"], "requests are 0 a month; allowed is 1 to 10,000,000"),
        (
            [*MODEL, "--requests", "2e9"],
            "requests are 2,000,000,000 a month; allowed is 1 to 10,000,000, since each is simulated; compare "
            "10,000,000, whose break-evens go on to 1,000,000,000.",
        ),
        ([*MODEL, "--requests", "nan"], "--requests is nan; allowed is a number"),
        ([*MODEL, "--p99-ms", "0"], "the p99 to keep is 0.0 ms; allowed is above 0"),
        ([*MODEL, "--p50-ms", "1e11"], "a model of p50 100000000000.0 ms"),
        ([*MODEL, "--memory-mb", "0"], "--memory-mb is 0; write a whole number from 1 on"),
        ([*MODEL, "--gpu", "T5"], "--gpu is 'T5'; allowed are A100, A10G, "),
        ([*MODEL, "--gpu-p50-ms", "5"], "--gpu, --gpu-p50-ms and --gpu-p99-ms belong together"),
        ([*MODEL, "--env", "dev"], "--env and --workload belong to a stack"),
        (["triage"], "'triage' is a stack, and a stack needs its environment; write --env NAME."),
        (
            ["triage", "--env", "dev", "--workload", "x"],
            "triage has no workload 'x'; it has classify, classify-small.",
        ),
        (
            ["triage", "--env", "local"],
            "triage has the workloads classify, classify-small; say which: --workload",
        ),
        (
            ["triage", "--env", "dev", "--workload", "classify"],
            "classify has no usage in environment dev; write a table",
        ),
    ],
    ids=lambda value: " ".join(value[-2:]) if isinstance(value, list) else "",
)
def test_bad_input_is_one_line(words, message):
    assert message in refused(*words)


def test_a_trace_with_a_gap_is_one_line(tmp_path):
    file = tmp_path / "june.csv"
    file.write_text("time,requests\n2026-06-01T00:00,1\n2026-06-01T01:00,1\n2026-06-01T09:00,1\n")
    said = refused(*MODEL, "--traffic", str(file))
    assert (
        "row 4 is 2026-06-01T09:00:00, and 2026-06-01T02:00:00 was expected; write a row for every step"
        in said
    )


def test_a_measured_model_is_compared_by_its_own_folder(tmp_path, monkeypatch):
    """As `modelyard package` measures it, in a process of its own."""
    stacks = tmp_path / "stacks"
    (stacks / "environments").mkdir(parents=True)
    (stacks / "environments" / "dev.toml").write_text('region = "us-east-1"\naccount_id = "111122223333"\n')
    model = stacks / "models" / "echo"
    model.mkdir(parents=True)
    (model / "inference.py").write_text("def predict_fn(data, model): return data\n")
    (stacks / "echo.py").write_text(
        "from infra import LambdaEndpoint, Stack\nfrom model_packaging import Model\n"
        "def stack(env):\n"
        "    model = Model('models/echo', framework='onnx')\n"
        "    return Stack('echo', env, [LambdaEndpoint('say', model=model)])\n"
    )
    monkeypatch.chdir(tmp_path)
    words = ["echo", "--env", "dev", "--requests", "1000", "--plans", "lambda"]
    assert "Nothing tells how fast say is; write duration_ms into [usage.say]" in refused(*words)
    (model / "sample.json").write_text("[1]")
    found = data(*words)
    assert found["rests_on"]["speed"].startswith("measured on this machine as `modelyard package` does")
    assert found["rests_on"]["memory"].startswith("the most that the measured process had")
    assert 0 < found["profile"]["p50_ms"] < 100 and 5 < found["profile"]["memory_mb"] < 200
    Profile(
        chosen="only",
        parameters={},
        source={"kind": "onnx", "sha256": "0" * 64},
        weights={"file": "model.onnx", "sha256": "0" * 64, "size_bytes": 1},
        budget={"by": "cosine", "at_least": 0.99, "items": 1, "met": True},
        variants=(Row("only"),),
        batches={1: 7.0},
        handler=Answered(load_ms=900, p50_ms=123, p99_ms=150, runs=30, threads=1.0, peak_mb=77),
        machine={"processor": "a processor", "cores": 2},
    ).write(model)
    found = data(*words)
    assert found["rests_on"]["speed"].startswith(
        "measured when the model was optimised, on the machine that profile.json"
    )
    assert (found["profile"]["p50_ms"], found["profile"]["memory_mb"]) == (123, 77)


def test_a_seed_is_another_month_of_the_same_traffic():
    one, same, other = (data(*MODEL, *FEW, "--traffic", "bursty", "--seed", seed) for seed in ("3", "3", "4"))
    assert one == same and one != other
    assert "with seed 3" in run(*MODEL, *FEW, "--seed", "3").stdout


@pytest.mark.parametrize(
    ("option", "said", "told"),
    [
        ("--threads", "2.5", "--threads is 2.5; write a whole number from 1 on."),
        ("--threads", "0", "--threads is 0; write a whole number from 1 on."),
        ("--memory-mb", "0.4", "--memory-mb is 0.4; write a whole number from 1 on."),
        ("--seed", "1.5", "--seed is 1.5; write a whole number from 0 on."),
    ],
)
def test_what_is_no_whole_number_is_refused_and_not_cut(option, said, told):
    assert refused(*MODEL, *FEW, option, said) == told
