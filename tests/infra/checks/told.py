"""The findings of one stack, as a user sees them."""

import dataclasses

from infra import checks
from infra.errors import InvalidStack
from infra.stack import Stack


def told(stack: Stack, **settings) -> list[str]:
    """Every line that is told of `stack`, in an environment with `settings`; none where it passes."""
    environment = stack.environment.model_copy(update=settings)
    try:
        checks.check(dataclasses.replace(stack, environment=environment))
    except InvalidStack as error:
        return str(error).splitlines()
    return []
