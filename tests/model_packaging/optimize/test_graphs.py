"""Graphs that are rewritten, and what they then answer."""

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from model_packaging.errors import BuildFailed, InvalidModel
from model_packaging.optimize import OnnxFile, TorchModule, embedding, graph, runtime
from model_packaging.optimize.fusion import Fusion
from model_packaging.optimize.integers import Integers, columns
from model_packaging.optimize.runtime import Session
from tests.model_packaging.optimize.conftest import products


def kinds(model):
    return [node.op_type for node in model.graph.node]


def written(model, tmp_path, name="made.onnx"):
    graph.save(model, tmp_path / name)
    onnx.checker.check_model(str(tmp_path / name))
    return Session(tmp_path / name, 1)


def test_the_export_answers_as_the_module_and_runs_on_the_oldest_runtime(encoder, exported, calibration):
    session, module = Session(exported, 1), encoder.answer()
    for feed in calibration.feeds:
        np.testing.assert_allclose(session(feed), module(feed), atol=1e-5)
    model = graph.load(exported)
    assert graph.newer(model) == [] and model.ir_version == 8
    assert b"site-packages" not in exported.read_bytes()


def test_an_output_named_like_something_inside_is_refused(encoder, tmp_path):
    other = TorchModule(encoder.module, encoder.example, "embedding", encoder.sizes)
    with pytest.raises(BuildFailed, match="named 'embedding', as is something inside"):
        other.export(tmp_path / "made.onnx")


def test_attention_becomes_one_operator_that_keeps_padding_out(exported, calibration, tmp_path):
    runtime.simplified(exported, tmp_path / "simplified.onnx")
    model = graph.load(tmp_path / "simplified.onnx")
    assert Fusion(model).attend() == 2
    assert kinds(model).count("Attention") == 2 and "Softmax" not in kinds(model)
    before, after = Session(exported, 1), written(model, tmp_path)
    for feed in calibration.feeds:
        np.testing.assert_allclose(after(feed), before(feed), atol=1e-5)
    assert graph.newer(model) == []


def test_a_sum_and_its_layer_norm_stay_two_when_the_runtime_loads_them(exported, calibration, tmp_path):
    import onnxruntime

    simple, fused, loaded = (tmp_path / name for name in ("simple.onnx", "fused.onnx", "loaded.onnx"))
    runtime.simplified(exported, simple)
    runtime.fused(simple, fused, attention=True)
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath, options.log_severity_level = str(loaded), 3
    onnxruntime.InferenceSession(str(fused), options, providers=["CPUExecutionProvider"])
    kinds = [node.op_type for node in graph.load(loaded).graph.node]
    assert kinds.count("LayerNormalization") == 5 and "SkipLayerNormalization" not in kinds
    np.testing.assert_allclose(
        Session(fused, 1)(calibration.one), Session(simple, 1)(calibration.one), atol=1e-5
    )


def test_a_softmax_that_is_no_attention_stays(tmp_path):
    rows = onnx.helper.make_tensor_value_info
    model = onnx.helper.make_model(
        onnx.helper.make_graph(
            [onnx.helper.make_node("Softmax", ["attention_mask"], ["shares"])],
            "plain",
            [rows("attention_mask", 1, ["items", 4])],
            [rows("shares", 1, ["items", 4])],
        )
    )
    assert Fusion(model).attend() == 0 and kinds(model) == ["Softmax"]


def test_tables_become_int8_with_a_scale_for_each_row(exported, calibration, tmp_path):
    model = graph.load(exported)
    assert embedding.shrink(model) == 1  # the positions are too few
    types = {one.name: one.data_type for one in model.graph.initializer}
    assert types["bert.embeddings.word_embeddings.weight_int8"] == onnx.TensorProto.INT8
    assert "bert.embeddings.word_embeddings.weight" not in types
    before, after = Session(exported, 1), written(model, tmp_path)
    np.testing.assert_allclose(after(calibration.one), before(calibration.one), atol=0.05)


def test_products_become_int8_but_for_those_that_are_kept(exported, calibration, tmp_path):
    model = graph.load(exported)
    names = graph.quantisable(model)
    assert len(names) == 12  # of each layer: query, key, value, output, and two of the feed-forward part
    Integers(model, names[:3]).quantise()
    assert kinds(model).count("MatMulInteger") == 9
    assert graph.quantisable(model) == names[:3]
    before, after = Session(exported, 1), written(model, tmp_path)
    np.testing.assert_allclose(after(calibration.one), before(calibration.one), atol=0.1)


def test_an_input_is_quantised_once_for_all_that_read_it(exported):
    model = graph.load(exported)
    Integers(model, ()).quantise()
    assert kinds(model).count("DynamicQuantizeLinear") == 8  # query, key and value of a layer share theirs


