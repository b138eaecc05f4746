"""The Lambda host. The model is loaded while Lambda initialises the function: once, before the first event.

In the zip the handler and its weights lie at the root, and this package beside them as `modelyard_host`.
"""

import os
from pathlib import Path
from typing import Any

from .events import answer
from .handler import Handler

_HANDLER = Handler.load(Path(os.environ.get("LAMBDA_TASK_ROOT") or Path(__file__).resolve().parents[1]))


def handler(event: Any, context: Any) -> Any:
    """Lambda's entry point: the prediction for a direct event, an HTTP answer for an HTTP event."""
    return answer(_HANDLER, event, str(getattr(context, "aws_request_id", "")))
