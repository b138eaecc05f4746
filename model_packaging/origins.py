"""What a path is that is no model folder yet, and how it becomes one: the remedy that an error names.

Looks at names only, and loads nothing.
"""

from collections.abc import Mapping
from pathlib import Path

CONFIG, WEIGHTS = "config.json", "model.safetensors"
"""Of a Hugging Face folder, as save_pretrained writes it."""

_WRITE = "make a model folder of it: modelyard package {path} --to FOLDER"
_PICKLE = (
    "may hold a pickle, and loading that runs whatever code it carries; in the script that made it, call"
)

FILES: Mapping[str, str] = {
    ".onnx": f"is a bare ONNX file; {_WRITE}",
    ".safetensors": f"has weights without their model; name the folder that has {CONFIG} beside it",
    **dict.fromkeys(
        (".pt", ".pth", ".pt2", ".bin", ".ckpt"),
        f"{_PICKLE} model_packaging.folders.from_torch(module, example, FOLDER)",
    ),
    **dict.fromkeys(
        (".pkl", ".pickle", ".joblib"),
        f"{_PICKLE} model_packaging.folders.from_estimator(estimator, sample, FOLDER)",
    ),
}
"""What a file with such a name is, and what to do."""


def is_hugging_face(folder: Path) -> bool:
    """Whether a folder has a Hugging Face model in it, with weights of any kind."""
    return (folder / CONFIG).is_file() and any(
        True for pattern in ("*.safetensors", "*.bin") for _ in folder.glob(pattern)
    )


def remedy(path: Path) -> str | None:
    """What is at `path`, and how to make a model folder of it; None where that is not known."""
    if path.is_file():
        told = FILES.get(path.suffix.lower())
        return None if told is None else told.format(path=path)
    if is_hugging_face(path):
        return f"is a Hugging Face folder; {_WRITE.format(path=path)}"
    graphs = sorted(path.glob("*.onnx"))
    if len(graphs) == 1:
        return f"has {graphs[0].name} and nothing that runs it; {_WRITE.format(path=graphs[0])}"
    return None
