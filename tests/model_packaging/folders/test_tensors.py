"""ONNX files, torch modules and estimators as model folders: the same answers, out of the host."""

import io
import json
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from sklearn.cluster import KMeans
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from model_packaging.artifact import identify_archive
from model_packaging.errors import BuildFailed, InvalidModel
from model_packaging.folders import from_estimator, from_onnx, from_path, from_torch
from model_packaging.optimize import runtime
from tests.model_packaging.folders.conftest import npy

RANDOM = np.random.default_rng(11)


class Network(torch.nn.Module):
    """Two inputs, the second of whole numbers."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(5)
        self.table = torch.nn.Embedding(10, 4)
        self.layers = torch.nn.Sequential(torch.nn.Linear(7, 16), torch.nn.ReLU(), torch.nn.Linear(16, 3))

    def forward(self, values, kinds):
        return self.layers(torch.cat([values, self.table(kinds)], dim=1))


def feed(items):
    return {
        "values": RANDOM.normal(size=(items, 3)).astype(np.float32),
        "kinds": RANDOM.integers(0, 10, items),
    }


def expected(module, given):
    with torch.inference_mode():
        return module(*(torch.from_numpy(value) for value in given.values())).numpy()


def as_json(given):
    return {name: value.tolist() for name, value in given.items()}


def test_a_torch_module_answers_as_before_in_any_number_of_items(tmp_path, host):
    module = Network()
    model = from_torch(module, feed(2), tmp_path / "network", output="scores")
    assert sorted(file.name for file in (tmp_path / "network").iterdir()) == [
        "inference.py", "model.onnx", "requirements.txt", "sample.json",
    ]  # fmt: skip
    ask = host(model)
    for items in (1, 2, 5):
        given = feed(items)
        np.testing.assert_allclose(ask(as_json(given))["scores"], expected(module, given), atol=1e-5)
    together = [feed(items) for items in (1, 3, 1, 2)]
    for answer, given in zip(ask(*map(as_json, together)), together, strict=True):
        np.testing.assert_allclose(answer["scores"], expected(module, given), atol=1e-5)
    assert ask(json.loads((tmp_path / "network" / "sample.json").read_bytes()))["scores"]


def test_the_same_module_makes_the_same_artifact(tmp_path):
    example = feed(2)
    one, other = (from_torch(Network(), example, tmp_path / name / "network") for name in ("a", "b"))
    digests = {identify_archive(model, tmp_path, tmp_path / "cache").digest for model in (one, other)}
    assert len(digests) == 1


def test_a_module_with_a_fixed_number_of_items_is_refused(tmp_path):
    class Fixed(torch.nn.Module):
        def forward(self, values):
            return values.reshape(2, 3) * 2

    with pytest.raises(InvalidModel, match="The model itself fails with 1 items: shape") as raised:
        from_torch(Fixed(), {"values": np.ones((2, 3), np.float32)}, tmp_path / "fixed")
    assert "\n" not in str(raised.value) and list(tmp_path.iterdir()) == []


class Asked(torch.nn.Module):
    """A module of a function over x."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


def fails(x):
    raise RuntimeError("mine\nin two lines")


TWO = torch.tensor([[1.0, 2.0, 3.0], [3.0, 1.0, 1.0]])


@pytest.mark.parametrize(
    "function, told",
    [
        (
            lambda x: x - x.mean(0),
            "mixes items: it answers one otherwise where others are beside it, by up to 1",
        ),
        (lambda x: torch.softmax(x, 0), "mixes items"),
        (lambda x: x + torch.randn_like(x), "otherwise the second time"),
        (lambda x: x * float("nan"), "answers NaN to the example; look for NaN in its weights"),
        (lambda x: x / 0, "answers infinity to the example"),
        (fails, "The model itself fails with 2 items: mine in two lines$"),
        (torch.nn.Linear(4, 1), "fails with 2 items: mat1 and mat2 shapes cannot be multiplied"),
        (lambda x: {"a": x}, "The module gives a dict first; what it gives first has to be a tensor"),
        (lambda x: x.to(torch.complex64), "gives a torch.complex64 first"),
        (lambda x: x.sum(), r"answers \(\) to 2 items; the first axis"),
    ],
)
def test_a_module_that_is_none_for_a_host_is_told_why(tmp_path, function, told):
    with pytest.raises(InvalidModel, match=told) as raised:
        from_torch(Asked(function), {"x": TWO}, tmp_path / "asked")
    assert "\n" not in str(raised.value) and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("same", [torch.zeros(2, 3), torch.ones(3, 3)])
