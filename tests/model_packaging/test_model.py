"""What a model folder must have."""

import pytest

from model_packaging import Model
from model_packaging.errors import InvalidModel


def test_a_good_folder_passes(make_model, tmp_path):
    make_model({"model.onnx": b"1"}, weights=("model.onnx",)).check(tmp_path)


@pytest.mark.parametrize(
    "files, fields, told",
    [
        ({"model.onnx": ""}, {"weights": ("model.onnx",)}, "has an empty model.onnx, which holds no weights"),
        ({}, {"weights": ("model.onnx",)}, "lacks model.onnx; put the file there, or name a script"),
        ({}, {"weights": ("../model.onnx",)}, "name a file inside the folder"),
        ({}, {"weights": ("/model.onnx",)}, "name a file inside the folder"),
        ({}, {"weights": ("model.onnx",), "prepare": "export.py"}, "has no export.py, which prepare names"),
        ({}, {"name": "my model"}, "rename the folder"),
    ],
)
def test_a_bad_folder_is_refused_in_one_line(make_model, tmp_path, files, fields, told):
    with pytest.raises(InvalidModel, match=told) as caught:
        make_model(files, **fields).check(tmp_path)
    assert "\n" not in str(caught.value)


def test_a_missing_folder_and_a_missing_handler_are_told_apart(tmp_path):
    model = Model("models/none", framework="onnx")
    with pytest.raises(InvalidModel, match="does not exist"):
        model.check(tmp_path)
    (tmp_path / "models" / "none").mkdir(parents=True)
    with pytest.raises(InvalidModel, match=r"has no inference\.py; write one with predict_fn"):
        model.check(tmp_path)
