"""The encoder of the triage model: model.onnx and tokenizer.json, made there where they are missing; linked here."""

import os
import runpy
import shutil
from pathlib import Path

HERE = Path(__file__).resolve().parent
TRIAGE = HERE.parent / "triage"
FILES = ("model.onnx", "tokenizer.json")


def link(source: Path, target: Path) -> None:
    """The same file in two places; a copy where the file system has no links."""
    temporary = target.with_name(f".{target.name}")
    temporary.unlink(missing_ok=True)
    try:
        os.link(source, temporary)
    except OSError:
        shutil.copyfile(source, temporary)
    temporary.replace(target)


if __name__ == "__main__":
    if not all((TRIAGE / name).is_file() for name in FILES):
        runpy.run_path(str(TRIAGE / "export.py"), run_name="__main__")
    for name in FILES:
        link(TRIAGE / name, HERE / name)
