"""A model, made smaller and faster, with the proof that it still gives the same answers.

    source -> ONNX -> variants, each built, measured and compared -> the fastest that keeps the budget -> profile.json

Importing this package loads no framework; each is imported in one named place, when it is needed.
"""

from model_packaging.optimize.calibration import Calibration
from model_packaging.optimize.estimator import Estimator
from model_packaging.optimize.hugging_face import hugging_face
from model_packaging.optimize.optimization import Optimized, optimize
from model_packaging.optimize.sources import OnnxFile
from model_packaging.optimize.torch_module import TorchModule

__all__ = ["Calibration", "Estimator", "OnnxFile", "Optimized", "TorchModule", "hugging_face", "optimize"]
