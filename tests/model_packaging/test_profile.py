"""profile.json: written, read again, and refused where it cannot be right."""

import json
import subprocess
import sys

import pytest

from model_packaging import profile
from model_packaging.errors import InvalidModel
from model_packaging.profile import Answered, Profile, Row


@pytest.fixture
def made():
    return Profile(
        chosen="small",
        parameters={"float": ["a"]},
        source={"kind": "torch", "sha256": "0" * 64},
        weights={"file": "model.onnx", "sha256": "1" * 64, "size_bytes": 3},
        budget={"by": "cosine", "at_least": 0.99, "items": 4, "met": True},
        variants=(Row("large", 9, agreement=1.0), Row("small", 3, p50_ms=1.5, per_second={"1": 600.0})),
        batches={1: 1.5, 32: 20.0},
        handler=Answered(100, 2, 3, 30, 1.1, 80),
        machine={"cores": 2},
    )


def test_what_is_written_is_read_again(made, tmp_path):
    made.write(tmp_path)
    assert profile.read(tmp_path) == made and made.row.p50_ms == 1.5
    assert [file.name for file in tmp_path.iterdir()] == ["profile.json"]


def test_a_folder_without_one_has_none(tmp_path):
    assert profile.read(tmp_path) is None


def test_a_folder_whose_handler_was_not_measured(made, tmp_path):
    Profile(**{**vars(made), "handler": None}).write(tmp_path)
    assert profile.read(tmp_path).handler is None


@pytest.mark.parametrize(
    "change, told",
    [
        ({"format": 9}, "has format 9, and this version reads 1"),
        ({"chosen": "other"}, "'other' is chosen, and is no variant"),
        ({"batches": {"one": 1}}, "cannot be read"),
        ({"variants": [{"name": "x"}]}, "cannot be read"),
        ({"surplus": 1}, "cannot be read"),
        ({"budget": {"at_least": float("nan")}}, "cannot be read .ValueError: NaN is no JSON.; delete it"),
    ],
)
def test_a_damaged_one_is_refused_in_one_line(made, tmp_path, change, told):
    (tmp_path / "profile.json").write_text(json.dumps({**json.loads(made.text()), **change}))
    with pytest.raises(InvalidModel, match=told) as raised:
        profile.read(tmp_path)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_what_is_no_json_is_not_written(made, tmp_path, number):
    with pytest.raises(
        InvalidModel, match=r"profile\.json cannot be written .* has to be finite\."
    ) as raised:
        Profile(**{**vars(made), "budget": {"at_least": number}}).write(tmp_path)
    assert "\n" not in str(raised.value) and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["", "[]", "null", "{", "{}"])
def test_what_is_no_profile_is_refused(tmp_path, text):
    (tmp_path / "profile.json").write_text(text)
    with pytest.raises(InvalidModel, match="cannot be read"):
        profile.read(tmp_path)


def test_the_hosts_can_read_it_without_any_library():
    code = "import sys, model_packaging.optimize, model_packaging.profile; print([n for n in ('numpy', 'torch', 'onnxruntime', 'onnx') if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"