def test_a_module_that_mixes_is_found_by_an_example_whose_items_are_alike(tmp_path, same):
    with pytest.raises(InvalidModel, match="mixes items"):
        from_torch(Asked(lambda x: x - x.mean(0)), {"x": same}, tmp_path / "asked")


def test_what_the_exporter_does_not_take_is_told_by_its_cause(tmp_path, capfd):
    branch = Asked(lambda x: x * 2 if x.sum() > 0 else x * 3)
    with pytest.raises(BuildFailed, match="cannot export the module: Could not guard on data-dep") as raised:
        from_torch(branch, {"x": TWO}, tmp_path / "branch")
    assert not {"\n", "\x1b"} & set(str(raised.value))
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "module, example, told",
    [
        (3, {"x": TWO}, "of the type int; give a torch.nn.Module"),
        (torch.nn.Identity(), TWO, "of the type Tensor; give an array for each input by its name"),
        (torch.nn.Identity(), (TWO,), "of the type tuple; give"),
        (torch.nn.Identity(), None, "of the type NoneType; give"),
        (torch.nn.Identity(), {}, "The example is empty; give"),
        (torch.nn.Identity(), {"x": [[1], [1, 2]]}, "rows of equal length"),
        (torch.nn.Identity(), {"x": TWO.bfloat16()}, "unsupported ScalarType BFloat16.*float32"),
        (torch.nn.Identity(), {"x": TWO * float("nan")}, "holds NaN in x; give finite numbers"),
    ],
)
def test_what_is_no_module_or_no_example_is_refused(tmp_path, module, example, told):
    with pytest.raises(InvalidModel, match=told) as raised:
        from_torch(module, example, tmp_path / "module")
    assert "\n" not in str(raised.value)


