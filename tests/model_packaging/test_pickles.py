"""Which files count as pickles, and which only look like them."""

import bz2
import collections
import fractions
import gzip
import io
import lzma
import os
import pickle
import zipfile
import zlib

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from model_packaging.errors import InvalidModel
from model_packaging.manifest import scan
from model_packaging.pickles import is_pickled

OBJECTS = np.array([{"a": 1}, None], dtype=object)
NUMBERS = np.arange(3.0)
VALUES = [{"w": [1.0]}, [1, 2], fractions.Fraction(1, 3), collections.OrderedDict(a=b"x"), ("a", "b")]


def npy(array):
    made = io.BytesIO()
    np.save(made, array, allow_pickle=True)
    return made.getvalue()


def npz(save=np.savez, **arrays):
    made = io.BytesIO()
    save(made, **arrays)
    return made.getvalue()


def archive(*names):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as opened:
        for name in names:
            opened.writestr(f"model/{name}", b"")
    return made.getvalue()


def torch_before_zip(protocol):
    """What torch.save wrote before 1.6: four pickles, then the storages."""
    parts = [0x1950A86A20F9469CFC6C, 1001, {"little_endian": True}, {"w": [1.0]}]
    return b"".join(pickle.dumps(part, protocol) for part in parts) + b"\x00" * 16


@pytest.fixture
def write(tmp_path):
    def make(content, name="weights.bin"):
        file = tmp_path / name
        file.write_bytes(content)
        return file

    return make


@pytest.mark.parametrize("name", ["model.pkl", "model.joblib", "MODEL.PICKLE"])
def test_a_name_is_enough(write, name):
    assert is_pickled(write(b"anything", name))


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_every_protocol_is_seen(write, value, protocol):
    assert is_pickled(write(pickle.dumps(value, protocol)))


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_torch_before_its_zip_format_is_seen(write, protocol):
    assert is_pickled(write(torch_before_zip(protocol)))


@pytest.mark.parametrize(
    "content",
    [
        archive("data.pkl", "version"),
        npy(OBJECTS),
        npy(np.zeros(2, dtype=[("x", "f8"), ("y", [("z", "O")])])),
        npz(a=NUMBERS, b=OBJECTS),
        npz(np.savez_compressed, a=NUMBERS, b=OBJECTS),
    ],
    ids=["torch", "npy", "npy of records", "npz", "compressed npz"],
)
def test_what_torch_and_numpy_unpickle_is_seen(write, content):
    assert is_pickled(write(content))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b".",
        b"\x80",
        b"\x80\x04 no stop at its end",
        b"I am.\n.",
        b"cat\ndog\nbird.",
        b"(see below)\n.",
        b"(internal\nuse\n.\nand more.",
        b"1.5\n2.5\n3.",
        b"(internal\nuse\n.",
        b"cat\ndog\n.",
        b"N.",
        b"Nqa.",
        b"PK\x03\x04 and no more",
        npy(NUMBERS),
        npy(np.zeros(2, dtype=[("O", "f8")])),
        npz(a=NUMBERS),
        npz(a=NUMBERS, b=OBJECTS)[:-40],
        archive("data.pkl", "constants.pkl"),
    ],
)
def test_what_only_resembles_a_pickle_passes(write, content):
    assert not is_pickled(write(content))


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc"], include_characters="\n\t")))
def test_text_passes(write, text):
    assert not is_pickled(write(f"{text}.".encode()))


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=60), st.sampled_from([b"", b"\x93NUMPY", b"PK\x03\x04", b"(", b"cos\n"]))
def test_any_bytes_are_judged(write, content, start):
    assert is_pickled(write(start + content + b".")) in (True, False)


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress, bz2.compress, lzma.compress])
def test_a_compressed_pickle_is_seen_and_other_compressed_bytes_are_not(write, pack):
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        assert is_pickled(write(pack(pickle.dumps({"w": [1.0]}, protocol))))
    assert not is_pickled(write(pack(b"words and more words")))
    assert not is_pickled(write(pack(b"words and more words")[:9]))


def bomb(levels):
    """A pickle of a few bytes a level whose lists double at each: loaded it has 2 ** levels elements."""
    value = []
    for _ in range(levels):
        value = [value, value]
    return value


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_bomb_is_refused_in_one_line_and_never_loaded(make_model, tmp_path, protocol):
    class Runs:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "it ran"),)

    packed = pickle.dumps([bomb(60), Runs()], protocol)
    assert len(packed) < 2000
    model = make_model({"weights.bin": packed})
    with pytest.raises(
        InvalidModel, match=r"^models/tiny/weights\.bin holds a pickle: .* instead, or, .*trust_pickle=.*\.$"
    ):
        scan(model, tmp_path)
    assert not (tmp_path / "it ran").exists()
