"""The one place that imports pulumi and pulumi_aws. Whoever needs them imports this module, late."""

import functools
import importlib
from typing import Any

from infra.errors import ToolchainError

INSTALL = "python -m pip install --editable '.[pulumi]'"

try:
    import pulumi
    from pulumi import automation
except ImportError:
    raise ToolchainError(f"Pulumi's Python packages are not installed; run: {INSTALL}") from None

__all__ = ["automation", "aws", "pulumi"]


@functools.cache
def aws(module: str) -> Any:
    """One module of pulumi_aws, such as `sagemaker`; all of them together take seconds to import."""
    try:
        return importlib.import_module(f"pulumi_aws.{module}")
    except ImportError:
        raise ToolchainError(f"pulumi_aws.{module} is not there; run: {INSTALL}") from None
