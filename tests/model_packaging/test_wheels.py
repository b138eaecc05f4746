"""The packages of a function. Wheels are made here, so that no index is needed."""

import hashlib
import zipfile

import pytest

from model_packaging.errors import BuildFailed, InvalidModel
from model_packaging.functions import build_function
from model_packaging.wheels import RUNTIMES, stage

METADATA = "Metadata-Version: 2.1\nName: greeting\nVersion: 1.0\n"
WHEEL = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: {tag}\n"


@pytest.fixture
def make_wheel(tmp_path):
    """A wheel of `greeting` for a tag such as py3-none-any; returns the line of requirements.txt."""

    def make(tag="py3-none-any"):
        file = tmp_path / f"greeting-1.0-{tag}.whl"
        info = "greeting-1.0.dist-info"
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("greeting/__init__.py", "WORD = 'hello'\n")
            archive.writestr("greeting/__init__.pyi", "WORD: str\n")
            archive.writestr("greeting/tests/test_it.py", "")
            archive.writestr(f"{info}/METADATA", METADATA)
            archive.writestr(f"{info}/WHEEL", WHEEL.format(tag=tag))
            archive.writestr(f"{info}/RECORD", "")
        return f"greeting @ file://{file}"

    return make


@pytest.fixture
def requirements(tmp_path):
    return tmp_path / "requirements.txt"


def test_packages_are_staged_stripped_and_kept(requirements, cache, make_wheel):
    requirements.write_text(f"# ours\n{make_wheel()}  # local\n\n")
    staged = stage(requirements, "python3.11", cache)
    assert [entry.path for entry in staged] == ["greeting-1.0.dist-info/METADATA", "greeting/__init__.py"]
    for entry in staged:
        assert hashlib.sha256(entry.source.read_bytes()).hexdigest() == entry.sha256
    before = staged[1].source.stat().st_ino
    assert stage(requirements, "python3.11", cache)[1].source.stat().st_ino == before
    assert [folder.name for folder in (cache / "wheels").iterdir()] == [staged[0].source.parents[2].name]


def test_packages_are_part_of_the_function_and_of_its_digest(make_model, tmp_path, cache, make_wheel):
    without = build_function(make_model(), tmp_path, cache)
    made = build_function(make_model({"requirements.txt": make_wheel()}), tmp_path, cache)
    with zipfile.ZipFile(made.file) as archive:
        assert "greeting/__init__.py" in archive.namelist()
    assert made.digest != without.digest


@pytest.mark.parametrize(
    "runtime, tag, loads",
    [
        ("python3.11", "cp311-cp311-manylinux_2_26_x86_64", True),
        ("python3.11", "cp311-cp311-manylinux_2_27_x86_64", False),
        ("python3.12", "cp312-cp312-manylinux_2_34_x86_64", True),
        ("python3.12", "cp312-cp312-manylinux_2_35_x86_64", False),
        ("python3.12", "cp311-cp311-manylinux_2_17_x86_64", False),
        ("python3.13", "cp39-abi3-manylinux2014_x86_64", True),
        ("python3.13", "cp313-cp313-macosx_11_0_arm64", False),
    ],
)
def test_only_wheels_that_load_on_the_runtime_are_taken(requirements, cache, make_wheel, runtime, tag, loads):
    requirements.write_text(make_wheel(tag))
    if loads:
        assert "greeting/__init__.py" in [entry.path for entry in stage(requirements, runtime, cache)]
        return
    glibc = f"glibc 2.{RUNTIMES[runtime].glibc_minor}"
    with pytest.raises(BuildFailed, match=f"No packages for .*{glibc}.*not a supported wheel") as caught:
        stage(requirements, runtime, cache)
    assert "\n" not in str(caught.value)
    assert list((cache / "wheels").iterdir()) == []


@pytest.mark.parametrize(
    "tag, loads",
    [
        ("cp311-cp311-manylinux2014_aarch64", True),
        ("cp311-cp311-manylinux_2_26_aarch64", True),
        ("cp311-cp311-manylinux_2_26_x86_64", False),
        ("py3-none-any", True),
    ],
)
def test_wheels_are_those_of_the_functions_architecture(requirements, cache, make_wheel, tag, loads):
    requirements.write_text(make_wheel(tag))
    if loads:
        assert stage(requirements, "python3.11", cache, "arm64")
        return
    with pytest.raises(BuildFailed, match=r"Python 3\.11, arm64 and glibc 2\.26"):
        stage(requirements, "python3.11", cache, "arm64")


def test_markers_name_the_functions_machine(requirements, cache, make_wheel):
    requirements.write_text(f'{make_wheel()} ; platform_machine == "aarch64"\n')
    assert stage(requirements, "python3.11", cache) == []
    assert stage(requirements, "python3.11", cache, "arm64")


def test_markers_are_judged_for_the_functions_python(requirements, cache, make_wheel):
    requirements.write_text(f'{make_wheel()} ; python_version >= "3.13"\n')
    assert stage(requirements, "python3.11", cache) == []
    assert len(stage(requirements, "python3.13", cache)) == 2


def test_requirements_that_are_no_text_are_refused(requirements, cache):
    requirements.write_bytes(b"\xff\xfe")
    with pytest.raises(InvalidModel, match=r"requirements\.txt is not UTF-8 \(byte 0\); write it as UTF-8"):
        stage(requirements, "python3.11", cache)


@pytest.mark.parametrize(
    "line", ["numpy=1.26", "-r other.txt", "--index-url https://example.org", "git+https://x"]
)
def test_what_is_no_requirement_is_refused_with_its_line(requirements, cache, line):
    requirements.write_text(f"# one\n{line}\n")
    with pytest.raises(InvalidModel, match=r"requirements\.txt, line 2: .* is not a requirement"):
        stage(requirements, "python3.11", cache)


def test_an_unknown_runtime_is_told_the_known_ones(requirements, cache):
    requirements.write_text("numpy\n")
    with pytest.raises(BuildFailed, match=r"'python3.8' has no table.*python3\.11, python3\.12"):
        stage(requirements, "python3.8", cache)
