"""What is no model folder yet is told how it becomes one."""

import pytest

from model_packaging import Model
from model_packaging.errors import InvalidModel
from model_packaging.origins import remedy


@pytest.mark.parametrize(
    "names, named, told",
    [
        (["m.onnx"], "m.onnx", "is a bare ONNX file; make a model folder of it: modelyard package "),
        (
            ["m.onnx"],
            ".",
            "has m.onnx and nothing that runs it; make a model folder of it: modelyard package ",
        ),
        (["config.json", "model.safetensors"], ".", "is a Hugging Face folder; make a model folder of it: "),
        (["config.json", "pytorch_model.bin"], ".", "is a Hugging Face folder; "),
        (["model.safetensors"], "model.safetensors", "name the folder that has config.json beside it"),
        (["m.joblib"], "m.joblib", "call model_packaging.folders.from_estimator(estimator, sample, FOLDER)"),
        (["m.PT"], "m.PT", "call model_packaging.folders.from_torch(module, example, FOLDER)"),
    ],
)
def test_each_has_its_remedy_and_a_model_tells_it(tmp_path, names, named, told):
    folder = tmp_path / "mine"
    folder.mkdir()
    for name in names:
        (folder / name).write_bytes(b"")
    path = folder / named
    found = remedy(path)
    assert found is not None and told in found
    if "--to" in found:
        assert "--to FOLDER" in found and str(folder) in found
    with pytest.raises(InvalidModel) as raised:
        Model(path.relative_to(tmp_path), framework="onnx").check(tmp_path)
    assert told in str(raised.value) and "\n" not in str(raised.value)


def test_what_is_unknown_has_none(tmp_path):
    (tmp_path / "notes.txt").write_text("")
    assert [remedy(tmp_path / name) for name in ("notes.txt", "absent", ".")] == [None, None, None]
    for name in ("a.onnx", "b.onnx"):
        (tmp_path / name).write_bytes(b"")
    assert remedy(tmp_path) is None


def test_a_folder_with_a_handler_is_a_model(tmp_path):
    for name in ("config.json", "model.safetensors", "inference.py"):
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "inference.py").write_text("def predict_fn(data, model): ...")
    Model(tmp_path, framework="onnx").check(tmp_path.parent)
