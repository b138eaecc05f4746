"""Runs Terraform in a working folder: init, a plan that is saved, the apply of exactly that; pull and push of a state.

Every command that loads the AWS provider costs seconds, so nothing runs that a message of another run already
told: no `show`, no `validate`, and no `init` where nothing has changed since the last.
"""

import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from infra.engines import private_file
from infra.engines.events import ResourceEvent, ignore
from infra.engines.plan import PlanSummary
from infra.engines.terraform import cut, drift, initialised, locks, process
from infra.engines.terraform.diagnostics import StateLocked, failure
from infra.engines.terraform.events import Transcript
from infra.engines.terraform.process import Patience
from infra.engines.terraform.toolchain import Toolchain
from infra.errors import TerraformError, ToolchainError

PLANNING = Patience(first_seconds=4, second_seconds=2)
"""A plan changes nothing; what it may need time for is to give the lock of a remote state back."""

CHANGING = Patience(first_seconds=8, second_seconds=2)
"""After the first interrupt Terraform waits for the calls under way and saves the state.

Measured: during a refresh that is being retried, it had not ended after 5 minutes.
"""

PLAN = "plan.tfplan"
DRIFT = "drift.tfplan"
ADOPTED = "adopted.tf.json"
"""What the next plan is to import, beside the configuration."""

_DROPPED = (
    "TF_LOG",
    "TF_CLI_ARGS",
    "TF_WORKSPACE",
    "TF_DATA_DIR",
    "TF_PLUGIN_CACHE_DIR",
    "TF_REATTACH_PROVIDERS",
)
"""Prefixes of variables that would change what a command does, or what it writes."""


