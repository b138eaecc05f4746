"""`optimize`: the table, the choice, and profile.json as a lock."""

import json
import re
from pathlib import Path
from typing import ClassVar

import numpy as np
import onnx
import pytest
import torch

from model_packaging import profile
from model_packaging.errors import InvalidModel
from model_packaging.optimize import Calibration, OnnxFile, TorchModule, optimize
from model_packaging.optimize.measurement import Meter, Speed
from model_packaging.optimize.runtime import Session
from model_packaging.optimize.variants import VARIANTS
from tests.model_packaging.optimize.conftest import products

HANDLER = """
import json, pathlib
import numpy as np, onnxruntime
def model_fn(directory):
    return onnxruntime.InferenceSession(str(pathlib.Path(directory) / "model.onnx"))
def predict_fn(data, model):
    ids = np.array([data], dtype=np.int64)
    return model.run(None, {"input_ids": ids, "attention_mask": np.ones_like(ids)})[0].tolist()
"""


class ByHand(Meter):
    """Each variant takes the milliseconds that its name has here."""

    MS: ClassVar = {"onnxruntime": 4.0, "onnxruntime-optimized": 3.0, "onnxruntime-int8": 1.0}

    def file(self, file, one):
        return self.speed(self.MS.get(file.stem, 2.0))

    def in_turn(self, files, one):
        return [(self.MS.get(file.stem, 2.0) + 0.01, 9.0) for file in files]

    def here(self, load, one):
        assert load(1)(one).shape[0] == 1
        return self.speed(9.0)

    def speed(self, ms):
        batches = {str(items): ms * items for items in (1, 2, 4, 8, 16, 32)}
        return Speed(5.0, ms, ms * 2, {"1": 500 / ms, "2": 1000 / ms}, batches, 50)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A model folder with a handler and an example request."""
    made = tmp_path_factory.mktemp("models") / "tiny"
    made.mkdir()
    (made / "inference.py").write_text(HANDLER)
    (made / "sample.json").write_text("[1, 2, 3]")
    return made


@pytest.fixture(scope="module")
def said():
    return []


@pytest.fixture(scope="module")
def made(folder, encoder, calibration, said):
    return optimize(encoder, calibration, into=folder, at_least=0.98, say=said.append, meter=ByHand())


def test_every_variant_is_measured_and_compared(made, said):
    rows = {row.variant: row for row in made.profile.variants}
    assert list(rows) == ["pytorch", "pytorch-int8", *VARIANTS]
    last = "onnxruntime-int8, onnxruntime-int8-per-channel, onnxruntime-int8-mixed"
    assert said == [*(f"measuring {name}" for name in rows), f"measuring {last} in turn"]
    assert {row.p50_ms for row in rows.values()} == {9.0, 4.0, 3.0, 1.01, 2.01}
    for row in rows.values():
        assert row.failed is None and row.agreement is not None and -1 <= row.worst <= row.agreement <= 1
        assert 0 < row.p50_ms <= row.p99_ms and row.per_second.keys() == {"1", "2"}
    assert rows["pytorch"].agreement == pytest.approx(1) and rows["onnxruntime"].agreement == pytest.approx(1)
    assert rows["onnxruntime-int8-per-channel"].size_bytes < rows["onnxruntime"].size_bytes / 2
    assert rows["onnxruntime-optimized"].parameters == {"attention": True}
    assert rows["onnxruntime-int8-mixed"].parameters["float"]


def test_the_fastest_that_keeps_the_budget_is_written(made, folder, calibration):
    row = made.profile.row
    assert made.measured and made.met and row.agreement >= 0.98
    kept = [one for one in made.profile.variants if one.variant in VARIANTS and one.agreement >= 0.98]
    assert row.p50_ms == min(one.p50_ms for one in kept) and row.p99_ms == 9.0
    assert made.file == folder / "model.onnx" and made.file.stat().st_size == row.size_bytes
    assert Session(made.file, 1)(calibration.one).shape == (1, 32)


def test_the_profile_says_what_it_rests_on(made, folder):
    found = profile.read(folder)
    assert found == made.profile
    assert found.batches.keys() == {1, 2, 4, 8, 16, 32} and all(ms > 0 for ms in found.batches.values())
    assert found.budget == {"by": "cosine", "at_least": 0.98, "items": 13, "met": True}
    assert found.machine["cores"] >= 1 and {"torch", "onnxruntime"} <= found.machine["libraries"].keys()
    assert found.handler.p50_ms > 0 and found.handler.peak_mb > 20


def test_the_lock_makes_the_same_file_again_without_measuring(made, folder, encoder, calibration, said):
    before, text = made.file.read_bytes(), (folder / "profile.json").read_text()
    made.file.unlink()
    said.clear()
    again = optimize(encoder, calibration, into=folder, at_least=0.98, say=said.append)
    assert not again.measured and said == []
    assert again.file.read_bytes() == before and (folder / "profile.json").read_text() == text


def test_other_weights_are_measured_anew(folder, tmp_path, calibration):
    (tmp_path / "profile.json").write_text((folder / "profile.json").read_text())
    torch.manual_seed(11)
    other = TorchModule(torch.nn.Linear(8, 3), {"x": np.zeros((2, 8), np.float32)}, "y")
    few = Calibration([{"x": np.ones((1, 8), np.float32)}, {"x": np.zeros((2, 8), np.float32)}])
    made = optimize(
        other, few, into=tmp_path, variants=["onnxruntime"], say=lambda line: None, meter=ByHand()
    )
    assert made.measured and made.profile.chosen == "onnxruntime"
    assert made.profile.source["sha256"] == other.sha256() and made.profile.handler is None


def test_a_file_that_is_not_the_measured_one_is_told(folder, tmp_path, encoder, calibration):
    data = json.loads((folder / "profile.json").read_text())
    data["weights"]["sha256"] = "0" * 64
    (tmp_path / "profile.json").write_text(json.dumps(data))
    said = []
    optimize(encoder, calibration, into=tmp_path, at_least=0.98, say=said.append)
    assert len(said) == 1 and "has other bytes than were measured" in said[0]


@pytest.mark.parametrize(
    "changes, told",
    [
        ({"at_least": 0.9999}, "though at_least 0.9999 is asked for and it has 0.98: onnxruntime"),
        ({"agreement": "top1"}, "though agreement top1 is asked for and it has cosine: onnxruntime"),
        ({"variants": ["onnxruntime"]}, " is not among the variants that are asked for: onnxruntime"),
    ],
)
def test_a_lock_that_was_measured_for_something_else_stays_and_it_is_told(
    made, folder, encoder, calibration, changes, told
):
    text, lines = (folder / "profile.json").read_text(), []
    optimize(encoder, calibration, into=folder, say=lines.append, **{"at_least": 0.98, **changes})
    assert len(lines) == 1 and told in lines[0] and "\n" not in lines[0]
    assert lines[0].startswith(f"{folder / 'profile.json'} is a lock and stays, though ")
    assert lines[0].endswith("; to measure anew, delete it, or run modelyard package --optimize")
    assert (folder / "profile.json").read_text() == text


def test_variants_that_were_not_measured_are_told(tmp_path):
    onnx.save(products("a", "b", "c"), str(tmp_path / "x.onnx"))
    source, few = OnnxFile(tmp_path / "x.onnx"), Calibration([{"x": np.ones((1, 8), np.float32)}])
    lines = []
    for variants in ((), (), ("onnxruntime-int8",)):
        lines.clear()
        optimize(source, few, into=tmp_path, variants=variants, say=lines.append, meter=ByHand())
        told = [line for line in lines if "a lock and stays" in line]
        assert len(told) == (1 if variants else 0)
    assert "though onnxruntime-int8 is asked for and was not measured: onnxruntime is made" in told[0]


def test_a_budget_that_nothing_keeps_falls_back_to_the_original_and_says_so(tmp_path):
    module = TorchModule(torch.nn.Linear(8, 3), {"x": np.zeros((2, 8), np.float32)}, "y")
    few = Calibration([{"x": np.ones((1, 8), np.float32)}])
    said = []
    made = optimize(
        module, few, into=tmp_path, agreement=lambda one, other: np.full(len(one), one is other),
        variants=["onnxruntime-int8"], say=said.append, meter=ByHand(),
    )  # fmt: skip
    assert not made.met and made.profile.chosen == "onnxruntime"
    assert said[-1].startswith("no variant keeps a <lambda> of 0.99 over 1 items: this is the original")


class Nothing(Meter):
    """Whoever measures with it was not refused in time."""

    def file(self, file, one):
        raise AssertionError(file)

    here = in_turn = file


@pytest.mark.parametrize(
    "changes, told",
    [
        ({"variants": ["int4"]}, "Variant 'int4' is not known; write some of onnxruntime"),
        ({"variants": [["int4"]]}, "Variant ['int4'] is not known; write some of onnxruntime"),
        ({"variants": "int8"}, "variants is 'int8'; give a list of some of onnxruntime, "),
        ({"variants": None}, "variants is None; give a list"),
        ({"agreement": "mse"}, "'mse' is not known; write 'cosine' or 'top1'"),
        ({"agreement": ["mse"]}, "['mse'] is not known; write 'cosine' or 'top1'"),
        ({"agreement": lambda one, other: 1.0}, "returned 1.0; it gets two arrays"),
        ({"into": "nowhere"}, "into is nowhere, which is not there; give a folder, and make it before."),
        ({"into": __file__}, "which is a file; give a folder"),
        ({"into": None}, "into is None; give the folder that the weights go into."),
        ({"into": ""}, "into is ''; give the folder"),
        ({"calibration": [{"x": np.ones((1, 8))}]}, "is a list; write Calibration([...]) with requests"),
        ({"source": "model.onnx"}, "The source is 'model.onnx'; give an OnnxFile, a TorchModule"),
        *(
            ({"weights": weights}, f"weights is {weights!r}; give a plain file name in ")
            for weights in ("", ".", "..", "a/b.onnx", "../x.onnx", "/x.onnx", "a\\b", None, Path("x"))
        ),
        *(
            ({"weights": weights}, f"weights is {weights!r}, which is something else in ")
            for weights in ("profile.json", "inference.py", "taken")
        ),
        *(
            ({"at_least": number}, f"at_least is {number!r}; give a number from 0 to 1, such as 0.99")
            for number in (1.5, -1, -0.1, float("nan"), float("inf"), "0.9", None, True)
        ),
    ],
)
def test_misuse_is_told_in_one_line_before_anything_is_measured(
    tmp_path, encoder, calibration, changes, told
):
    (tmp_path / "taken").mkdir()
    given = {"source": encoder, "calibration": calibration, "into": tmp_path, "meter": Nothing(), **changes}
    with pytest.raises(InvalidModel, match=re.escape(told)) as raised:
        optimize(given.pop("source"), given.pop("calibration"), **given, say=lambda line: None)
    assert "\n" not in str(raised.value)
    assert [file.name for file in tmp_path.iterdir()] == ["taken"]


@pytest.mark.parametrize("at_least", [0, 1, np.float32(0.5)])
def test_the_folder_may_be_text_and_the_budget_any_number(tmp_path, at_least):
    (tmp_path / "made").mkdir()
    onnx.save(products("a", "b", "c"), str(tmp_path / "x.onnx"))
    found = optimize(
        OnnxFile(tmp_path / "x.onnx"), Calibration([{"x": np.ones((1, 8), np.float32)}]),
        into=str(tmp_path / "made"), at_least=at_least, variants=(), say=lambda line: None, meter=ByHand(),
    )  # fmt: skip
    assert found.met and found.file == tmp_path / "made" / "model.onnx" and found.file.is_file()
    assert profile.read(tmp_path / "made") == found.profile and found.profile.budget["at_least"] == at_least


def test_every_variant_can_be_made_of_nodes_without_names(tmp_path):
    onnx.save(products("", "", ""), str(tmp_path / "x.onnx"))
    random = np.random.default_rng(2)
    few = Calibration([{"x": random.normal(size=(1, 8)).astype(np.float32)} for _ in range(4)])
    source = OnnxFile(tmp_path / "x.onnx")
    found = optimize(source, few, into=tmp_path, say=lambda line: None, meter=ByHand())
    assert [row.failed for row in found.profile.variants] == [None] * len(VARIANTS)
    mixed = next(row for row in found.profile.variants if row.variant == "onnxruntime-int8-mixed")
    assert mixed.parameters["float"][0] in ("MatMul_0", "MatMul_2")
    before = found.file.read_bytes()
    assert optimize(source, few, into=tmp_path, say=lambda line: None).file.read_bytes() == before


def test_a_calibration_set_of_other_inputs_is_told(tmp_path, exported):
    with pytest.raises(
        InvalidModel, match="takes input_ids, attention_mask, and the calibration set gives pixels"
    ):
        optimize(OnnxFile(exported), Calibration([{"pixels": np.zeros((1, 3))}]), into=tmp_path)
