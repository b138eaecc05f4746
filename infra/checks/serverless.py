"""What SageMaker Serverless does without.

Several variants and a GPU instance cannot be declared for it; a GPU image is told by `images`, data capture by
`capture`, the bounds of its scaling by `scaling`.
"""

from collections.abc import Iterator

from infra.checks.kinds import endpoints
from infra.stack import Stack
from infra.workloads import ServerlessEndpoint


def _networks(stack: Stack) -> Iterator[str]:
    for workload in _serverless(stack):
        network = stack.network(workload)
        whose = "its" if workload.network else f"environment {stack.environment.name}'s"
        if network.vpc:
            yield (
                f"{workload.name}: SageMaker Serverless joins no VPC, and {whose} network names one; write "
                "network=False to let this endpoint go without, or use a RealtimeEndpoint or a LambdaEndpoint."
            )
        elif network.isolated:
            yield (
                f"{workload.name}: SageMaker Serverless has no network isolation, and {whose} network asks for it; "
                "write network=False to let this endpoint go without, or use a RealtimeEndpoint."
            )


def _concurrency(stack: Stack) -> Iterator[str]:
    """SageMaker API Reference, 'ProductionVariantServerlessConfig': what is provisioned is at most `MaxConcurrency`."""
    for workload in _serverless(stack):
        most = workload.max_concurrency
        asked = [
            ("provisioned_concurrency", workload.provisioned_concurrency or 0),
            *(("autoscaling's max_capacity", policy.max_capacity) for policy in workload.autoscaling),
        ]
        for field, count in asked:
            if count > most:
                yield (
                    f"{workload.name}: {field} {count} is above max_concurrency {most}, and SageMaker provisions no "
                    f"more than may run at a time; write at most {most}, or a larger max_concurrency (up to 200)."
                )


def _serverless(stack: Stack) -> Iterator[ServerlessEndpoint]:
    return (one for one in endpoints(stack) if isinstance(one, ServerlessEndpoint))


CHECKS = (_networks, _concurrency)
