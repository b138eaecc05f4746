"""The workloads of a stack, by kind."""

from collections.abc import Iterator

from infra.stack import Stack
from infra.workloads import InstanceEndpoint, LambdaEndpoint, SageMakerEndpoint


def on_instances(stack: Stack) -> Iterator[InstanceEndpoint]:
    """The SageMaker endpoints on instances of a declared type."""
    return (one for one in stack.workloads if isinstance(one, InstanceEndpoint))


def endpoints(stack: Stack) -> Iterator[SageMakerEndpoint]:
    """The SageMaker endpoints of every kind."""
    return (one for one in stack.workloads if isinstance(one, SageMakerEndpoint))


def functions(stack: Stack) -> Iterator[LambdaEndpoint]:
    """The Lambda functions."""
    return (one for one in stack.workloads if isinstance(one, LambdaEndpoint))
