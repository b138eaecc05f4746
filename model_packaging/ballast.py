"""What packages carry that no function needs: whole packages that another names in vain, and files of those that stay.

Licences stay: LICENSE, NOTICE and the like of every package that is kept. Debug symbols stay too: what strips them
differs from machine to machine, and with it the digest of the function.
"""

import fnmatch
from collections.abc import Mapping, Sequence
from importlib.metadata import Distribution, distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

from model_packaging.manifest import Entry, read

NEEDLESS: Mapping[str, Mapping[str, str]] = {
    "onnxruntime": {
        "coloredlogs": "the log of its transformers scripts, until 1.23",
        "flatbuffers": "its tools for the ORT format",
        "packaging": "its backend for the onnx package",
        "protobuf": "its tools and its quantisation, which read models through the onnx package",
        "sympy": "its symbolic shape inference, a script of its tools",
    },
    "tokenizers": {
        "huggingface-hub": "Tokenizer.from_pretrained, which downloads; a function's files come with it",
    },
}
"""What a package requires and imports only where inference never is, and where that is. A package of the second
column stays where requirements.txt names it, or where another that stays requires it. Searched in onnxruntime 1.16.3
and 1.32.0, tokenizers 0.22.2 and 0.23.3: `import` of the name outside of `FILES`."""

FILES: Mapping[str, str] = {
    "onnxruntime/backend/*": "needs the onnx package",
    "onnxruntime/datasets/*": "examples",
    "onnxruntime/quantization/*": "makes models; needs the onnx package",
    "onnxruntime/tools/*": "converts models",
    "onnxruntime/transformers/*": "converts models",
    "numpy/distutils/*": "builds packages; NumPy's own hook for PyInstaller leaves it out",
    "numpy/f2py/*": "builds packages; NumPy's own hook for PyInstaller leaves it out",
    "numpy/*core/_simd.*": "the universal intrinsics for NumPy's own tests, 3.5 MB",
    "bin/*": "commands",
    "share/*": "manual pages",
    "*.pth": "read at the start by Python's own packages folder, and never in a function's",
    "conftest.py": "for pytest",
    "*/conftest.py": "for pytest",
    "*.pyc": "would be read for another path",
    "*.pyi": "stubs",
    "*.pxd": "for compilers",
    "*.pyx": "for compilers",
    "*.c": "for compilers",
    "*.h": "for compilers",
    "*.hpp": "for compilers",
    "*.a": "for linkers",
    "*.lib": "for linkers",
    "*.dist-info/RECORD": "of the installation",
    "*.dist-info/INSTALLER": "of the installation",
    "*.dist-info/REQUESTED": "of the installation",
    "*.dist-info/direct_url.json": "of the installation",
    "*.dist-info/WHEEL": "of the installation; METADATA and entry points are read at run time",
}
"""Files by pattern, and why nothing at run time reads them; `*` crosses folders."""

FOLDERS = frozenset({"tests", "__pycache__"})
"""Left out wherever they are."""


def strip(site: Path, lines: Sequence[str], environment: Mapping[str, str]) -> list[Entry]:
    """The files below `site` that a function needs, sorted by path; the others are deleted.

    `lines` are the requirements that were installed there, `environment` the values of markers in the function.
    """
    installed = {_name(one): one for one in distributions(path=[str(site)])}
    needed = needed_by(lines, installed, environment)
    gone = {
        path
        for name, distribution in installed.items()
        if name not in needed
        for path in map(str, distribution.files or ())
    }
    entries = []
    for file in sorted(site.rglob("*")):
        if not file.is_file() or file.is_symlink():
            continue
        path = file.relative_to(site)
        if path.as_posix() in gone or is_ballast(path):
            file.unlink()
        else:
            entries.append(read(path.as_posix(), file))
    return sorted(entries, key=lambda entry: entry.path)


def needed_by(
    lines: Sequence[str], installed: Mapping[NormalizedName, Distribution], environment: Mapping[str, str]
) -> set[NormalizedName]:
    """The names of the installed packages that `lines` come to, without what `NEEDLESS` says of them."""
    needed: set[NormalizedName] = set()
    seen: set[tuple[str, frozenset[str]]] = set()
    waiting = [Requirement(line) for line in lines]
    while waiting:
        one = waiting.pop()
        name, extras = canonicalize_name(one.name), frozenset(one.extras)
        if (name, extras) in seen or name not in installed:
            continue
        seen.add((name, extras))
        needed.add(name)
        for other in map(Requirement, installed[name].requires or ()):
            values = [{**environment, "extra": extra} for extra in ("", *extras)]
            wanted = other.marker is None or any(map(other.marker.evaluate, values))
            if wanted and canonicalize_name(other.name) not in NEEDLESS.get(name, {}):
                waiting.append(other)
    return needed


def is_ballast(path: Path) -> bool:
    """Whether no function needs the file; `path` is relative to the packages' folder."""
    if FOLDERS.intersection(path.parts[:-1]):
        return True
    return any(fnmatch.fnmatchcase(path.as_posix(), pattern) for pattern in FILES)


def _name(distribution: Distribution) -> NormalizedName:
    return canonicalize_name(distribution.metadata["Name"])
