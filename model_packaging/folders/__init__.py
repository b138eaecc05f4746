"""A model as people have it -> a model folder: weights as ONNX, a handler, its requirements and a sample request.

    from_onnx           an ONNX file
    from_torch          a torch module and an example of its inputs
    from_estimator      a fitted scikit-learn estimator and some rows
    from_hugging_face   a folder with config.json, model.safetensors and tokenizer.json
    from_path           the first or the last, by what is at a path

Each gives the `Model` to name in a stack. What was converted has answered an example as the original does, in several
numbers of items, before the folder is there; a folder that could not be made whole is not there at all. No code and
no pickle is read from a file. `optimize(source, calibration, into=FOLDER)` makes the weights in it faster.

Importing this package loads no framework.
"""

from model_packaging.folders.paths import from_path
from model_packaging.folders.tensors import from_estimator, from_onnx, from_torch
from model_packaging.folders.transformer import from_hugging_face

__all__ = ["from_estimator", "from_hugging_face", "from_onnx", "from_path", "from_torch"]
