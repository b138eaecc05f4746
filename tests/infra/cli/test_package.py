"""modelyard package: what it says of a model's measured profile."""

import json

import pytest
from typer.testing import CliRunner

from infra.cli.application import application
from model_packaging.errors import InvalidModel
from model_packaging.profile import Profile, Row

ROWS = (
    Row("pytorch", p50_ms=9.0, p99_ms=12.0, per_second={"1": 90.0, "2": 111.0}, agreement=1.0, worst=1.0),
    Row("onnxruntime", 90_000_000, 5.0, 4.0, 6.0, {"1": 200.0, "2": 250.0}, 1.0, 1.0),
    Row("onnxruntime-int8", failed="there is no product of matrices in it"),
)


def profile(met=True):
    return Profile(
        chosen="onnxruntime",
        parameters={},
        source={"kind": "onnx", "sha256": "0" * 64},
        weights={"file": "w.onnx", "sha256": "0" * 64, "size_bytes": 1},
        budget={"by": "cosine", "at_least": 0.99, "items": 64, "met": met},
        variants=ROWS,
        batches={1: 4.0},
        handler=None,
        machine={"processor": "a processor", "cores": 2},
    )


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "stacks" / "environments").mkdir(parents=True)
    made = tmp_path / "tiny"
    made.mkdir()
    (made / "inference.py").write_text("def predict_fn(data, model): return data\n")
    return made


def package(*words):
    return CliRunner().invoke(application, ["package", *words])


def test_the_table_is_progress_and_the_choice_is_data(folder):
    profile().write(folder)
    done = package(str(folder))
    assert done.exit_code == 0, done.output
    chosen = "onnxruntime, p50 4.00 ms a call, cosine 1.0000; measured on a processor, 2 cores"
    assert f"  {chosen}" in done.stdout.splitlines() and "pytorch" not in done.stdout
    assert "onnxruntime *" in done.stderr and "onnxruntime-int8: there is no product" in done.stderr
    (told,) = json.loads(package(str(folder), "--json").stdout)
    assert told["profile"]["summary"] == chosen
    assert [row["variant"] for row in told["profile"]["variants"]] == [row.variant for row in ROWS]
    assert "profile.json" in told["files"]


def test_a_budget_that_nothing_kept_is_said(folder):
    profile(met=False).write(folder)
    done = package(str(folder))
    assert "onnxruntime, since no variant keeps cosine 0.99" in done.stdout
    assert "No variant keeps the budget" in done.stderr


def test_a_folder_without_a_profile_has_none(folder):
    assert json.loads(package(str(folder), "--json").stdout)[0]["profile"] is None


def test_optimising_runs_the_script_again(folder):
    (folder / "w.onnx").write_text("old")
    profile(met=False).write(folder)
    text = profile().text()
    (folder / "export.py").write_text(
        "import pathlib\npathlib.Path('w.onnx').write_text('new')\n"
        f"pathlib.Path('profile.json').write_text({text!r})\n"
    )
    words = [str(folder), "--weights", "w.onnx", "--prepare", "export.py"]
    assert "since no variant keeps" in package(*words).stdout and (folder / "w.onnx").read_text() == "old"
    assert "p50 4.00 ms a call" in package(*words, "--optimize").stdout
    assert (folder / "w.onnx").read_text() == "new"


def test_optimising_a_folder_without_a_script_is_refused(folder):
    done = package(str(folder), "--optimize")
    assert isinstance(done.exception, InvalidModel)
    assert "names no script that makes its weights" in str(done.exception)
