"""The multi-model host: SageMaker's contract for containers that hold several models."""

import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from tests.model_packaging.test_sagemaker_host import JSON, free_port, send, wait, wait_until_up

HANDLER = """
import os, time
from pathlib import Path
import names


def model_fn(model_dir):
    if (Path(model_dir) / "slow").exists():
        time.sleep(2.5)
    if (Path(model_dir) / "broken").exists():
        raise RuntimeError("no weights")
    return b"w" * (int(os.environ.get("BALLAST_MB", "0")) * 1024 * 1024)


def predict_fn(data, model):
    if data == "die":
        os._exit(7)
    return {"model": names.NAME, "got": data, "pid": os.getpid()}
"""


def start(**variables):
    port = free_port()
    environment = {
        **os.environ,
        "SAGEMAKER_MULTI_MODEL": "true",
        "SAGEMAKER_BIND_TO_PORT": str(port),
        "MODELYARD_BIND": "127.0.0.1",
        **variables,
    }
    command = [sys.executable, "-m", "model_packaging.hosts.sagemaker"]
    process = subprocess.Popen(command, env=environment, start_new_session=True)
    wait_until_up(process, port)
    return process, port


@pytest.fixture(scope="module")
def port():
    process, port = start()
    yield port
    process.terminate()
    assert process.wait(30) == 0


@pytest.fixture
def make_model(tmp_path):
    """Makes a model's folder; the modules beside each handler have the same name. Gives it as text."""

    def make(name, *flags):
        code = tmp_path / name / "code"
        code.mkdir(parents=True)
        (code / "inference.py").write_text(HANDLER)
        (code / "names.py").write_text(f"NAME = {name!r}")
        for flag in flags:
            (tmp_path / name / flag).touch()
        return str(tmp_path / name)

    return make


def load(port, name, url):
    return send(port, "POST", "/models", json.dumps({"model_name": name, "url": url}), JSON)


def ask(port, name, data="x"):
    status, body, _ = send(port, "POST", f"/models/{name}/invoke", json.dumps(data), JSON)
    return status, json.loads(body)


def test_two_models_are_loaded_asked_listed_and_unloaded(port, make_model):
    urls = {name: make_model(name) for name in ("one", "two")}
    for name, url in urls.items():
        assert load(port, name, url)[0] == 200
    answers = {name: ask(port, name)[1] for name in urls}
    assert {name: answer["model"] for name, answer in answers.items()} == {"one": "one", "two": "two"}
    assert answers["one"]["pid"] != answers["two"]["pid"]
    listed = json.loads(send(port, "GET", "/models")[1])
    assert listed == {"models": [{"modelName": name, "modelUrl": url} for name, url in urls.items()]}
    shown = json.loads(send(port, "GET", "/models/one")[1])
    assert shown == {"modelName": "one", "modelUrl": urls["one"]}
    for name in urls:
        assert send(port, "DELETE", f"/models/{name}")[0] == 200
    assert json.loads(send(port, "GET", "/models")[1]) == {"models": []}
    with pytest.raises(ProcessLookupError):
        os.kill(answers["one"]["pid"], 0)


def test_one_that_is_loaded_twice(port, make_model):
    url = make_model("twice")
    assert load(port, "twice", url)[0] == 200
    status, body, _ = load(port, "twice", url)
    assert (status, json.loads(body)["error"]) == (409, "Model twice is loaded already.")
    send(port, "DELETE", "/models/twice")


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/models/none"), ("DELETE", "/models/none"), ("POST", "/models/none/invoke")]
)
def test_one_that_is_not_loaded(port, method, path):
    assert send(port, method, path, b"{}" if method == "POST" else None)[0] == 404


@pytest.mark.parametrize("body", [b"{}", b"[]", b'{"model_name": "a"}', b'{"model_name": 1, "url": "x"}'])
def test_a_body_that_names_no_model(port, body):
    status, answer, _ = send(port, "POST", "/models", body, JSON)
    assert status == 400 and "model_name" in json.loads(answer)["error"]


def test_a_handler_that_does_not_load(port, make_model):
    status, body, _ = load(port, "broken", make_model("broken", "broken"))
    assert status == 500
    assert json.loads(body)["error"] == "The model's handler did not load (exit code 1); see the log."
    assert send(port, "GET", "/models/broken")[0] == 404


def test_the_ping_is_answered_while_a_model_loads(port, make_model):
    url = make_model("slow", "slow")
    loading = threading.Thread(target=load, args=(port, "slow", url))
    loading.start()
    while loading.is_alive():
        started = time.monotonic()
        assert send(port, "GET", "/ping")[0] == 200
        assert time.monotonic() - started < 2
        time.sleep(0.1)
    assert ask(port, "slow")[0] == 200
    send(port, "DELETE", "/models/slow")


def test_a_model_whose_process_ends_can_be_loaded_again(port, make_model):
    url = make_model("mortal")
    load(port, "mortal", url)
    assert ask(port, "mortal", "die")[0] == 500
    wait(lambda: send(port, "GET", "/models/mortal")[0] == 404)
    assert load(port, "mortal", url)[0] == 200
    assert ask(port, "mortal")[0] == 200
    send(port, "DELETE", "/models/mortal")


def test_no_more_than_the_memory_that_there_is(make_model):
    # one process takes some 40 MB, and 180 MB of ballast
    process, port = start(MODELYARD_MODELS_MEMORY_MB="400", BALLAST_MB="180")
    try:
        urls = {name: make_model(name) for name in ("a", "b")}
        assert load(port, "a", urls["a"])[0] == 200
        status, body, _ = load(port, "b", urls["b"])
        assert status == 507 and "of 400 MB" in json.loads(body)["error"]
        assert json.loads(send(port, "GET", "/models")[1])["models"] == [
            {"modelName": "a", "modelUrl": urls["a"]}
        ]
        assert ask(port, "a")[0] == 200
        assert send(port, "DELETE", "/models/a")[0] == 200
        assert load(port, "b", urls["b"])[0] == 200
    finally:
        pid = ask(port, "b")[1]["pid"]
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