def test_places_are_texts_and_examples_tensors_as_the_readme_writes_them(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    model = from_torch(torch.nn.Linear(3, 1), {"x": TWO}, "models/mine")
    assert json.loads((tmp_path / "models" / "mine" / "sample.json").read_text()) == {"x": [[1, 2, 3]]}
    from_estimator(LogisticRegression().fit(TWO, [0, 1]), TWO, "models/other")
    graph_file(tmp_path / "double.onnx")
    from_onnx("double.onnx", "models/double")
    from_path("double.onnx", "models/again")
    assert model.path == Path("models/mine")
    assert sorted(one.name for one in (tmp_path / "models").iterdir()) == ["again", "double", "mine", "other"]


@pytest.mark.parametrize(
    "estimator, rows, told",
    [
        (KMeans(2, n_init=1), [["a", "b"], ["c", "d"]], "no table of numbers .*float32 numbers; fit"),
        (KMeans(2, n_init=1), np.eye(4), "KMeans was fitted on float64 .*fit it on such"),
        (StandardScaler(), np.eye(4), "StandardScaler has no predict"),
        (RandomForestClassifier(2), np.eye(4) * 1e300, "holds infinity in features"),
    ],
)
def test_rows_become_float32(tmp_path, estimator, rows, told):
    estimator.fit(np.eye(4), np.arange(4) > 1)
    with pytest.raises(InvalidModel, match=told) as raised:
        from_estimator(estimator, rows, tmp_path / "rows")
    assert "\n" not in str(raised.value)


@pytest.fixture(scope="module")
def iris():
    rows, kinds = load_iris(return_X_y=True)
    return rows.astype(np.float32), np.array(["setosa", "versicolor", "virginica"])[kinds]


@pytest.mark.parametrize(
    "estimator",
    [
        make_pipeline(StandardScaler(), LogisticRegression()),
        RandomForestClassifier(n_estimators=10, random_state=2),
    ],
    ids=["pipeline", "forest"],
)
def test_a_classifier_gives_probabilities_and_labels(tmp_path, host, iris, estimator):
    rows, kinds = iris
    estimator.fit(rows, kinds)
    ask = host(from_estimator(estimator, rows[::10], tmp_path / "iris"))
    likely = estimator.predict_proba(rows)
    answer = ask({"features": rows.tolist()})
    np.testing.assert_allclose(answer["probabilities"], likely, atol=1e-5)
    assert answer["labels"] == estimator.predict(rows).tolist()
    np.testing.assert_allclose(ask(rows[:3].tolist()), likely[:3], atol=1e-5)
    answered = ask(npy(rows[:3]), kind="application/x-npy")
    np.testing.assert_allclose(np.load(io.BytesIO(answered)), likely[:3], atol=1e-5)
    lines = ask("\n".join(",".join(map(str, row)) for row in rows[:3]).encode(), kind="text/csv")
    np.testing.assert_allclose(np.loadtxt(io.BytesIO(lines), delimiter=","), likely[:3], atol=1e-5)


def test_a_regressor_gives_its_prediction(tmp_path, host, iris):
    rows, _ = iris
    forest = RandomForestRegressor(n_estimators=10, random_state=2).fit(rows[:, :3], rows[:, 3])
    ask = host(from_estimator(forest, rows[::10, :3], tmp_path / "widths"))
    found = np.ravel(ask(rows[:20, :3].tolist()))
    np.testing.assert_allclose(found, forest.predict(rows[:20, :3]), atol=1e-5)


def test_a_classifier_without_probabilities_is_refused(tmp_path, iris):
    with pytest.raises(InvalidModel, match="LinearSVC has no predict_proba"):
        from_estimator(LinearSVC().fit(*iris), iris[0][:5], tmp_path / "svc")


def graph_file(file, lengths=("items", 3), opset=18):
    """y = 2 x, over rows of so many numbers."""

    def value(name):
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, list(lengths))

    two = helper.make_tensor("two", TensorProto.FLOAT, [], [2.0])
    graph = helper.make_graph(
        [helper.make_node("Mul", ["x", "two"], ["y"])], "double", [value("x")], [value("y")], [two]
    )
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8), str(file)
    )
    return file


def test_an_onnx_file_answers_as_it_is(tmp_path, host):
    ask = host(from_onnx(graph_file(tmp_path / "double.onnx"), tmp_path / "double"))
    assert ask([[1, 2, 3]]) == [[2, 4, 6]]
    assert ask({"x": [[1, 2, 3], [0, 0, 1]]}) == {"y": [[2, 4, 6], [0, 0, 2]]}
    assert ask([[1, 1, 1]], {"x": [[2, 2, 2]]}) == [[[2, 2, 2]], {"y": [[4, 4, 4]]}]


def test_a_graph_for_one_item_only_gets_each_by_itself(tmp_path, host):
    ask = host(from_onnx(graph_file(tmp_path / "double.onnx", (1, 3)), tmp_path / "double"))
    assert ask([[1, 1, 1]], [[2, 2, 2]]) == [[[2, 2, 2]], [[4, 4, 4]]]


