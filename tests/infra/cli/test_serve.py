"""modelyard serve, as a user runs it: a process, its one line, HTTP, a page in a browser, and its end."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tarfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.browser import find
from tests.browser.tab import browsing

CLONE = Path(__file__).parents[3]
MODELYARD = Path(sys.executable).with_name("modelyard")
BROWSER = find()
HANDLER = '''"""Counts the words of a text."""
import time
from pydantic import BaseModel

class Input(BaseModel):
    text: str
    seconds: float = 0

def predict_fn(data, model):
    given = Input.model_validate(data)
    time.sleep(given.seconds)
    return {"words": len(given.text.split())}
'''
SAMPLE = '{"text": "four words are here"}'


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "counter"
    made.mkdir()
    (made / "inference.py").write_text(HANDLER)
    (made / "sample.json").write_text(SAMPLE)
    return made


@contextlib.contextmanager
def served(*words):
    """The process and the URL that it printed."""
    process = subprocess.Popen(
        [str(MODELYARD), "serve", *map(str, words)],
        cwd=CLONE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        line = process.stdout.readline()
        assert line, process.stderr.read()
        yield process, line.strip()
    finally:
        process.kill()
        process.communicate()


def failed(*words):
    done = subprocess.run(
        [str(MODELYARD), "serve", *map(str, words)], cwd=CLONE, capture_output=True, text=True, timeout=60
    )
    assert done.stdout == ""
    return done.returncode, done.stderr


def get(url):
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.read().decode(), answer.headers


def post(url, body, content_type="application/json"):
    request = urllib.request.Request(url, body, {"content-type": content_type})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def end(process, number=signal.SIGINT):
    """Seconds until it had ended, and with what."""
    started = time.monotonic()
    process.send_signal(number)
    out, err = process.communicate(timeout=20)
    return time.monotonic() - started, process.returncode, out + err


def test_it_answers_as_the_host_does_and_describes_itself(folder):
    with served(folder) as (process, url):
        base = url.removesuffix("/docs")
        assert base.startswith("http://127.0.0.1:")
        assert get(f"{base}/ping")[0] == ""
        assert post(f"{base}/invocations", SAMPLE.encode()) == (200, {"words": 4})
        status, said = post(f"{base}/invocations", b"{")
        assert status == 400 and set(said) == {"error", "request_id"}
        described = json.loads(get(f"{base}/openapi.json")[0])
        assert described["info"]["title"] == "counter"
        post_of = described["paths"]["/invocations"]["post"]
        assert post_of["requestBody"]["content"]["application/json"]["example"] == json.loads(SAMPLE)
        assert "413" in post_of["responses"]  # the host's own, beside those of every host
        assert "507" not in post_of["responses"]  # only where several models are
        html, headers = get(base)  # the start leads to the page
        assert 'id="swagger-ui"' in html and "default-src 'self'" in headers["content-security-policy"]
        with pytest.raises(urllib.error.HTTPError, match="404"):
            get(f"{base}/docs/swagger-ui.js")
        seconds, code, said = end(process)
        assert code == 0 and seconds < 5 and "Traceback" not in said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_handler_at_work_does_not_keep_it(folder, number):
    with served(folder) as (process, url):
        base = url.removesuffix("/docs")
        _, _, port = base.rpartition(":")
        with socket.create_connection(("127.0.0.1", int(port))) as busy:
            body = b'{"text": "", "seconds": 60}'
            busy.sendall(
                b"POST /invocations HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n"
                b"content-length: %d\r\n\r\n%b" % (len(body), body)
            )
            get(f"{base}/ping")
            seconds, code, _ = end(process, number)
    assert code == 0 and seconds < 8


def test_a_built_artifact_is_served_as_it_is_unpacked(folder, tmp_path):
    file = tmp_path / "model.tar.gz"
    with tarfile.open(file, "w:gz") as archive:
        archive.add(folder / "inference.py", "code/inference.py")
    with served(file) as (_, url):
        base = url.removesuffix("/docs")
        assert post(f"{base}/invocations", SAMPLE.encode()) == (200, {"words": 4})
    file.write_bytes(file.read_bytes()[:-20])
    code, said = failed(file)
    assert code != 0 and said.startswith("error: ") and said.count("\n") == 1


def test_a_port_of_ones_own_which_may_be_taken(folder):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert failed(folder, "--port", port) == (
            1,
            f"error: Port {port} cannot be had (Address already in use); name another, or leave --port out for a "
            "free one.\n",
        )
    with served(folder, "--port", port) as (_, url):
        assert url == f"http://127.0.0.1:{port}/docs"


@pytest.mark.parametrize(
    "handler, told",
    [
        ("def predict_fn(data, model): return 1\nraise OSError('no\\nlicence')\n", "OSError: no licence"),
        ("import nothing_of_that_name\n", "ModuleNotFoundError: No module named 'nothing_of_that_name'"),
        ("def predict_fn(:\n", "SyntaxError: "),
    ],
)
def test_a_handler_that_does_not_load_is_one_line(folder, handler, told):
    (folder / "inference.py").write_text(handler)
    code, said = failed(folder)
    assert code == 1 and said.startswith(f"error: The handler of counter does not load: {told}")
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    "words, told",
    [
        (["stacks"], "has neither code/inference.py nor inference.py; write one with predict_fn"),
        (["nowhere"], "'nowhere' is no folder; name one, or a workload: STACK/WORKLOAD --env NAME."),
        (["triage/classify"], "'triage/classify' is no folder; name one"),
        (
            ["triage/other", "--env", "local"],
            "triage has no workload 'other'; it has classify, classify-small.",
        ),
        (["readers/both", "--env", "local"], "serves several models; name the folder of one: "),
        (["stacks/models/digits", "--env", "local"], "is a folder, and belongs to no environment"),
    ],
)
def test_misuse_is_one_line(words, told):
    code, said = failed(*words)
    assert code == 2 and told in said and said.count("\n") == 1


def test_a_setting_that_cannot_be_is_misuse(folder):
    done = subprocess.run(
        [str(MODELYARD), "serve", str(folder)],
        env={**os.environ, "MODELYARD_BODY_LIMIT_BYTES": "1e3"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 2
    assert done.stderr == "error: MODELYARD_BODY_LIMIT_BYTES is '1e3'; write a whole number of at least 1.\n"


def test_a_missing_package_is_one_line_with_what_to_install(folder):
    script = "import sys; sys.modules['starlette'] = None; from infra.cli import main; main(sys.argv[1:])"
    done = subprocess.run(
        [sys.executable, "-c", script, "serve", str(folder)], cwd=CLONE, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert done.stderr == (
        "error: The host needs starlette, which is not installed; run: python -m pip install 'modelyard[serve]'\n"
    )


@pytest.mark.skipif(
    BROWSER is None, reason="no headless Chromium: python -m tests.browser.fetch brings Debian's"
)
def test_the_page_tries_the_sample_out_without_any_other_host(folder, tmp_path):
    with served(folder) as (_, url), browsing(BROWSER, tmp_path / "browser") as tab:
        tab.visit(url)
        tab.until("document.querySelector('.opblock-post') !== null")
        assert tab.value("document.querySelector('.title').innerText").startswith("counter")
        assert "Counts the words" in tab.value("document.body.innerText")
        tab.value("document.querySelector('.opblock-post .opblock-summary-control').click()")
        tab.until("document.querySelector('.opblock-post .execute') !== null")
        # It comes after the button.
        tab.until("document.querySelector('.opblock-post textarea.body-param__text')?.value")
        shown = tab.value("document.querySelector('.opblock-post textarea.body-param__text').value")
        assert json.loads(shown) == json.loads(SAMPLE)
        tab.value("document.querySelector('.opblock-post .execute').click()")
        live = "document.querySelector('.live-responses-table .response')"
        tab.until(f"{live} !== null")
        answer = tab.value(f"{live}.innerText")
        assert answer.split()[0] == "200" and '"words": 4' in answer
        assert all(one.startswith((url.removesuffix("docs"), "data:")) for one in tab.asked), tab.asked
        assert tab.said == []
