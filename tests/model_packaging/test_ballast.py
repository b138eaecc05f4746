"""What of installed packages a function needs."""

from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_packaging import ballast
from model_packaging.ballast import FILES, NEEDLESS, is_ballast, needed_by, strip

LINUX = {"sys_platform": "linux", "python_version": "3.11"}


@pytest.fixture
def site(tmp_path):
    """Packages as pip leaves them: each a module and a licence; `requires` are its Requires-Dist."""

    def make(**packages):
        for name, requires in packages.items():
            info = tmp_path / f"{name}-1.0.dist-info"
            info.mkdir()
            lines = ["Metadata-Version: 2.1", f"Name: {name}", "Version: 1.0"]
            (info / "METADATA").write_text(
                "\n".join([*lines, *(f"Requires-Dist: {one}" for one in requires)])
            )
            files = [
                f"{name}/__init__.py",
                f"{info.name}/METADATA",
                f"{info.name}/LICENSE",
                f"{info.name}/RECORD",
            ]
            (info / "RECORD").write_text("".join(f"{file},,\n" for file in files))
            (info / "LICENSE").write_text("free")
            (tmp_path / name).mkdir()
            (tmp_path / name / "__init__.py").write_text("")
        return tmp_path

    return make


def kept(site, *lines):
    return {
        PurePosixPath(entry.path).parts[0] for entry in strip(site, lines, LINUX) if "-info" not in entry.path
    }


def test_what_onnxruntime_never_imports_is_gone_with_all_that_only_it_needed(site):
    where = site(
        onnxruntime=["numpy", "sympy", "coloredlogs"], numpy=[], sympy=["mpmath"], mpmath=[], coloredlogs=[]
    )
    assert kept(where, "onnxruntime==1.0") == {"onnxruntime", "numpy"}
    assert not (where / "mpmath/__init__.py").exists()
    assert not (where / "sympy-1.0.dist-info/LICENSE").exists()
    assert (where / "numpy-1.0.dist-info/LICENSE").is_file()


def test_what_the_handler_names_stays(site):
    where = site(onnxruntime=["sympy"], sympy=["mpmath"], mpmath=[])
    assert kept(where, "onnxruntime", "SymPy") == {"onnxruntime", "sympy", "mpmath"}


def test_what_another_package_requires_stays(site):
    where = site(
        tokenizers=["huggingface-hub"], huggingface_hub=[], transformers=["huggingface_hub", "tokenizers"]
    )
    assert kept(where, "transformers") == {"tokenizers", "huggingface_hub", "transformers"}


def test_markers_and_extras_decide_as_pip_does(site):
    where = site(
        one=["two; sys_platform == 'win32'", "three; extra == 'more'", "four; python_version >= '3.11'"],
        two=[], three=[], four=["one[more]"],
    )  # fmt: skip
    assert kept(where, "one") == {"one", "three", "four"}


@pytest.mark.parametrize(
    "path",
    [
        "numpy/core/_simd.cpython-311-x86_64-linux-gnu.so",
        "numpy/_core/_simd.cpython-312-x86_64-linux-gnu.so",
        "numpy/f2py/auxfuncs.py",
        "onnxruntime/transformers/models/gpt2/parity.py",
        "sklearn/linear_model/tests/test_base.py",
        "sklearn/conftest.py",
        "bin/f2py",
        "coloredlogs.pth",
        "greeting/__init__.pyi",
        "greeting-1.0.dist-info/RECORD",
    ],
)
def test_ballast(path):
    assert is_ballast(Path(path))


@pytest.mark.parametrize(
    "path",
    [
        "numpy/core/_multiarray_tests.cpython-311-x86_64-linux-gnu.so",  # NumPy 1 imports it at its start
        "numpy/testing/__init__.py",  # SciPy imports it
        "numpy/typing/__init__.py",
        "onnxruntime/capi/onnxruntime_inference_collection.py",
        "onnxruntime/ThirdPartyNotices.txt",
        "mine/quantization/table.py",
        "mine/bin/data.json",
        "greeting-1.0.dist-info/METADATA",
        "greeting-1.0.dist-info/entry_points.txt",
        "greeting-1.0.dist-info/licenses/LICENSE",
        "mine/LICENSE.txt",
        "mine/NOTICE",
    ],
)
def test_no_ballast(path):
    assert not is_ballast(Path(path))


def test_every_row_has_its_reason():
    reasons = [*FILES.values(), *(reason for row in NEEDLESS.values() for reason in row.values())]
    assert all(reasons) and ballast.FOLDERS


NAMES = ("onnxruntime", "numpy", "sympy", "mpmath", "tokenizers", "huggingface-hub", "tqdm")


class Installed:
    """What `needed_by` looks at of a distribution."""

    def __init__(self, requires):
        self.requires = requires


@given(
    graph=st.fixed_dictionaries({name: st.lists(st.sampled_from(NAMES), max_size=4) for name in NAMES}),
    named=st.lists(st.sampled_from(NAMES), max_size=3),
)
def test_what_is_kept_is_what_was_named_and_all_that_it_needs(graph, named):
    kept = needed_by(named, {name: Installed(requires) for name, requires in graph.items()}, LINUX)
    wanted = {name: set(requires) - set(NEEDLESS.get(name, ())) for name, requires in graph.items()}
    assert set(named) <= kept
    assert all(wanted[name] <= kept for name in kept)
    assert all(name in named or any(name in wanted[other] for other in kept) for name in kept)