def test_columns_keep_their_own_scale():
    rounded, scales = columns(np.array([[1.0, -100.0, 0.0], [-0.5, 50.0, 0.0]], np.float32))
    assert rounded.tolist() == [[127, -127, 0], [-64, 64, 0]]
    np.testing.assert_allclose(scales[:2], [1 / 127, 100 / 127], rtol=1e-6)


def test_an_onnx_file_is_its_own_source(exported, tmp_path):
    source = OnnxFile(exported)
    source.export(tmp_path / "same.onnx")
    assert (tmp_path / "same.onnx").read_bytes() == exported.read_bytes()
    assert source.sha256() == graph.sha256(exported) and source.answer() is None


@pytest.mark.parametrize(
    "content, told",
    [
        (b"\x80\x04\x95\x0b\x00\x00\x00\x00\x00\x00\x00\x8c\x04boom\x94.", "holds a pickle"),
        (b"not a graph", "cannot be read as ONNX"),
        (b"", "there is no graph in it"),
    ],
)
def test_what_is_no_graph_is_refused_in_one_line(tmp_path, content, told):
    file = tmp_path / "model.onnx"
    file.write_bytes(content)
    with pytest.raises(InvalidModel, match=told) as raised:
        OnnxFile(file).export(tmp_path / "made.onnx")
    assert "\n" not in str(raised.value)


def test_weights_in_another_file_are_refused(exported, tmp_path):
    model = onnx.load(str(exported))
    onnx.save(
        model,
        str(tmp_path / "split.onnx"),
        save_as_external_data=True,
        location="weights.bin",
        size_threshold=0,
    )
    with pytest.raises(InvalidModel, match="in another file; write it as one"):
        OnnxFile(tmp_path / "split.onnx").export(tmp_path / "made.onnx")


@pytest.mark.parametrize(
    "names, expected",
    [
        (["", "", ""], ["MatMul_0", "Relu_1", "MatMul_2"]),
        (["one", "one", "one"], ["one", "one_1", "one_2"]),
        (["", "MatMul_0", "MatMul_1"], ["MatMul_2", "MatMul_0", "MatMul_1"]),
    ],
)
def test_nodes_without_a_name_of_their_own_get_one(tmp_path, names, expected):
    model = products(*names)
    graph.save(model, tmp_path / "made.onnx")
    assert [node.name for node in graph.load(tmp_path / "made.onnx").graph.node] == expected
    for keep in ([], expected[:1]):
        quantised = graph.load(tmp_path / "made.onnx")
        Integers(quantised, keep).quantise()
        assert kinds(quantised).count("MatMulInteger") == 2 - len(keep)
        written(quantised, tmp_path, "int8.onnx")({"x": np.ones((1, 8), np.float32)})


def test_a_first_output_of_texts_is_told(tmp_path):
    model = products("a", "b", "c")
    kinds = onnx.helper.make_tensor("kinds", onnx.TensorProto.STRING, [1], [b"cat"])
    model.graph.node.append(onnx.helper.make_node("Constant", [], ["kind"], "d", value=kinds))
    text = onnx.helper.make_tensor_value_info("kind", onnx.TensorProto.STRING, [1])
    graph.replace(model.graph.output, [text, *model.graph.output])
    with pytest.raises(InvalidModel, match="first output of the model, kind, is no array of numbers, and"):
        written(model, tmp_path)({"x": np.ones((1, 8), np.float32)})


def test_names_that_are_unique_stay_and_made_ones_give_way():
    model = products("a", "b", "a_int8")
    before = model.SerializeToString()
    assert graph.name_nodes(model.graph) == 0 and model.SerializeToString() == before
    Integers(model, ["a_int8"]).quantise()
    assert graph.name_nodes(model.graph) == 1
    assert len({node.name for node in model.graph.node}) == len(model.graph.node)


def test_nodes_of_the_graphs_inside_of_nodes_are_named_too():
    inner = products("", "same", "same").graph
    model = products("", "same", "other")
    model.graph.node[1].attribute.append(onnx.helper.make_attribute("then_branch", inner))
    assert graph.name_nodes(model.graph) == 3
    named = model.graph.node[1].attribute[0].g
    assert [node.name for node in named.node] == ["MatMul_0", "same", "same_2"]


def test_what_is_newer_than_the_oldest_runtime_is_named():
    node = onnx.helper.make_node("Identity", ["x"], ["y"])
    value = numpy_helper.from_array(np.zeros(1, np.float32), "x")
    made = onnx.helper.make_graph(
        [node], "new", [], [onnx.helper.make_tensor_value_info("y", 1, [1])], [value]
    )
    model = onnx.helper.make_model(made, opset_imports=[onnx.helper.make_opsetid("", 21)], ir_version=10)
    assert graph.newer(model) == ["operator set ai.onnx 21, above 19", "IR version 10"]
