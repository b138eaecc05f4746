"""What a model can come from. Each gives its digest, its graph as plain ONNX, and its own answers.

    TorchModule      a module in this process, exported by torch.export        (torch_module.py)
    hugging_face     a folder with config.json and model.safetensors          (hugging_face.py)
    Estimator        of scikit-learn, from the script that trained it         (estimator.py)
    OnnxFile         a file that is ONNX already                              (here)

Weights are loaded without running code from them: safetensors and ONNX are data, and what is given as an object was
made by the script that gives it.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from model_packaging.errors import InvalidModel
from model_packaging.optimize import graph
from model_packaging.pickles import is_pickled

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from model_packaging.optimize.calibration import Feed

Answer = Callable[["Feed"], "NDArray[np.float64]"]
"""A request's inputs to its first output (items, ...)."""

Load = Callable[[int], Callable[["Feed"], Any]]
"""A number of threads, 0 for as many as there are cores, to what is called with a request."""


class Source(Protocol):
    """Where a model comes from."""

    @property
    def kind(self) -> str:
        """In one word, for the profile."""

    def sha256(self) -> str:
        """Of the weights, and of what else decides the graph."""

    def export(self, target: Path) -> None:
        """Write the graph as ONNX, one file, the same bytes every time."""

    def answer(self) -> Answer | None:
        """The original itself; None where the exported graph is the original."""

    def runners(self) -> dict[str, Load]:
        """Variants that run in their own framework, by name: each loads and gives what is timed."""


POINTER = b"version https://git-lfs"
"""How a file begins that Git LFS left in the place of a large one."""


def check_fetched(file: Path) -> None:
    """Raise `InvalidModel` for a pointer of Git LFS."""
    with file.open("rb") as stream:
        if stream.read(len(POINTER)) == POINTER:
            raise InvalidModel(
                f"{file} is a pointer of Git LFS, and not the file itself; run 'git lfs pull' in its repository."
            )


class OnnxFile:
    """A file that is ONNX already."""

    kind = "onnx"

    def __init__(self, file: str | Path) -> None:
        """Raises `InvalidModel` for a pickle, and for no file or only a pointer to it."""
        file = Path(file)
        if not file.is_file():
            raise InvalidModel(f"{file} does not exist; name an .onnx file.")
        if is_pickled(file):
            raise InvalidModel(
                f"{file} holds a pickle: loading it runs whatever code it carries; give an .onnx file."
            )
        check_fetched(file)
        self.file = file

    def sha256(self) -> str:
        """Of the file."""
        return graph.sha256(self.file)

    def export(self, target: Path) -> None:
        """The same graph, without stack traces and unused operator sets."""
        graph.save(graph.load(self.file), target)

    def answer(self) -> Answer | None:
        """None: the graph is the original."""
        return None

    def runners(self) -> dict[str, Load]:
        """None: it has no other framework."""
        return {}
