"""One state that Pulumi works on, through its Automation API: the program is ours and runs in this process."""

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from subprocess import CalledProcessError
from typing import TYPE_CHECKING, Any

from infra.blueprint import Blueprint
from infra.engines.diagnostics import Diagnostic, EngineFailed, plain
from infra.engines.events import ResourceEvent, ignore
from infra.engines.plan import PlanSummary
from infra.engines.pulumi import state as states
from infra.engines.pulumi import toolchain
from infra.engines.pulumi.transcript import Transcript
from infra.engines.workspace import Adopted, Engine
from infra.environment import Environment
from infra.errors import ModelyardError, PulumiError

if TYPE_CHECKING:
    from infra.engines.pulumi.sdk import automation

PLAN = "plan.json"
_LAST_LINES = 5


class PulumiFailed(EngineFailed, PulumiError):
    """Pulumi ended with errors; the message has one line for each of `diagnostics`."""


class PulumiWorkspace:
    """Pulumi on `stack`, an Automation API stack whose files lie in `directory`.

    `adopted` is what its program imports: the identifier by address.
    """

    def __init__(self, stack: "automation.Stack", directory: Path, adopted: dict[str, str]) -> None:
        self._stack = stack
        self._adopted = adopted
        self._file = directory / PLAN
        self._destroy = False

    def plan(self, *, destroy: bool = False) -> PlanSummary:
        """Makes a plan, and saves it; of a destroy Pulumi saves none. What is on AWS is looked at first."""
        self._file.unlink(missing_ok=True)
        self._destroy = destroy
        said = Transcript()
        try:
            if destroy:
                self._run(said, ignore, self._stack.preview_destroy, refresh=True)
            else:
                self._run(said, ignore, self._stack.preview, refresh=True, plan=str(self._file))
        except BaseException:
            self._file.unlink(missing_ok=True)
            raise
        return said.plan()

    def apply(self, on_event: Callable[[ResourceEvent], None] = ignore) -> Mapping[str, Any]:
        """Carries the plan out, once: Pulumi refuses what is not in it. The outputs by name."""
        said = Transcript()
        if self._destroy:
            self._run(said, on_event, self._stack.destroy, refresh=True, show_secrets=False)
            return {}
        if not self._file.is_file():
            raise PulumiError(f"no plan is saved at {self._file}: make one with plan() first")
        try:
            done = self._run(
                said, on_event, self._stack.up, refresh=True, plan=str(self._file), show_secrets=False
            )
        finally:
            self._file.unlink(missing_ok=True)
        return {name: output.value for name, output in done.outputs.items()}

    def outputs(self) -> Mapping[str, Any]:
        """The outputs of the last apply, by name."""
        found = _told(self._stack.outputs)
        return {name: output.value for name, output in found.items()}

    def restore(self, serving: Mapping[str, str]) -> None:
        """Makes what was about to be replaced current again in the state: see `state.restored`."""
        exported = _told(self._stack.export_stack)
        if exported.deployment:
            exported.deployment = states.restored(exported.deployment, serving)
            _told(lambda: self._stack.import_stack(exported))

    def untaint(self, addresses: Collection[str]) -> None:
        """Nothing: Pulumi looks at what a run that was cut short had pending, and replaces nothing for it."""

    def adopt(self, found: Sequence[Adopted]) -> None:
        """Takes over what is there already; where the state holds its predecessor, Pulumi calls it a replacement."""
        self._adopted.update({one.address: one.id for one in found})

    def held(self) -> Mapping[str, Mapping[str, Any]]:
        """The attributes of what the state holds, by address."""
        return states.held(_told(self._stack.export_stack).deployment or {})

    def _run(
        self,
        said: Transcript,
        on_event: Callable[[ResourceEvent], None],
        verb: Callable[..., Any],
        **options: Any,
    ) -> Any:
        def hear(event: Any) -> None:
            told = said.add(event)
            if told is not None:
                on_event(told)

        return _told(lambda: verb(on_event=hear, color="never", **options), said)


def _told(call: Callable[[], Any], said: Transcript | None = None) -> Any:
    """What `call` gives; raises `PulumiFailed` with Pulumi's own diagnostics, or else its last lines."""
    from infra.engines.pulumi.sdk import automation

    try:
        return call()
    except (
        automation.CommandError,
        automation.InvalidVersionError,
        CalledProcessError,
        RuntimeError,
    ) as error:
        found = said.errors if said is not None else []
        if isinstance(error, automation.ConcurrentUpdateError):
            found = [Diagnostic("error", "another run of Pulumi holds the state: wait until it has ended")]
        raise PulumiFailed(found or [_last(error)]) from None


def _last(error: Exception) -> Diagnostic:
    lines = [line for line in map(plain, str(error).splitlines()) if line and not line.endswith(":")]
    return Diagnostic("error", f"pulumi failed: {'; '.join(lines[-_LAST_LINES:]) or 'it said nothing'}")


def open_workspace(
    blueprint: Blueprint,
    environment: Environment,
    state: str,
    directory: Path,
    variables: Mapping[str, str],
    notice: Callable[[str], None],
    adopt: Mapping[str, str] | None = None,
) -> PulumiWorkspace:
    """Pulumi, ready to plan `blueprint`; `adopt` has the identifier by address of what is there and is taken over.

    `variables` is the environment of Pulumi's process, `notice` is told in one line what the user waits for. Raises
    `ToolchainError` where the program or its packages are missing.
    """
    toolchain.find(variables)
    from infra.engines.pulumi.sdk import automation

    own = toolchain.variables(environment, state, directory, variables)
    adopted = dict(adopt or {})
    if environment.state_bucket is None:
        (directory / toolchain.STATE).mkdir(mode=0o700, exist_ok=True)
    stack = _told(
        lambda: automation.create_or_select_stack(
            stack_name=environment.name,
            project_name=state,
            program=_program(blueprint, environment, state, adopted),
            opts=automation.LocalWorkspaceOptions(
                work_dir=str(directory),
                env_vars=own,
                secrets_provider=toolchain.secrets_provider(environment),
                project_settings=automation.ProjectSettings(
                    name=state, runtime="python", main=str(directory)
                ),
            ),
        )
    )
    return PulumiWorkspace(stack, directory, adopted)


def _program(
    blueprint: Blueprint, environment: Environment, state: str, adopt: Mapping[str, str]
) -> Callable[[], None]:
    from infra.engines.pulumi import program
    from infra.engines.pulumi.sdk import pulumi

    def declare() -> None:
        try:
            aws = program.provider("aws", environment, state)
            outputs = program.place(blueprint, provider=aws, adopt=adopt)
        except ModelyardError as error:
            raise pulumi.RunError(str(error)) from None
        for name, value in outputs.items():
            pulumi.export(name, value)

    return declare


PULUMI = Engine("pulumi", "Pulumi", open_workspace, lambda state: f"{state}.pulumi", lambda folder: None)
