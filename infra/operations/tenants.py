"""What is deployed to the embedded AWS, of all environments that use it."""

from collections.abc import Iterator

from infra import environment
from infra.connection import connect
from infra.environment import Environment
from infra.errors import Misuse
from infra.ledger import Deployed, Ledger
from infra.project import Project


def deployed(project: Project) -> list[Deployed]:
    """Every workload. Raises `EmbeddedAwsError` where it is not up."""
    found: list[Deployed] = []
    for values in _environments(project):
        ledger = Ledger.on(connect(values, project))
        found += ledger.deployed() if ledger.exists() else []
    return found


def find(name: str, project: Project) -> Deployed:
    """The one that `name` means: a workload, STACK/WORKLOAD, or a name on AWS. Raises `Misuse` if not one."""
    everything = deployed(project)
    matches = [one for one in everything if one.is_named(name)]
    if len(matches) == 1:
        return matches[0]
    if matches:
        # By the names on AWS: two environments may have the same stack.
        names = ", ".join(one.name for one in matches)
        raise Misuse(f"{name!r} is deployed more than once to the embedded AWS; write one of {names}.")
    known = ", ".join(one.path for one in everything)
    raise Misuse(
        f"Nothing named {name!r} is deployed to the embedded AWS; "
        + (f"write one of {known}, or a name on AWS." if known else "deploy a stack first.")
    )


def _environments(project: Project) -> Iterator[Environment]:
    for file in sorted((project.root / environment.DIRECTORY).glob("*.toml")):
        try:
            values = environment.load(file.stem, project.root)
        except Misuse:
            continue  # of another place, or no environment yet: whoever uses it is told
        if values.embedded_aws:
            yield values
