"""One handler, from a folder to an answer."""

import subprocess
import sys
from pathlib import Path

import pytest

from model_packaging.hosts.faults import (
    BadRequest,
    Fault,
    HandlerFault,
    InvalidHandler,
    NotAcceptable,
    UnsupportedMediaType,
)
from model_packaging.hosts.handler import Handler

JSON = "application/json"


@pytest.fixture(autouse=True)
def path_as_before(monkeypatch):
    """Loading puts the code's folder on the path, as in a container; each test gets the path back."""
    monkeypatch.setattr(sys, "path", list(sys.path))


@pytest.fixture
def load(tmp_path):
    """A handler with the given source, in a folder of its own."""

    def make(source, place="."):
        folder = tmp_path / place
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "inference.py").write_text(source)
        return Handler.load(tmp_path)

    return make


def test_the_defaults_are_json_in_json_out_and_the_folder_as_model(load, tmp_path):
    handler = load("def predict_fn(data, model):\n    return {'got': data, 'model': str(model)}")
    assert handler.transform(b'{"a": 1}', JSON, None) == (
        b'{"got": {"a": 1}, "model": "' + str(tmp_path).encode() + b'"}',
        JSON,
    )


def test_the_functions_are_called_as_sagemaker_calls_them(load, tmp_path):
    handler = load("""
seen = []
def model_fn(model_dir):
    return ["model of", model_dir]
def input_fn(body, content_type):
    return [body, content_type]
def predict_fn(data, model):
    return data + model
def output_fn(prediction, accept):
    return "|".join(map(str, [*prediction, accept]))
""")
    answer = f"1,2|text/csv|model of|{tmp_path}|text/csv".encode()
    assert handler.transform(b"1,2", "text/csv; charset=utf-8", "text/csv") == (answer, "text/csv")


def test_bytes_stay_bytes_and_the_answer_may_name_its_type(load):
    handler = load("""
def input_fn(body, content_type):
    return body
def predict_fn(data, model):
    return data[::-1]
def output_fn(prediction, accept):
    return prediction, "image/x-backwards"
""")
    assert handler.transform(b"\x00\xff", "image/png", "*/*") == (b"\xff\x00", "image/x-backwards")


def test_code_is_looked_for_first_and_its_neighbours_can_be_imported(load, tmp_path):
    (tmp_path / "inference.py").write_text("def predict_fn(data, model): return 'root'")
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "neighbour_of_code.py").write_text("WORD = 'code'")
    handler = load("import neighbour_of_code as n\ndef predict_fn(data, model): return n.WORD", "code")
    assert handler.transform(b"1", JSON, JSON)[0] == b'"code"'


def test_only_the_codes_folder_comes_onto_the_path(load, tmp_path):
    before = list(sys.path)
    load("def predict_fn(data, model): return 1", "code")
    assert sys.path == [str((tmp_path / "code").resolve()), *before]


@pytest.mark.parametrize("source", ["", "predict_fn = 3"])
def test_a_handler_without_predict_fn_is_refused(load, source):
    with pytest.raises(InvalidHandler, match=r"has no predict_fn; write predict_fn\(data, model\)"):
        load(source)


def test_a_folder_without_a_handler_is_refused(tmp_path):
    with pytest.raises(InvalidHandler, match=r"neither code/inference\.py nor inference\.py"):
        Handler.load(tmp_path)


def test_what_the_handler_raises_while_loading_comes_through(load):
    with pytest.raises(ZeroDivisionError):
        load("1 / 0")


ECHO = "def predict_fn(data, model): return data"