def one_node(
    file, kind, shape=("items", 3), weights=(1.0, 1.0, 1.0), element=TensorProto.FLOAT, **attributes
):
    """y = KIND(x), or KIND(x, weights)."""
    inputs = ["x", "weights"] if kind == "Mul" else ["x"]
    made = helper.make_graph(
        [helper.make_node(kind, inputs, ["y"], **attributes)],
        "one",
        [helper.make_tensor_value_info("x", element, list(shape))],
        [helper.make_tensor_value_info("y", element, list(shape))],
        [helper.make_tensor("weights", TensorProto.FLOAT, [3], list(weights))],
    )
    onnx.save(helper.make_model(made, opset_imports=[helper.make_opsetid("", 18)], ir_version=8), str(file))
    return file


THREE = {"x": [[1, 2, 3], [4, 5, 7], [0, 0, 1]]}


def written(folder):
    file = folder / "sample.json"
    return json.loads(file.read_text()) if file.is_file() else None


def test_a_file_in_dynamic_int8_may_round_by_its_neighbours(tmp_path):
    numbers = np.random.default_rng(0)
    shapes = {"first": (64, 128), "second": (128, 8)}
    weights = [
        numpy_helper.from_array(numbers.normal(size=of).astype("f"), name) for name, of in shapes.items()
    ]
    made = helper.make_graph(
        [
            helper.make_node("MatMul", ["x", "first"], ["hidden"]),
            helper.make_node("Relu", ["hidden"], ["kept"]),
            helper.make_node("MatMul", ["kept", "second"], ["y"]),
        ],
        "two",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["items", 64])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["items", 8])],
        weights,
    )
    plain, whole = tmp_path / "plain.onnx", tmp_path / "whole.onnx"
    onnx.save(helper.make_model(made, opset_imports=[helper.make_opsetid("", 18)], ir_version=8), str(plain))
    runtime.quantised(plain, whole)
    assert (from_onnx(whole, tmp_path / "int8").directory(tmp_path) / "sample.json").is_file()


@pytest.mark.parametrize(
    "node, example, told",
    [
        (("Softmax", {"axis": 0}), None, "mixes items.* first axes are 1 is asked one by one"),
        (("Softmax", {"axis": 0}), THREE, "mixes items"),
        (("Mul", {"weights": (1, np.nan, 1)}), None, "answers NaN to numbers between 0 and 1; look for NaN"),
        (("Mul", {"weights": (1, np.inf, 1)}), {"x": [[1, 1, 1]]}, "answers NaN or infinity to the example"),
        (("Softmax", {"axis": 1}), {"x": [[1, 2, np.nan]]}, "The example holds NaN in x"),
        (("Softmax", {"axis": 1}), {"z": [[1, 2, 3]]}, "does not take the example: The request names z"),
        (("Softmax", {"axis": 1}), {"x": [[1, 2]]}, r"does not take the example: .*send \(any, 3\)"),
        (("Softmax", {"axis": 1}), [[1, 2, 3]], "The example is of the type list; give"),
    ],
)
def test_a_file_is_tried_as_its_handler_runs_it(tmp_path, node, example, told):
    kind, changes = node
    file = one_node(tmp_path / "one.onnx", kind, **changes)
    with pytest.raises(InvalidModel, match=told) as raised:
        from_onnx(file, tmp_path / "one", example=example)
    assert "\n" not in str(raised.value) and list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize(
    "node, example, sample",
    [
        (("Softmax", {"axis": 1}), None, {"x": [[0, 0, 0]]}),
        (("Softmax", {"axis": 1}), THREE, {"x": [[1, 2, 3]]}),
        (("Softmax", {"axis": 0, "shape": (1, 3)}), THREE, {"x": [[1, 2, 3]]}),
        (("Softmax", {"axis": 0, "shape": (2, 3)}), {"x": THREE["x"][:2]}, {"x": THREE["x"][:2]}),
        (("Softmax", {"axis": 1, "shape": ("n", "m")}), None, {"x": [[0]]}),
        (("Identity", {"shape": ("n",), "element": TensorProto.BOOL}), None, {"x": [False]}),
        (("Identity", {"shape": ("n",), "element": TensorProto.STRING}), None, None),
        (("Reciprocal", {}), None, None),  # infinity for zeros
    ],
)
def test_a_file_gets_a_sample_that_it_answers(tmp_path, host, node, example, sample):
    kind, changes = node
    model = from_onnx(one_node(tmp_path / "one.onnx", kind, **changes), tmp_path / "one", example=example)
    assert written(tmp_path / "one") == sample
    if sample is not None:
        assert host(model)(sample)["y"]


