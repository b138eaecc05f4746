"""Model folders that can become an artifact."""

from collections.abc import Iterator

from infra.stack import Stack
from model_packaging.errors import InvalidModel


def _models(stack: Stack) -> Iterator[str]:
    for model in dict.fromkeys(model for workload in stack.workloads for model in workload.models):
        try:
            model.check(stack.base)
        except InvalidModel as error:
            yield str(error)


def _sets(stack: Stack) -> Iterator[str]:
    for workload in stack.workloads:
        names = [model.name for model in workload.models]
        for name in sorted({name for name in names if names.count(name) > 1}):
            yield (
                f"{workload.name}: {names.count(name)} of its models lie in folders named {name!r}, and "
                f"TargetModel='{name}.tar.gz' can be one of them; rename a folder."
            )


CHECKS = (_models, _sets)
