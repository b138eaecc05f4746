"""Names that AWS takes."""

from collections.abc import Iterator

from infra import naming
from infra.stack import Stack


def _names(stack: Stack) -> Iterator[str]:
    named = [("Stack", stack.name), *(("Workload", workload.name) for workload in stack.workloads)]
    for kind, name in named:
        if not naming.is_part(name):
            yield (
                f"{kind} name {name!r} is not allowed; AWS and Terraform take {naming.PARTS}: write "
                f"{naming.corrected(name, 'model')!r}."
            )


def _lengths(stack: Stack) -> Iterator[str]:
    for workload in stack.workloads:
        name = stack.deployed_name(workload)
        if len(name) > naming.LIMIT:
            yield (
                f"{name!r} has {len(name)} characters; AWS allows {naming.LIMIT}: shorten the stack's name "
                f"{stack.name!r} or the workload's {workload.name!r}."
            )


def _duplicates(stack: Stack) -> Iterator[str]:
    names = [workload.name for workload in stack.workloads]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"Stack {stack.name!r} has {names.count(name)} workloads named {name!r}; give each a name of its own."


def _emptiness(stack: Stack) -> Iterator[str]:
    if not stack.workloads:
        yield f"Stack {stack.name!r} has no workloads; add one, such as RealtimeEndpoint('classify', ...)."


CHECKS = (_emptiness, _names, _lengths, _duplicates)
