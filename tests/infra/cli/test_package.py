"""modelyard package: what it says of a model's measured profile."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from infra.cli.application import application
from infra.errors import Misuse
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


def theirs(files: list[str]) -> list[str]:
    """Without what of ours lies beside the code."""
    return [name for name in files if not name.startswith(("code/modelyard_host/", "code/modelyard_program"))]


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


@pytest.fixture
def bare(folder):
    """An ONNX file, and no folder around it."""
    onnx = pytest.importorskip("onnx")
    values = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ["items", 2]) for name in "xy"]
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("Abs", ["x"], ["y"])], "abs", values[:1], values[1:]
    )
    opset = onnx.helper.make_opsetid("", 18)
    onnx.save(onnx.helper.make_model(graph, opset_imports=[opset], ir_version=8), "bare.onnx")
    return "bare.onnx"


def test_a_bare_file_becomes_a_model_folder_and_its_artifact(bare, tmp_path):
    done = package(bare, "--to", "models/absolute", "--json")
    assert done.exit_code == 0, done.output
    (told,) = json.loads(done.stdout)
    assert told["model"] == "absolute"
    assert theirs(told["files"]) == ["code/inference.py", "code/requirements.txt", "model.onnx"]
    assert "Model('models/absolute', framework='onnx', weights=('model.onnx',))" in done.stderr
    again = package(bare, "--to", "models/absolute")
    assert isinstance(again.exception, InvalidModel) and "there already" in str(again.exception)
    assert json.loads(package("models/absolute", "--json").stdout)[0]["digest"] == told["digest"]


@pytest.mark.parametrize("words", [["--container", "ecs", "--out", "out"], ["--out", "out"], ["--upload"]])
def test_nothing_is_written_where_something_else_is_wrong(bare, tmp_path, words):
    done = package(bare, "--to", "models/absolute", *words)
    assert isinstance(done.exception, Misuse) and not Path("models/absolute").exists()


def test_nothing_is_written_outside_of_a_project(bare, tmp_path_factory, monkeypatch):
    file = Path(bare).resolve()
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    done = package(str(file), "--to", "absolute")
    assert "stacks/environments" in str(done.exception) and not Path("absolute").exists()


def test_a_bare_file_without_a_place_is_told_of_it(bare):
    assert "make a model folder of it: modelyard package bare.onnx --to FOLDER" in str(
        package(bare).exception
    )
    served = CliRunner().invoke(application, ["serve", bare])
    assert "modelyard package bare.onnx --to FOLDER, and serve that folder." in str(served.exception)


def test_what_no_folder_can_be_made_of_is_refused(folder):
    told = str(package(str(folder), "--to", "models/other").exception)
    assert told.endswith("is neither an .onnx file nor a folder with config.json and model.safetensors.")
    assert "leave out --env" in str(package("a.onnx", "--to", "models/other", "--env", "dev").exception)


UNCOMPRESSED = """
from infra import RealtimeEndpoint, Stack
from model_packaging import Model

def stack(env):
    tiny = Model("../tiny", framework="onnx")
    return Stack("plain", env, [RealtimeEndpoint("a", model=tiny, instance_type="ml.m5.large", uncompressed=True)])
"""


def test_a_model_that_is_not_compressed_is_shown_by_its_prefix(folder, tmp_path):
    (tmp_path / "stacks" / "plain.py").write_text(UNCOMPRESSED)
    (tmp_path / "stacks" / "environments" / "dev.toml").write_text(
        'region = "us-east-1"\naccount_id = "111122223333"\n'
    )
    done = package("plain", "--env", "dev")
    assert done.exit_code == 0, done.exception
    assert done.stdout.splitlines()[0] == "tiny/model/"
    (told,) = json.loads(package("plain", "--env", "dev", "--json").stdout)
    assert told["key"] == f"models/tiny/{told['digest']}/model/" and theirs(told["files"]) == [
        "code/inference.py"
    ]
