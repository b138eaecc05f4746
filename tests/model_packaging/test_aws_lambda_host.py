"""The function as it is deployed, run by AWS's own runtime client against a Runtime API of this machine."""

import json
import subprocess
import zipfile
from pathlib import Path

import pytest

from model_packaging.functions import LAMBDA_HANDLER, build_function
from tests.model_packaging.runtime_api import RuntimeApi, client_folder, command, variables

EVENTS = Path(__file__).with_name("events")
HANDLER = """
import pathlib
def model_fn(model_dir):
    return (pathlib.Path(model_dir) / "word.txt").read_text()
def predict_fn(data, model):
    if data["text"] == "raise":
        raise KeyError("no such label")
    if data["text"] == "refuse":
        raise ValueError("too long")
    return {model: len(data["text"].split())}
"""
PREDICTION = {"words": 4}
JSON = "application/json"


@pytest.fixture
def start(make_model, tmp_path, cache):
    """Starts the unzipped function of a handler; gives the Runtime API, and what the function wrote."""
    api, processes = RuntimeApi(), []
    client = client_folder(tmp_path / "client")

    def run(handler=HANDLER):
        made = build_function(make_model({"inference.py": handler, "word.txt": "words"}), tmp_path, cache)
        root = tmp_path / "task"
        with zipfile.ZipFile(made.file) as archive:
            archive.extractall(root)
        process = subprocess.Popen(
            command(LAMBDA_HANDLER, root, client),
            cwd=root,
            env=variables(api, root),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        processes.append(process)
        return api, process

    yield run
    for process in processes:
        process.kill()
        process.communicate()
    api.close()


def ask(api, event):
    api.events.put(event)
    return api.received.get(timeout=20)


def recorded(name):
    return json.loads((EVENTS / f"{name}.json").read_text())


def test_every_kind_of_event_is_answered_in_its_own_form(start):
    """Events as AWS's documentation shows them, one after the other to one process."""
    api, _ = start()
    for file in sorted(EVENTS.glob("*.json")):
        got = ask(api, recorded(file.stem))
        assert got.path == "/2018-06-01/runtime/invocation/request-1/response", (file.stem, got.body)
        said = json.loads(got.body)
        if file.stem == "direct":
            assert said == PREDICTION
            continue
        assert said["statusCode"] == 200 and said["isBase64Encoded"] is False, (file.stem, said)
        if file.stem == "load-balancer-health-check":
            assert said["body"] == ""
            continue
        assert json.loads(said["body"]) == PREDICTION
        several = file.stem.endswith("multi-value")
        assert said["multiValueHeaders" if several else "headers"] == {
            "content-type": [JSON] if several else JSON
        }
        assert ("headers" in said) is not several


def test_what_the_handler_raises_is_an_error_with_type_and_message_and_the_next_is_answered(start):
    api, _ = start()
    for text, kind, message in [
        ("raise", "HandlerFault", "predict_fn raised KeyError: 'no such label'"),
        ("refuse", "BadRequest", "too long"),
    ]:
        got = ask(api, {"text": text})
        assert got.path == "/2018-06-01/runtime/invocation/request-1/error"
        said = json.loads(got.body)
        assert (said["errorType"], said["errorMessage"]) == (kind, message)
        assert any("aws_lambda.py" in frame for frame in said["stackTrace"])
    assert json.loads(ask(api, recorded("direct")).body) == PREDICTION


def test_the_model_is_loaded_before_the_first_event(start):
    api, process = start("print('loading')\n" + HANDLER + "\nprint('loaded')")
    assert [process.stdout.readline() for _ in range(2)] == ["loading\n", "loaded\n"]
    assert api.received.empty()


@pytest.mark.parametrize(
    ("handler", "kind", "message"),
    [
        ("predict_fn = print\nraise RuntimeError('no weights')", "RuntimeError", "no weights"),
        (
            "from nothing_of_that_name import predict_fn",
            "Runtime.ImportModuleError",
            "No module named 'nothing_of_that_name'",
        ),
        ("x = globals()", "InvalidHandler", "has no predict_fn; write predict_fn(data, model)."),
    ],
)
def test_a_handler_that_does_not_load_is_an_init_error(start, handler, kind, message):
    api, process = start(handler)
    got = api.received.get(timeout=20)
    assert got.path == "/2018-06-01/runtime/init/error"
    said = json.loads(got.body)
    assert said["errorType"] == kind and message in said["errorMessage"]
    assert process.wait(10) == 1
