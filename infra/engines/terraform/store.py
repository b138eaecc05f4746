"""Where one state is kept, a file here or an object in S3: what is read of it, and what is put into it."""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

from infra.engines import private_file
from infra.engines.terraform import cut, initialised, state
from infra.engines.terraform.runner import ADOPTED, Runner
from infra.engines.workspace import Adopted
from infra.errors import TerraformError

_ERRORED = "errored.tfstate"
_RESTORED = "restored.tfstate"


class StateStore:
    """The state of `runner`, in its folder or in S3 as the configuration there says.

    `notice` is told in one line what was put right. Every method raises what the runner does.
    """

    def __init__(self, runner: Runner, notice: Callable[[str], None] = lambda text: None) -> None:
        self._runner = runner
        self._notice = notice
        self._directory = runner.directory

    def read(self) -> state.State:
        """What the state holds. Reads a local state's file, pulls a remote state; loads no provider."""
        return state.parse(self._text(), f"the state of {self._directory.name}")

    def restore(self, serving: Mapping[str, str]) -> None:
        """Make what was about to be replaced current again in the state: see `state.restored`."""
        text = self._text()
        if not text:
            return
        self._write(state.restored(text, serving))

    def adopt(self, found: Sequence[Adopted]) -> None:
        """Takes over, with the next plan, what is there already, instead of making it.

        Terraform imports only what its state has nothing of: the successor of what it holds is put into the state.
        """
        text = self._text()
        known = state.known(text)
        imports = [{"to": one.address, "id": one.id} for one in found if one.address not in known]
        if imports:
            private_file.write(self._directory / ADOPTED, json.dumps({"import": imports}))
        successors = {one.address: one.names for one in found if one.address in known}
        if successors:
            self._runner.init()
            self._write(state.superseded(text, successors))

    def untaint(self, addresses: Collection[str]) -> None:
        """Keeps what is at `addresses`, which a run that was cut short had it replace."""
        self._write(state.untainted(self._text(), addresses))

    def rescue(self) -> None:
        """Save the state that an earlier run left in a file, since it could not save it where it belongs."""
        if (local := self._local()) and (done := cut.restore_state(local)):
            self._notice(done)
        errored = self._directory / _ERRORED
        if not errored.exists():
            return
        if not errored.stat().st_size:
            # Seen with a full disk. What it made is found again by its name.
            errored.unlink()
            self._notice(f"{_ERRORED} of an earlier run was empty: what it made is looked for on AWS")
            return
        self._runner.init()
        try:
            self._runner.push(_ERRORED)
        except TerraformError as error:
            raise TerraformError(
                f"{errored} is there: an earlier run changed AWS and could not save its state, and now it cannot "
                f"be saved either: {error}; look at both states, then remove that file"
            ) from error
        errored.unlink()
        self._notice("the state that an earlier run could not save is saved now")

    def _write(self, text: str) -> None:
        file = self._directory / _RESTORED
        private_file.write(file, text)
        try:
            self._runner.push(file.name)
        finally:
            file.unlink()

    def _text(self) -> str:
        local = self._local()
        if local is not None:
            return local.read_text() if local.is_file() else ""
        return self._runner.pull()

    def _local(self) -> Path | None:
        """The file of a state that lies here; None where it lies in S3."""
        backend = initialised.settings(self._directory).get("backend") or {}
        if set(backend) - {"local"}:
            return None
        return self._directory / str((backend.get("local") or {}).get("path", "terraform.tfstate"))
