"""Small model folders, for tests that need no weights; and the stacks' models, for those that do."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from model_packaging import Model
from model_packaging.hosts.codecs import JSON
from model_packaging.hosts.handler import Handler
from model_packaging.prepare import prepare

STACKS = Path(__file__).parents[2] / "stacks"

ECHO = "def predict_fn(data, model):\n    return data\n"

BUCKET = "modelyard-test"

MakeModel = Callable[..., Model]


@pytest.fixture
def make_model(tmp_path: Path) -> MakeModel:
    """A folder below tmp_path/models with the given files, and its Model; inference.py echoes."""

    def make(files: dict[str, str | bytes] | None = None, name: str = "tiny", **fields: object) -> Model:
        folder = tmp_path / "models" / name
        for path, content in {"inference.py": ECHO, **(files or {})}.items():
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content.encode() if isinstance(content, str) else content)
        return Model(Path("models") / name, **{"framework": "onnx", **fields})  # type: ignore[arg-type]

    return make


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """An empty artifact cache that is not there yet."""
    return tmp_path / ".modelyard" / "artifacts"


@pytest.fixture
def client() -> Iterator[Any]:
    """S3 with an empty bucket, in this process."""
    with mock_aws():
        made = boto3.client(
            "s3", region_name="us-east-1", aws_access_key_id="any", aws_secret_access_key="any"
        )
        made.create_bucket(Bucket=BUCKET)
        yield made


@pytest.fixture(scope="session")
def bare_environment() -> dict[str, str]:
    """For processes that must not find our packages by accident."""
    return {"PATH": os.environ["PATH"], "LANG": "C.UTF-8"}


@pytest.fixture(scope="module")
def folder(request: pytest.FixtureRequest) -> Path:
    """The folder of the stack's model that the test's module names MODEL, with its weights."""
    model: Model = request.module.MODEL
    prepare(model, STACKS)
    return model.directory(STACKS)


@pytest.fixture(scope="module")
def ask(folder: Path) -> Iterator[Callable[[Any], Any]]:
    """JSON in, JSON out, through that model's handler."""
    path = list(sys.path)
    handler = Handler.load(folder)
    yield lambda data: json.loads(handler.transform(json.dumps(data).encode(), JSON, JSON)[0])
    sys.path[:] = path
