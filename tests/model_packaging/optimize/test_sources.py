"""Where models come from besides torch: scikit-learn, and Hugging Face folders."""

import json
import pickle

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.linear_model import LinearRegression
from sklearn.neural_network import MLPClassifier

from model_packaging.errors import BuildFailed, InvalidModel
from model_packaging.optimize import Estimator, graph, hugging_face
from model_packaging.optimize.runtime import Session
from tests.model_packaging.optimize.conftest import requests, tiny_bert

EXAMPLE = {name: np.repeat(value, 2, axis=0) for name, value in requests()[0].items()}


@pytest.fixture(scope="module")
def images():
    found, digits = load_digits(return_X_y=True)
    return found[:200].astype(np.float32) / 16, digits[:200]


@pytest.mark.parametrize("kind", [lambda: MLPClassifier((8,), max_iter=30, random_state=1), LinearRegression])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_an_estimator_becomes_a_graph_with_its_answers(images, tmp_path, kind):
    source = Estimator(kind().fit(*images), features=64)
    source.export(tmp_path / "model.onnx")
    feed = {"features": images[0][:5]}
    np.testing.assert_allclose(Session(tmp_path / "model.onnx", 1)(feed), source.answer()(feed), atol=1e-4)
    assert graph.newer(graph.load(tmp_path / "model.onnx")) == []
    assert source.sha256() == Estimator(kind().fit(*images), features=64).sha256()
    np.testing.assert_allclose(
        source.runners()["scikit-learn"](0)(feed).reshape(5, -1), source.answer()(feed)
    )


def test_what_cannot_be_converted_is_told_in_one_line(tmp_path):
    with pytest.raises(BuildFailed, match="skl2onnx cannot convert object: ") as raised:
        Estimator(object(), features=3).export(tmp_path / "model.onnx")
    assert "\n" not in str(raised.value)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bert")
    tiny_bert(layers=1).save_pretrained(str(folder))
    return folder


def test_a_hugging_face_folder_is_read_from_safetensors(saved):
    source = hugging_face(saved, EXAMPLE, "hidden")
    assert source.answer()(EXAMPLE).shape == (2, 12, 32)
    assert source.sha256() == hugging_face(saved, EXAMPLE, "hidden").sha256()
    assert source.sha256() != hugging_face(saved, EXAMPLE, "other").sha256()


class Bomb:
    def __reduce__(self):
        return (pytest.fail, ("the pickle was loaded",))


@pytest.mark.parametrize(
    "files, told",
    [
        ({}, "config.json cannot be read"),
        ({"config.json": b"[]"}, "is no object"),
        ({"config.json": b"{}"}, "needs model.safetensors, and has none"),
        (
            {"config.json": b"{}", "pytorch_model.bin": pickle.dumps(Bomb())},
            "has pytorch_model.bin, a pickle",
        ),
        ({"config.json": json.dumps({"auto_map": {}}).encode(), "model.safetensors": b""}, "code of its own"),
        (
            {"config.json": json.dumps({"architectures": ["Nothing"]}).encode(), "model.safetensors": b""},
            "'Nothing'",
        ),
    ],
)
def test_a_folder_that_would_run_code_or_is_none_is_refused(tmp_path, files, told):
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    with pytest.raises(InvalidModel, match=told) as raised:
        hugging_face(tmp_path, EXAMPLE, "hidden")
    assert "\n" not in str(raised.value)
