"""Blueprint -> pulumi_aws, in a Pulumi program of one's own or through Pulumi's Automation API.

`ModelyardStack` is loaded when it is first asked for: importing this package imports no pulumi.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from infra.engines.pulumi.component import ModelyardStack

__all__ = ["ModelyardStack"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'infra.engines.pulumi' has no attribute {name!r}")
    return getattr(importlib.import_module("infra.engines.pulumi.component"), name)
