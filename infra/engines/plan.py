"""What a saved plan will do."""

from dataclasses import dataclass

from infra.engines.diagnostics import Diagnostic


@dataclass(frozen=True)
class Change:
    """What a plan will do to one resource: `create`, `update`, `replace`, `delete`, `read`, `import`, ...

    `reason` is the engine's word for why, such as Terraform's `cannot_update` or `delete_because_no_resource_config`.
    """

    address: str
    type: str
    name: str
    action: str
    reason: str | None


@dataclass(frozen=True)
class PlanSummary:
    """A saved plan in short. A replaced resource counts in `add`, in `destroy` and in `replaced`.

    `empty`: applying it would change nothing, outputs included. `drift` is what was
    deleted behind the engine's back.
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
        imported = sum(change.action == "import" for change in self.changes)
        taken = f"{imported} to import, " if imported else ""
        return f"{taken}{self.add} to add, {self.change} to change, {self.destroy} to destroy{replaced}"
