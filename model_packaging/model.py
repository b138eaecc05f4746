"""A model on disk: a folder with a handler, weights and what they need."""

import re
from dataclasses import field
from pathlib import Path, PurePosixPath
from typing import Literal

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from model_packaging import origins, signatures
from model_packaging.errors import InvalidModel

Framework = Literal["onnx", "pytorch", "sklearn"]

HANDLER = "inference.py"
REQUIREMENTS = "requirements.txt"
PROGRAM = "modelyard_program.py"
"""What AWS's own images import in the place of the handler, which it stands beside: it makes them run it as ours do."""

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
"""Allowed for a model folder's name: it becomes a part of the artifact's key in S3."""


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Model:
    """A folder with `inference.py` (the handler), its weights, and optionally `requirements.txt`.

    `path` is relative to the file of the stack that names it. `weights` names the files, relative to
    the folder, without which the model cannot run. Where one is missing and `prepare` names a script in
    the folder, packaging runs that script (with the folder as its working directory) to make them; the
    script itself is not part of the artifact. Weights that exist are used as they are: after an edit of
    the script, delete them to have them made again.

    `trust_pickle` names the files of the folder that are pickles and may be: whoever loads one runs the code in it.
    Any other pickle is refused.
    """

    path: Path
    framework: Framework = field(kw_only=True)
    weights: tuple[str, ...] = field(default=(), kw_only=True)
    prepare: str | None = field(default=None, kw_only=True)
    trust_pickle: tuple[str, ...] = field(default=(), kw_only=True)

    @property
    def name(self) -> str:
        """The folder's own name; the first part of the artifact's key."""
        return self.path.name

    def directory(self, base: Path) -> Path:
        """The folder as an absolute path; `base` is the directory of the stack's file."""
        return (base / self.path).resolve()

    def check(self, base: Path) -> None:
        """Raise `InvalidModel` for what cannot become an artifact. Weights may still be unmade."""
        directory = self.directory(base)
        if NAME.fullmatch(self.name) is None:
            raise InvalidModel(
                f"Model folder {str(self.path)!r} has the name {self.name!r}; allowed are letters, "
                "digits, '.', '_' and '-', at most 63, a letter or digit first: rename the folder."
            )
        known = origins.remedy(directory)
        if known is not None and not (directory / HANDLER).is_file():
            raise InvalidModel(f"Model folder {self.path} {known}, and name that folder.")
        if not directory.is_dir():
            raise InvalidModel(
                f"Model folder {self.path} does not exist below {base}; make it, with {HANDLER} in it."
            )
        if not (directory / HANDLER).is_file():
            raise InvalidModel(
                f"Model folder {self.path} has no {HANDLER}; write one with predict_fn(data, model) "
                "(and model_fn, input_fn, output_fn where the defaults do not do)."
            )
        signatures.check(directory / HANDLER, f"{self.path}/{HANDLER}")
        for named in (*self.weights, *self.trust_pickle, *([self.prepare] if self.prepare else [])):
            if PurePosixPath(named).is_absolute() or ".." in PurePosixPath(named).parts or not named:
                raise InvalidModel(
                    f"Model folder {self.path} is given the file {named!r}; name a file inside "
                    "the folder, such as 'model.onnx'."
                )
        if self.prepare is not None and not (directory / self.prepare).is_file():
            raise InvalidModel(
                f"Model folder {self.path} has no {self.prepare}, which prepare names; write it or "
                "leave prepare out."
            )
        missing = self.missing_weights(base)
        if missing and self.prepare is None:
            raise InvalidModel(
                f"Model folder {self.path} lacks {', '.join(missing)}; "
                "put the file there, or name a script that makes it: Model(..., prepare='export.py')."
            )

        empty = [
            name for name in self.weights if name not in missing and not (directory / name).stat().st_size
        ]
        if empty:
            raise InvalidModel(
                f"Model folder {self.path} has an empty {empty[0]}, which holds no weights; make it anew."
            )

    def missing_weights(self, base: Path) -> list[str]:
        """The named weights that are not on disk yet."""
        directory = self.directory(base)
        return [name for name in self.weights if not (directory / name).is_file()]
