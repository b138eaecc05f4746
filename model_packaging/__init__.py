"""A directory of code and weights -> something that SageMaker and Lambda can run; and the hosts that run it.

Importing this package imports no framework: torch and onnxruntime belong to the handlers.
"""

from model_packaging.model import Model

__all__ = ["Model"]
