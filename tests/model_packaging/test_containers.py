"""Images of one's own: their Dockerfiles as a linter reads them, and their layers as containers run them."""

import gzip
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tarfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from model_packaging import image, registry
from model_packaging.containers import TARGETS, build_container, pinned, write_context
from model_packaging.errors import BuildFailed
from model_packaging.functions import ImageArtifact, Target
from model_packaging.hosts.batch_start import PACKAGED
from model_packaging.image import Base, Blob
from model_packaging.recipes import RECIPES, settings

CACHE = Path(__file__).parents[2] / ".modelyard" / "artifacts"
SAGEMAKER = """\
# No USER: SageMaker runs the container as root, and what it puts below /opt/ml is root's.
# The model is not in it: SageMaker unpacks ModelDataUrl at /opt/ml/model.
FROM --platform=linux/amd64 public.ecr.aws/docker/library/python:3.12-slim-bookworm
ADD layer.tar.gz /
LABEL modelyard.runtime="python3.12"
LABEL com.amazonaws.sagemaker.capabilities.accept-bind-to-port="true"
LABEL com.amazonaws.sagemaker.capabilities.multi-models="true"
ENV PYTHONPATH="/opt/modelyard"
ENV PYTHONUNBUFFERED="1"
WORKDIR /opt/modelyard
EXPOSE 8080
ENTRYPOINT ["python3", "-m", "model_packaging.hosts.sagemaker"]
CMD ["serve"]
"""
BATCH = """\
# The job's files are not in it: MODELYARD_ARTIFACT names them, and they are verified before they run.
FROM --platform=linux/arm64 public.ecr.aws/docker/library/python:3.13-slim-bookworm
ADD layer.tar.gz /
LABEL modelyard.runtime="python3.13"
ENV PYTHONPATH="/opt/modelyard"
ENV PYTHONUNBUFFERED="1"
WORKDIR /tmp
USER 65534:65534
CMD ["python3", "/opt/modelyard/start.py"]
"""


def written(kind, runtime="python3.12", architecture="x86_64"):
    artifact = ImageArtifact(
        "tiny", "0" * 64, "layer.tar.gz", Path("layer.tar.gz"), 1, (), runtime, architecture, kind
    )
    return image.dockerfile(artifact, str(registry.base_of(runtime, kind)))


def instructions(text: str) -> list[tuple[str, str]]:
    return [tuple(line.split(" ", 1)) for line in text.splitlines() if not line.startswith("#")]


def of(name: str, text: str) -> list[str]:
    return [words for instruction, words in instructions(text) if instruction == name]


RULES: dict[str, Callable[[str], bool]] = {
    "DL3000 WORKDIR is absolute": lambda text: all(one.startswith("/") for one in of("WORKDIR", text)),
    "DL3006, DL3007 the base has a tag, and not latest": lambda text: all(
        re.search(r":(?!latest$)[\w.-]+$", one) for one in of("FROM", text)
    ),
    "DL3010, DL3020 ADD only unpacks an archive": lambda text: all(
        re.fullmatch(r"[\w.-]+\.tar\.gz /", one) for one in of("ADD", text)
    ),
    "DL3011 a port that there is": lambda text: all(0 < int(one) < 65536 for one in of("EXPOSE", text)),
    "DL3025 commands are lists": lambda text: all(
        isinstance(json.loads(one), list) for one in [*of("CMD", text), *of("ENTRYPOINT", text)]
    ),
    "DL3048 labels have valid names": lambda text: all(
        re.fullmatch(r'[a-z0-9]+([.-][a-z0-9]+)*="[^"]*"', one) for one in of("LABEL", text)
    ),
    "DL4003, DL4004 one command and at most one entry point": lambda text: (
        len(of("CMD", text)) == 1 >= len(of("ENTRYPOINT", text))
    ),
    "nothing runs while it is built": lambda text: not of("RUN", text),
    "one base, named first": lambda text: instructions(text)[0][0] == "FROM" and len(of("FROM", text)) == 1,
    "a user without rights, by number, or the reason for none": lambda text: (
        [one for one in of("USER", text) if re.fullmatch(r"[1-9]\d*:[1-9]\d*", one)] != []
        or "# No USER: " in text
    ),
}