@pytest.mark.parametrize(
    "source, body, content_type, accept, fault, told",
    [
        (ECHO, b"{", JSON, None, BadRequest, "not JSON"),
        (ECHO, b"[" * 100_000, JSON, None, BadRequest, "nested too deeply"),
        (
            ECHO,
            b"1",
            "image/png",
            None,
            UnsupportedMediaType,
            "image/png is not supported; send application/json",
        ),
        (ECHO, b"1", "application/json; charset=latin-1", None, UnsupportedMediaType, "Charset latin-1"),
        (ECHO, b"1", JSON, "image/png", NotAcceptable, "image/png cannot be given; accept application/json"),
        ("def predict_fn(d, m): raise ValueError('too\\n long')", b"1", JSON, None, BadRequest, "^too long$"),
        ("def predict_fn(d, m): raise ValueError", b"1", JSON, None, BadRequest, "^ValueError$"),
        (
            "def predict_fn(d, m): raise KeyError('x')",
            b"1",
            JSON,
            None,
            HandlerFault,
            "predict_fn raised KeyError: 'x'",
        ),
        ("def predict_fn(d, m): return predict_fn(d, m)", b"1", JSON, None, HandlerFault, "RecursionError"),
        (
            "def predict_fn(d, m): return float('nan')",
            b"1",
            JSON,
            None,
            HandlerFault,
            "^the codec: the answer holds NaN",
        ),
        ("def predict_fn(d, m): return object()", b"1", JSON, None, HandlerFault, "object has no JSON form"),
        (
            ECHO,
            b'{"a": 1}',
            JSON,
            "text/csv",
            NotAcceptable,
            "^The answer cannot be given as text/csv .*; accept appl",
        ),
        (
            "def predict_fn(d, m): return float('nan')",
            b"1",
            JSON,
            "text/csv",
            HandlerFault,
            "nan has no CSV form",
        ),
        (ECHO + "\ndef input_fn(b, c): raise ValueError('no')", b"1", JSON, None, BadRequest, "^no$"),
        (ECHO + "\ndef input_fn(b, c): return b", b"\xff", JSON, None, BadRequest, "not UTF-8"),
        (ECHO + "\ndef output_fn(p, a): return 5", b"1", JSON, None, HandlerFault, "output_fn returned int"),
        (
            ECHO + "\ndef output_fn(p, a): raise ValueError('x')",
            b"1",
            JSON,
            None,
            HandlerFault,
            "^output_fn: x$",
        ),
        (
            "def predict_fn(d, m): d.append(d); return d",
            b"[]",
            JSON,
            None,
            HandlerFault,
            "^the codec: the answer holds itself",
        ),
    ],
)
def test_every_fault_has_its_status_and_one_line(load, source, body, content_type, accept, fault, told):
    with pytest.raises(Fault, match=told) as caught:
        load(source).transform(body, content_type, accept)
    assert type(caught.value) is fault
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "returned, told",
    [
        ("'a\\ud800'", r"lone surrogate \(character 1\); return bytes"),
        ("'a', 5", "content type 5; name one"),
        ("'a', 'text/csv\\nx: y'", r"content type 'text/csv\\nx: y'; name one"),
        ("'a', ''", "content type ''; name one"),
    ],
)
def test_what_cannot_be_sent_is_the_handlers_fault(load, returned, told):
    handler = load(f"{ECHO}\ndef output_fn(prediction, accept): return {returned}")
    with pytest.raises(HandlerFault, match=told):
        handler.transform(b"1", JSON, None)


@pytest.mark.parametrize(
    "returned, kind",
    [("{'a': 1, 'b': 2}", "dict"), ("'xy'", "str"), ("{1, 2}", "set"), ("None", "NoneType"), ("7", "int")],
)
def test_a_batch_that_is_no_list_is_nobodys_answer(load, returned, kind):
    handler = load(f"{ECHO}\ndef predict_batch_fn(items, model): return {returned}")
    told = rf"^predict_batch_fn returned {kind}; return a list with one prediction for each item\.$"
    with pytest.raises(HandlerFault, match=told):
        handler.predict_batch([1, 2])


@pytest.mark.parametrize(
    "returned", ["(i for i in items)", "tuple(items)", "__import__('numpy').array(items)"]
)
def test_a_batch_may_be_whatever_has_an_order(load, returned):
    handler = load(f"{ECHO}\ndef predict_batch_fn(items, model): return {returned}")
    assert handler.predict_batch([1, 2]) == [1, 2]


def test_a_handler_that_ends_the_process_when_imported_is_no_handler(load):
    with pytest.raises(
        InvalidHandler, match=r"inference\.py ends the process when it is imported, by sys\.exit\(0\)"
    ):
        load("import sys; sys.exit(0)")


def test_the_hosts_for_lambda_need_the_standard_library_only():
    program = (
        "import sys; before = set(sys.modules)\n"
        "import hosts.handler, hosts.events, hosts.codecs, hosts.faults\n"
        "print(sorted({m.partition('.')[0] for m in set(sys.modules) - before} - sys.stdlib_module_names))"
    )
    packaging = Path(__file__).parents[2] / "model_packaging"
    command = [sys.executable, "-S", "-c", program]
    assert subprocess.check_output(command, cwd=packaging, text=True).strip() == "['hosts']"


def test_the_package_root_and_the_builders_import_no_framework():
    heavy = "torch onnxruntime numpy transformers moto boto3 botocore s3transfer starlette uvicorn sklearn"
    program = (
        "import sys\n"
        "import model_packaging, model_packaging.artifact, model_packaging.upload, model_packaging.latency\n"
        f"print(sorted(set({heavy!r}.split()) & set(sys.modules)))"
    )
    assert subprocess.check_output([sys.executable, "-c", program], text=True).strip() == "[]"
