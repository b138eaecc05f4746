"""A model folder of what lies at a path, where that needs nothing else."""

from pathlib import Path

from model_packaging import origins
from model_packaging.errors import BuildFailed, InvalidModel
from model_packaging.folders.tensors import from_onnx
from model_packaging.folders.transformer import from_hugging_face
from model_packaging.model import Model


def from_path(path: str | Path, into: str | Path) -> Model:
    """A folder of an ONNX file or a Hugging Face folder.

    Raises `InvalidModel` for anything else, `BuildFailed` where it cannot be converted or a package for it is missing.
    """
    path = Path(path)
    try:
        if path.suffix.lower() == ".onnx":
            return from_onnx(path, into)
        if origins.is_hugging_face(path):
            return from_hugging_face(path, into)
    except ModuleNotFoundError as error:
        name = str(error.name).partition(".")[0]
        raise BuildFailed(
            f"Making a model folder needs {name}, which is not installed; run: "
            "python -m pip install 'modelyard[optimize]'"
        ) from None
    told = (
        origins.remedy(path) or "is neither an .onnx file nor a folder with config.json and model.safetensors"
    )
    raise InvalidModel(f"{path} {told}.")