@pytest.mark.parametrize("kind", TARGETS)
@pytest.mark.parametrize("rule", RULES)
def test_a_linter_has_nothing_to_say(kind, rule):
    assert RULES[rule](written(kind)), written(kind)


def test_the_text_of_each():
    assert written("sagemaker") == SAGEMAKER
    assert written("batch", "python3.13", "arm64") == BATCH
    assert set(RECIPES) == set(TARGETS) == set(registry.BASES)


def test_an_image_that_is_made_without_docker_says_the_same():
    base = {
        "Env": ["PATH=/usr/local/bin", "PYTHONUNBUFFERED=0"],
        "Cmd": ["python3"],
        "Labels": {"by": "debian"},
    }
    assert settings(RECIPES["batch"], base, "python3.12") == {
        "Env": ["PATH=/usr/local/bin", "PYTHONUNBUFFERED=1", "PYTHONPATH=/opt/modelyard"],
        "WorkingDir": "/tmp",
        "Cmd": ["python3", "/opt/modelyard/start.py"],
        "Labels": {"by": "debian", "modelyard.runtime": "python3.12"},
        "User": "65534:65534",
    }
    served = settings(RECIPES["sagemaker"], base, "python3.12")
    assert served["Entrypoint"] == ["python3", "-m", "model_packaging.hosts.sagemaker"]
    assert served["ExposedPorts"] == {"8080/tcp": {}} and "User" not in served


def test_a_layer_of_every_kind_becomes_an_image_on_its_base(tmp_path):
    file = tmp_path / "layer.tar.gz"
    file.write_bytes(gzip.compress(b""))
    below = Base(
        {"config": {"Entrypoint": ["/base"], "User": "base"}}, (Blob("sha256:base", 3, Path("unread")),)
    )
    said = {}
    for kind in TARGETS:
        artifact = ImageArtifact("tiny", "0" * 64, file.name, file, 1, (), "python3.12", "arm64", kind)
        config = json.loads(image.compose(artifact, below).config)
        assert (config["architecture"], config["os"]) == ("arm64", "linux")
        said[kind] = (config["config"]["Entrypoint"][-1], config["config"]["Cmd"], config["config"]["User"])
    assert said == {
        "lambda": ("/base", ["modelyard_host.aws_lambda.handler"], "base"),
        "sagemaker": ("model_packaging.hosts.sagemaker", ["serve"], "base"),
        "batch": ("/base", ["python3", "/opt/modelyard/start.py"], "65534:65534"),
    }


def test_pins_are_this_environments_and_closed():
    pins = dict(pin.split("==") for pin in pinned(["starlette"]))
    assert {"starlette", "anyio", "idna"} <= set(pins) and all(pins.values())


@pytest.fixture
def unpacked(make_model, tmp_path):
    """The context of a kind's image, and its layer as a container has it."""

    def make(kind):
        made = build_container(kind, make_model(), tmp_path, CACHE, Target(f"python3.{sys.version_info[1]}"))
        context = tmp_path / "context"
        assert write_context(made, context) == context / "Dockerfile"
        assert sorted(file.name for file in context.iterdir()) == ["Dockerfile", made.filename]
        with tarfile.open(context / made.filename) as layer:
            layer.extractall(tmp_path / "root", filter="data")
        return tmp_path / "root"

    return make


