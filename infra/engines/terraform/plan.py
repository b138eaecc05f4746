"""What a saved plan will do."""

from dataclasses import dataclass

from infra.engines.terraform.diagnostics import Diagnostic
from infra.engines.terraform.events import Change


@dataclass(frozen=True)
class PlanSummary:
    """A saved plan in short. A replaced resource counts in `add`, in `destroy` and in `replaced`.

    `empty`: applying it would change nothing, outputs included. `drift` is what was
    deleted behind Terraform's back.
    """

    changes: tuple[Change, ...]
    add: int
    change: int
    destroy: int
    empty: bool
    drift: tuple[Change, ...] = ()
    warnings: tuple[Diagnostic, ...] = ()

    @property
    def replaced(self) -> tuple[Change, ...]:
        """What is destroyed and made again."""
        return tuple(change for change in self.changes if change.action == "replace")

    @property
    def line(self) -> str:
        """The plan in one line."""
        if self.empty:
            return "no changes"
        replaced = f" ({len(self.replaced)} replaced)" if self.replaced else ""
        return f"{self.add} to add, {self.change} to change, {self.destroy} to destroy{replaced}"
