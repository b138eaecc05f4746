"""A handler in AWS's own images: behind a server that only knows `model_fn` and `transform_fn`, it is what it is elsewhere.

The server here does what sagemaker-huggingface-inference-toolkit 2.6.0 on multi-model-server 1.1.11 was seen to do with
the same archive: it imports SAGEMAKER_PROGRAM from the model's `code/`, passes its context to who takes it, reads JSON as
text, names the type that was asked for, and tells every exception as a 400.
"""

import json
import subprocess
import sys
import tarfile

import pytest

from model_packaging.artifact import build_archive
from model_packaging.model import PROGRAM

FAKES = {
    "mms_service.py": """
class PredictionException(Exception):
    def __init__(self, message, error_code=500):
        super().__init__(message)
        self.message, self.error_code = message, error_code
""",
    "sagemaker_huggingface_inference_toolkit/__init__.py": "",
    "sagemaker_huggingface_inference_toolkit/handler_service.py": """
import importlib, inspect, os, sys
from mms_service import PredictionException

class Context:
    def __init__(self):
        self.type = None
    def set_response_content_type(self, index, value):
        self.type = value

class Service:
    def __init__(self, model_dir):
        self.model_dir, self.context, self.model = model_dir, Context(), None
    def start(self):
        sys.path.insert(0, os.path.join(self.model_dir, "code"))
        module = importlib.import_module(os.environ["SAGEMAKER_PROGRAM"].removesuffix(".py"))
        assert not any(hasattr(module, name) for name in ("input_fn", "predict_fn", "output_fn"))
        self.transform = module.transform_fn
        taken = len(inspect.signature(self.transform).parameters)
        assert taken in (4, 5)
        self.more = [self.context] if taken == 5 else []
        self.model = module.model_fn(self.model_dir)
    def handle(self, body, content_type, accept):
        try:
            if self.model is None:
                self.start()
            accept = "application/json" if accept in (None, "*/*") else accept
            if content_type == "application/json":
                body = body.decode("utf-8")
            answer = self.transform(self.model, body, content_type, accept, *self.more)
            self.context.set_response_content_type(0, accept)
            return answer
        except Exception as error:
            raise PredictionException(str(error), 400)
""",
}
ERRORS = """
class GenericInferenceToolkitError(Exception):
    def __init__(self, status_code, message=None, phrase=None):
        super().__init__(status_code, message, phrase)
        self.status_code, self.message = status_code, message
"""
DRIVER = """
import json, sys
from sagemaker_huggingface_inference_toolkit.handler_service import Service
from mms_service import PredictionException

service = Service(sys.argv[1])
for line in sys.stdin:
    body, content_type, accept = json.loads(line)
    try:
        answer = service.handle(bytes(body), content_type, accept)
        print(json.dumps([200, answer.decode(), service.context.type]))
    except PredictionException as error:
        print(json.dumps([error.error_code, error.message, None]))
"""
HANDLER = """
import words

class Input:
    @classmethod
    def model_validate(cls, data):
        if not isinstance(data, dict) or "x" not in data:
            raise ValueError("x: is missing")
        return data["x"]

def predict_fn(data, model):
    if data == "unknown":
        raise ValueError("no such label")
    if data == "broken":
        raise RuntimeError("cannot do it")
    return [words.LOUD[data]]
"""
FILES = {"inference.py": HANDLER, "words.py": "LOUD = {'a': 'A'}\n"}
JSON = "application/json"


@pytest.fixture(params=[True, False], ids=["with the toolkit's errors", "without"])
def serve(request, make_model, tmp_path, cache):
    """Answers requests, each a body, its type and what is accepted, in the server that AWS's image has."""

    def run(files: dict, *requests: tuple[bytes, str | None, str | None]) -> list[list]:
        built = build_archive(make_model(files), tmp_path, cache)
        model_dir, packages = tmp_path / "model", tmp_path / "packages"
        with tarfile.open(built.file) as tar:
            tar.extractall(model_dir, filter="data")
        fakes = {**FAKES, "sagemaker_inference/__init__.py": ""}
        if request.param:
            fakes["sagemaker_inference/errors.py"] = ERRORS
        for name, text in fakes.items():
            (packages / name).parent.mkdir(parents=True, exist_ok=True)
            (packages / name).write_text(text)
        (packages / "driver.py").write_text(DRIVER)
        lines = [json.dumps([list(body), content_type, accept]) for body, content_type, accept in requests]
        done = subprocess.run(
            [sys.executable, "-S", str(packages / "driver.py"), str(model_dir)],
            input="\n".join(lines),
            env={"SAGEMAKER_PROGRAM": PROGRAM, "PYTHONPATH": str(packages)},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    return run


def test_a_handler_is_what_it_is_in_every_other_host(serve):
    answers = serve(
        FILES,
        (b'{"x": "a"}', JSON, None),
        (b'{"x": "a"}', f"{JSON}; charset=utf-8", "*/*"),
        (b'{"x": "a"}', None, JSON),
        (b'{"x": "a"}', JSON, "text/csv;q=0.9, image/png"),
        (b'{"y": 1}', JSON, None),
        (b'{"x": "unknown"}', JSON, None),
        (b'{"x": "broken"}', JSON, None),
        (b"{", JSON, None),
        (b"\xff", JSON, None),
        (b"any", "image/png", None),
        (b'{"x": "a"}', JSON, "image/png"),
        (b'{"x": "a"}', JSON, None),
    )
    assert answers[:4] == [
        [200, '["A"]', JSON],
        [200, '["A"]', JSON],
        [200, '["A"]', JSON],
        [200, "A\n", "text/csv"],
    ]
    assert [status for status, _, _ in answers[4:]] == [400, 400, 500, 400, 400, 415, 406, 200]
    told = [text for _, text, _ in answers]
    assert told[4:6] == ["x: is missing", "no such label"]
    assert told[6] == "predict_fn raised RuntimeError: cannot do it"
    assert "not JSON" in told[7] and "not UTF-8" in told[8] and "image/png is not supported" in told[9]


def test_a_model_that_does_not_load_is_the_servers_fault_at_each_request(serve):
    broken = "def model_fn(model_dir):\n    raise RuntimeError('from another age')\n\n\ndef predict_fn(data, model): ...\n"
    answers = serve({"inference.py": broken}, (b"1", JSON, None), (b"1", JSON, None))
    assert answers == [[500, "from another age", None]] * 2


def test_without_a_model_fn_the_model_is_its_folder(serve):
    source = "def predict_fn(data, model):\n    return (model / 'labels.txt').read_text()\n"
    assert serve({"inference.py": source, "labels.txt": "a b"}, (b"1", JSON, None)) == [[200, '"a b"', JSON]]
