"""Weights and profile.json made again, and kept as they were where that fails."""

import pytest

from model_packaging.anew import optimise
from model_packaging.errors import InvalidModel, PrepareFailed
from model_packaging.profile import Profile, Row

PROFILE = Profile(
    chosen="new",
    parameters={},
    source={"kind": "onnx", "sha256": "0" * 64},
    weights={"file": "w.onnx", "sha256": "0" * 64, "size_bytes": 3},
    budget={"by": "cosine", "at_least": 0.99, "items": 1, "met": True},
    variants=(Row("new"),),
    batches={1: 1.0},
    handler=None,
    machine={},
).text()
MAKES = "import pathlib\nassert not pathlib.Path('profile.json').exists()\npathlib.Path('w.onnx').write_text('new')\n"
OLD = {"w.onnx": "old", "profile.json": "old"}
NAMED = {"weights": ("w.onnx",), "prepare": "export.py"}


def test_the_script_runs_without_the_profile_and_writes_another(make_model, tmp_path):
    script = f"{MAKES}pathlib.Path('profile.json').write_text({PROFILE!r})\n"
    model = make_model({**OLD, "export.py": script}, **NAMED)
    optimise(model, tmp_path)
    folder = model.directory(tmp_path)
    assert (folder / "w.onnx").read_text() == "new" and (folder / "profile.json").read_text() == PROFILE
    assert not list(folder.glob(".*.before"))


@pytest.mark.parametrize(
    "script, told",
    [(MAKES, "ended without profile.json"), (f"{MAKES}raise SystemExit(3)\n", "ended with code 3")],
)
def test_what_fails_leaves_what_was(make_model, tmp_path, script, told):
    model = make_model({**OLD, "export.py": script}, **NAMED)
    with pytest.raises(PrepareFailed, match=told):
        optimise(model, tmp_path)
    folder = model.directory(tmp_path)
    assert {name: (folder / name).read_text() for name in OLD} == OLD
    assert not list(folder.glob(".*.before"))


def test_a_model_without_a_script_cannot_be_optimised(make_model, tmp_path):
    with pytest.raises(InvalidModel, match="names no script that makes its weights"):
        optimise(make_model(OLD, weights=("w.onnx",)), tmp_path)