def test_a_file_without_inputs_or_without_content_is_refused(tmp_path):
    constant = helper.make_node("Constant", [], ["y"], value_floats=[1.0])
    made = helper.make_graph(
        [constant], "constant", [], [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])]
    )
    file = tmp_path / "constant.onnx"
    onnx.save(helper.make_model(made, opset_imports=[helper.make_opsetid("", 18)], ir_version=8), str(file))
    with pytest.raises(InvalidModel, match="has no inputs"):
        from_onnx(file, tmp_path / "constant")
    file.write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n")
    with pytest.raises(InvalidModel, match=r"constant.onnx is a pointer of Git LFS.*git lfs pull"):
        from_path(str(file), tmp_path / "constant")


def test_an_operator_set_beyond_the_oldest_runtime_is_pinned_to_the_newest(tmp_path):
    from_onnx(graph_file(tmp_path / "old.onnx"), tmp_path / "old")
    from_onnx(graph_file(tmp_path / "new.onnx", opset=21), tmp_path / "new")
    assert "onnxruntime==1.16.3; python" in (tmp_path / "old" / "requirements.txt").read_text()
    assert "onnxruntime==1.16.3" not in (tmp_path / "new" / "requirements.txt").read_text()


@pytest.mark.parametrize(
    "body, told",
    [
        ({"z": [[1, 2, 3]]}, "names z; send x"),
        ({}, "names nothing; send x"),
        ([1, 2, 3], "shape (3,); send (any, 3)"),
        ([[1, 2]], "shape (1, 2); send (any, 3)"),
        ([], "at least one item"),
        ([[1, 2, 3], [1]], "rows of equal length"),
        ([["a", "b", "c"]], "where tensor(float) is wanted"),
        ([[1, 2, 1e300]], "a number that tensor(float) cannot"),
    ],
)
def test_what_the_graph_does_not_take_is_the_callers_fault(tmp_path, host, body, told):
    ask = host(from_onnx(graph_file(tmp_path / "double.onnx"), tmp_path / "double"))
    assert told in ask(body, status=400)["error"]


def test_whole_numbers_stay_whole(tmp_path, host):
    ask = host(from_torch(Network(), feed(2), tmp_path / "network"))
    error = ask({"values": [[1, 2, 3]], "kinds": [1.5]}, status=400)["error"]
    assert "kinds holds float64 where tensor(int64) is wanted" in error
    assert "different numbers" in ask({"values": [[1, 2, 3]], "kinds": [1, 2]}, status=400)["error"]


def test_a_place_that_is_taken_stays_as_it_is(tmp_path):
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "mine.txt").write_text("mine")
    with pytest.raises(InvalidModel, match="there already, and not empty"):
        from_onnx(graph_file(tmp_path / "double.onnx"), tmp_path / "there")
    with pytest.raises(InvalidModel, match="cannot be a model folder's name"):
        from_onnx(tmp_path / "double.onnx", tmp_path / "my model")
    with pytest.raises(BuildFailed, match=r"mine.txt/below cannot be made: "):
        from_onnx(tmp_path / "double.onnx", tmp_path / "there" / "mine.txt" / "below")
    assert [file.name for file in (tmp_path / "there").iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(
    "example", [{"values": np.ones((1, 3), np.float32)}, {"a": np.ones((2, 3)), "b": np.ones((3, 3))}]
)
def test_an_example_needs_two_items_of_each_input(tmp_path, example):
    with pytest.raises(InvalidModel, match="two or more"):
        from_torch(torch.nn.Linear(3, 1), example, tmp_path / "linear")
