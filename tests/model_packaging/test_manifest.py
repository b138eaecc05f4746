"""What goes into an artifact, and the rule of its digest."""

import hashlib
import os
import pickle
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_packaging.errors import InvalidModel
from model_packaging.manifest import Entry, digest, scan

PATHS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=8)
CONTENTS = st.tuples(st.sampled_from(["a" * 64, "b" * 64, "c" * 64]), st.booleans())
TREES = st.dictionaries(PATHS, CONTENTS, max_size=5)


def entries(tree):
    return [Entry(path, Path("/anywhere"), sha, 1, executable) for path, (sha, executable) in tree.items()]


@given(TREES, TREES)
def test_digests_are_equal_exactly_where_the_content_is(one, other):
    assert (digest("x", entries(one)) == digest("x", entries(other))) == (one == other)


@given(TREES, st.randoms())
def test_order_source_and_time_do_not_count(tree, random):
    shuffled = entries(tree)
    random.shuffle(shuffled)
    moved = [Entry(e.path, Path("/elsewhere"), e.sha256, 99, e.executable) for e in shuffled]
    assert digest("x", moved) == digest("x", entries(tree))


def test_the_kind_of_artifact_counts():
    assert digest("model.tar.gz", []) != digest("function.zip", [])


def test_the_digest_stays_what_it_is():
    """A change here means that every model is built and uploaded anew: raise FORMAT with it."""
    manifest = '{"format":1,"kind":"x","files":[["a","' + "a" * 64 + '",false]]}'
    assert digest("x", entries({"a": ("a" * 64, False)})) == hashlib.sha256(manifest.encode()).hexdigest()


def test_what_is_left_out(make_model, tmp_path):
    model = make_model(
        {
            "model.bin": b"weights",
            "export.py": "",
            "sample.json": "{}",
            "sample_answer.json": "{}",
            ".env": "SECRET=1",
            ".git/config": "",
            "__pycache__/inference.cpython-311.pyc": b"",
            "old.pyc": b"",
            "labels/en.json": "{}",
        },
        prepare="export.py",
    )
    assert [entry.path for entry in scan(model, tmp_path)] == ["inference.py", "labels/en.json", "model.bin"]


def test_the_executable_bit_is_kept(make_model, tmp_path):
    model = make_model({"run.sh": "#!/bin/sh\n"})
    file = tmp_path / "models/tiny/run.sh"
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    assert {entry.path: entry.executable for entry in scan(model, tmp_path)} == {
        "inference.py": False,
        "run.sh": True,
    }


@pytest.mark.parametrize("target", ["/etc/hostname", "inference.py", "nowhere", "."])
def test_symbolic_links_are_refused_by_name(make_model, tmp_path, target):
    model = make_model()
    (tmp_path / "models/tiny/link").symlink_to(target)
    with pytest.raises(InvalidModel, match="models/tiny/link is a symbolic link"):
        scan(model, tmp_path)


def test_what_is_no_file_is_refused(make_model, tmp_path):
    model = make_model()
    os.mkfifo(tmp_path / "models/tiny/pipe")
    with pytest.raises(InvalidModel, match="models/tiny/pipe is not a regular file"):
        scan(model, tmp_path)


def test_a_pickle_is_refused_by_name(make_model, tmp_path):
    model = make_model({"model.bin": pickle.dumps({"w": [1.0]})})
    with pytest.raises(InvalidModel, match=r"models/tiny/model\.bin holds a pickle.*safetensors, ONNX"):
        scan(model, tmp_path)


def test_a_pickle_is_packed_only_where_the_model_names_it(make_model, tmp_path):
    files = {"model.pkl": b"cos\nsystem\n(S'true'\ntR.", "other.pkl": b"cos\nsystem\n(S'true'\ntR."}
    with pytest.raises(InvalidModel, match=r"holds a pickle.*name it: Model.*trust_pickle=") as raised:
        scan(make_model(files), tmp_path)
    assert "\n" not in str(raised.value)
    with pytest.raises(InvalidModel, match=r"other\.pkl holds a pickle"):
        scan(make_model(files, trust_pickle=("model.pkl",)), tmp_path)
    named = make_model(files, trust_pickle=("model.pkl", "other.pkl"))
    assert [entry.path for entry in scan(named, tmp_path)] == ["inference.py", "model.pkl", "other.pkl"]


def test_the_calibration_set_stays_in_the_folder(make_model, tmp_path):
    model = make_model({"calibration.json": "[]", "sample.json": "[]", "profile.json": "{}"})
    assert [entry.path for entry in scan(model, tmp_path)] == ["inference.py", "profile.json"]