def test_the_sagemaker_layer_serves_with_nothing_else(unpacked, make_model, tmp_path):
    root = unpacked("sagemaker")
    assert not list(root.rglob("flask*"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    recipe = RECIPES["sagemaker"]
    words = [*recipe.entrypoint[1:], *recipe.command]
    variables = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(root / "opt/modelyard"),
        "SM_MODEL_DIR": str(tmp_path / "models/tiny"),
        "SAGEMAKER_BIND_TO_PORT": str(port),
        "MODELYARD_BIND": "127.0.0.1",
    }
    process = subprocess.Popen([sys.executable, "-S", *words], cwd=root, env=variables)
    try:
        end, url = time.monotonic() + 30, f"http://127.0.0.1:{port}"
        while True:
            try:
                urllib.request.urlopen(f"{url}/ping", timeout=5).close()
                break
            except urllib.error.URLError:
                assert process.poll() is None and time.monotonic() < end
                time.sleep(0.1)
        request = urllib.request.Request(
            f"{url}/invocations", b'{"a": 1}', {"content-type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert json.load(answer) == {"a": 1}
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()


def test_the_batch_layer_starts_a_job_with_nothing_else(unpacked):
    root = unpacked("batch")
    (python, script) = RECIPES["batch"].command
    assert python == "python3"
    variables = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(root / "opt/modelyard"),
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    words = [sys.executable, "-S", str(root / script.removeprefix("/"))]
    given = {
        "MODELYARD_ARTIFACT": "s3://bucket/models/tiny/digest/job.tar.gz",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    }
    done = subprocess.run(
        words, env={**variables, **given}, cwd=root, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(
        "botocore.exceptions.NoCredentialsError"
    )  # its own boto3 asked


def test_a_dockerfile_of_ones_own_is_kept(make_model, tmp_path):
    model = make_model()
    made = build_container("batch", model, tmp_path, CACHE, Target("python3.12"))
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "Dockerfile").write_text("FROM scratch\n")
    with pytest.raises(
        BuildFailed, match=r"Dockerfile was not written by Modelyard, and would be lost; name another"
    ):
        write_context(made, folder)
    assert [file.name for file in folder.iterdir()] == ["Dockerfile"]
    (folder / "Dockerfile").unlink()
    assert write_context(made, folder) == write_context(made, folder)
    assert sorted(file.name for file in folder.iterdir()) == ["Dockerfile", made.filename]


@pytest.mark.parametrize(("brought", "installs"), [("tiny==1", False), ("tiny==2", True)])
def test_nothing_is_installed_for_a_job_whose_packages_are_in_its_image(tmp_path, brought, installs):
    folder, own = tmp_path / "image", tmp_path / "requirements.txt"
    folder.mkdir()
    (folder / PACKAGED).write_text("tiny==1")
    own.write_text(brought)
    words = f"""
import sys
from pathlib import Path
from model_packaging.hosts.batch_start import is_packaged
sys.path.append({str(folder)!r})
print(is_packaged(Path({str(own)!r})))
"""
    done = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, check=True)
    assert done.stdout == f"{not installs}\n"


def test_only_the_image_of_a_job_says_of_which_requirements_its_packages_are(make_model, tmp_path):
    model = make_model({"requirements.txt": "numpy\n"})
    own = tmp_path / "models/tiny/requirements.txt"
    listed = {
        kind: [
            entry.source
            for entry in build_container(kind, model, tmp_path, CACHE, Target("python3.12")).entries
            if entry.path == f"opt/modelyard/{PACKAGED}"
        ]
        for kind in ("batch", "sagemaker")
    }
    assert listed == {"batch": [own], "sagemaker": []}


def test_packages_that_cannot_be_had_are_told_of_the_models_own_file(make_model, tmp_path):
    model = make_model({"requirements.txt": "numpy==0.0.1\n"})
    own = re.escape(str(tmp_path / "models/tiny/requirements.txt"))
    with pytest.raises(BuildFailed, match=f"No packages for {own} on Python 3.12, arm64"):
        build_container("sagemaker", model, tmp_path, CACHE, Target("python3.12", "arm64"))