class Runner:
    """Terraform in `directory`, which holds the configuration (cdk.tf.json) and whatever Terraform keeps.

    `environ` is what the child gets, but for the variables that would change its ways. `notice` is told in one line
    what the user waits for; `is_gone` says of a lock's holder whether it is proven dead. Every method raises
    TerraformError (one line per diagnostic), and KeyboardInterrupt after it has stopped an interrupted Terraform.
    """

    def __init__(
        self,
        toolchain: Toolchain,
        directory: Path,
        environ: Mapping[str, str],
        *,
        notice: Callable[[str], None] = lambda text: None,
        lock_timeout_seconds: int = 10,
        planning: Patience = PLANNING,
        changing: Patience = CHANGING,
        is_gone: Callable[[str, Path], bool] = locks.is_gone,
    ) -> None:
        self.directory = directory.absolute()
        self._toolchain = toolchain
        self._environ = environ
        self._notice = notice
        self._lock_timeout = f"-lock-timeout={lock_timeout_seconds}s"
        self._planning = planning
        self._changing = changing
        self._is_gone = is_gone
        self._data = self.directory / initialised.DATA

    def init(self) -> bool:
        """Makes the folder ready; returns False where it already was, and nothing was run."""
        self._open()
        cut.forget_note(self.directory)
        configuration = self._toolchain.configure(self.directory)
        before = initialised.fingerprint(self.directory, self._toolchain, configuration)
        record = self._data / initialised.RECORD
        if record.is_file() and record.read_text() == before:
            return False
        upgrade = ["-upgrade"] if initialised.is_other_version_locked(self.directory, self._toolchain) else []
        self._run(["init", "-json", "-input=false", *upgrade], self._planning)
        lock = self.directory / initialised.LOCK
        if lock.is_file():
            lock.chmod(0o600)  # Terraform writes it for everybody to read, whatever the umask is
        record.parent.mkdir(mode=0o700, exist_ok=True)
        private_file.write(record, initialised.fingerprint(self.directory, self._toolchain, configuration))
        return True

    def plan(
        self, *, destroy: bool = False, on_event: Callable[[ResourceEvent], None] = ignore
    ) -> PlanSummary:
        """Makes and saves a plan; `destroy`: one that removes everything. Runs `init` first where needed."""
        self.init()
        file = self.directory / PLAN
        file.unlink(missing_ok=True)
        kind = ["-destroy"] if destroy else []
        arguments = [
            "plan",
            *kind,
            "-json",
            "-input=false",
            "-detailed-exitcode",
            self._lock_timeout,
            f"-out={PLAN}",
        ]
        try:
            returncode, said = self._run(arguments, self._planning, on_event, good=(0, 2))
            if file.is_file() and not zipfile.is_zipfile(file):
                # Terraform does not look whether its plan was written: the apply would say "not a valid zip file".
                raise TerraformError(f"{file} was not saved whole, mostly for: no space left on device.")
        except BaseException:
            # Terraform saves a plan that has errors too.
            file.unlink(missing_ok=True)
            raise
        finally:
            # It is in the plan; a later configuration may not have what it is for, which is an error.
            (self.directory / ADOPTED).unlink(missing_ok=True)
        return said.plan(empty=returncode == 0)

    def drift(self) -> tuple[drift.Drifted, ...]:
        """What was changed outside of Terraform since its last apply; changes nothing, and locks nothing."""
        self.init()
        file = self.directory / DRIFT
        try:
            self._run(
                ["plan", "-refresh-only", "-json", "-input=false", "-lock=false", f"-out={DRIFT}"],
                self._planning,
            )
            return drift.read(file, f"the state of {self.directory.name}")
        finally:
            file.unlink(missing_ok=True)

    def apply(self, on_event: Callable[[ResourceEvent], None] = ignore) -> Mapping[str, Any]:
        """Applies the saved plan, once; returns the outputs by name."""
        self._open()
        file = self.directory / PLAN
        if not file.is_file():
            raise TerraformError(f"no plan is saved in {self.directory}: make one with plan() first")
        try:
            _, said = self._run(
                ["apply", "-json", "-input=false", self._lock_timeout, PLAN], self._changing, on_event
            )
        finally:
            file.unlink(missing_ok=True)
        return said.outputs

    def pull(self) -> str:
        """The state, as text, from where the backend keeps it; loads no provider."""
        self.init()
        _, said = self._run(["state", "pull"], self._planning)
        return "\n".join(said.stray)

    def push(self, name: str) -> None:
        """Puts the state in the file `name` of the folder where the backend keeps it."""
        self._run(["state", "push", self._lock_timeout, name], self._planning)

    def _open(self) -> None:
        """Makes the folder, private: state and plans hold every value in plain text."""
        self.directory.mkdir(parents=True, exist_ok=True)
        self.directory.chmod(0o700)

    def _run(
        self,
        arguments: list[str],
        patience: Patience,
        on_event: Callable[[ResourceEvent], None] = ignore,
        good: tuple[int, ...] = (0,),
    ) -> tuple[int, Transcript]:
        try:
            return self._once(arguments, patience, on_event, good)
        except StateLocked as error:
            if error.lock is None or error.who is None or not self._is_gone(error.who, self.directory):
                raise
            self._notice(f"the state is locked by a run of {error.who} that is dead: its lock is removed")
            self._once(["force-unlock", "-force", error.lock], self._planning, ignore, (0,))
            return self._once(arguments, patience, on_event, good)

    def _once(
        self,
        arguments: list[str],
        patience: Patience,
        on_event: Callable[[ResourceEvent], None],
        good: tuple[int, ...],
    ) -> tuple[int, Transcript]:
        program = self._toolchain.program
        said = Transcript()

        def on_line(line: str) -> None:
            told = said.add(line)
            if isinstance(told, ResourceEvent):
                on_event(told)
            elif told is not None:
                self._notice(told)

        try:
            ended = process.run(
                [str(program), *arguments],
                directory=self.directory,
                environ=self._child_environ(),
                patience=patience,
                on_line=on_line,
                on_interrupt=lambda: self._notice(
                    f"stopping {program.name}: it saves the state, a few seconds"
                ),
            )
        except OSError as error:
            raise ToolchainError(f"{program} cannot be started: {error.strerror}") from error
        if ended.returncode not in good:
            raise failure(said.diagnostics, "\n".join([*said.stray, ended.stderr]), program, self.directory)
        return ended.returncode, said

    def _child_environ(self) -> dict[str, str]:
        kept = {key: value for key, value in self._environ.items() if not key.startswith(_DROPPED)}
        return {
            **kept,
            "TF_IN_AUTOMATION": "1",
            "TF_INPUT": "0",
            "CHECKPOINT_DISABLE": "1",
            "TF_CLI_CONFIG_FILE": str(self.directory / "terraform.tfrc"),
            "TF_DATA_DIR": str(self._data),
        }
