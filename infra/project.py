"""A clone on disk: where its stacks are, and where working files lie."""

from dataclasses import dataclass
from pathlib import Path

from infra.environment import Environment
from infra.errors import Misuse

MARK = Path("stacks/environments")


@dataclass(frozen=True)
class Project:
    """The folder that holds `stacks/`. Everything that is written lies below `.modelyard/` in it.

    `embedded` is the home of the embedded AWS; what is deployed to it lies below it, and goes with it.
    """

    root: Path
    embedded: Path

    @property
    def artifacts(self) -> Path:
        """Built artifacts, by digest."""
        return private(self.root / ".modelyard" / "artifacts")

    def working_directory(self, environment: Environment, state: str) -> Path:
        """Where Terraform works on one state of one environment; made, and for the owner only."""
        base = (
            self.embedded / "stacks"
            if environment.embedded_aws
            else self.root / ".modelyard" / "environments"
        )
        return private(base / environment.name / state)


def find(start: Path) -> Project:
    """The project that `start` lies in; raises `Misuse` where there is none."""
    for folder in (start, *start.parents):
        if (folder / MARK).is_dir():
            return Project(folder, folder / ".modelyard" / "local")
    raise Misuse(
        f"There is no {MARK}/ in {start} or above it; change into a Modelyard clone, or make that folder."
    )


def private(directory: Path) -> Path:
    """`directory`, made if need be, open to its owner only: states and plans carry what AWS answered."""
    if not directory.is_dir():
        private(directory.parent)
        directory.mkdir(mode=0o700, exist_ok=True)
    return directory
