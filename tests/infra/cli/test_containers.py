"""modelyard package --container: a folder for `docker build`, or one line."""

import subprocess
import sys
from pathlib import Path

import pytest

CLONE = Path(__file__).parents[3]
MODELYARD = Path(sys.executable).with_name("modelyard")


def package(*words):
    return subprocess.run(
        [str(MODELYARD), "package", *map(str, words)], cwd=CLONE, capture_output=True, text=True, timeout=120
    )


def test_the_context_of_a_functions_image(tmp_path):
    folder, out = tmp_path / "echo", tmp_path / "out"
    folder.mkdir()
    (folder / "inference.py").write_text("def predict_fn(data, model):\n    return data\n")
    done = package(folder, "--container", "lambda", "--out", out)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == f"{out}/Dockerfile"
    assert sorted(file.name for file in out.iterdir()) == ["Dockerfile", "function-python3.11-x86_64.tar.gz"]
    assert done.stderr.startswith("Build it with: docker build --tag echo-")


def test_docker_is_told_to_make_the_kind_of_manifest_that_sagemaker_takes(tmp_path):
    done = package("stacks/models/digits", "--container", "sagemaker", "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert "Build it with: docker build --provenance=false --output type=docker --tag digits-" in done.stderr


@pytest.mark.parametrize(
    "words, told",
    [
        (["stacks/models/digits", "--container", "batch"], "write --container KIND --out OUT."),
        (["stacks/models/digits", "--out", "x"], "write --container KIND --out OUT."),
        (
            ["stacks/models/digits", "--container", "ecs", "--out", "x"],
            "write one of lambda, sagemaker, batch.",
        ),
        (["stacks/models/digits", "--container", "batch", "--out", "x", "--upload"], "leave out --upload."),
        (
            ["stacks/models/digits", "--container", "batch", "--out", "stacks/models/digits/out"],
            "stacks/models/digits/out lies in the model's folder, and would be packed with it",
        ),
        (["triage", "--env", "local", "--container", "batch", "--out", "x"], "'triage' is none or has --env"),
    ],
)
def test_misuse_is_one_line(words, told):
    done = package(*words)
    assert done.returncode == 2 and told in done.stderr and done.stderr.count("\n") == 1, done.stderr
