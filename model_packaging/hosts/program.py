"""What AWS's images import in the place of inference.py, which it stands beside: `SAGEMAKER_PROGRAM` names it."""

from modelyard_host.toolkit import model_fn, transform_fn  # type: ignore[import-not-found]

__all__ = ["model_fn", "transform_fn"]
