"""What stands for the container of a job's attempt: the definition's command as a process, with a Python of its own.

The container's Python has what this server's has, as an image would; what the command installs lands beside it, and
goes with the container.
"""

import shutil
import sys
import sysconfig
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from infra.local.machine import Machine
from infra.local.processes import Process, base_environment

COMMAND = Path(__file__).with_name("command.py")
STOP_SECONDS = 30
"""Between SIGTERM and SIGKILL: ECS's stop timeout."""


class JobContainer:
    """Made and started at once; `wait` for its end, then `remove` it."""

    def __init__(
        self,
        machine: Machine,
        command: Sequence[str],
        variables: Mapping[str, str],
        region: str,
        on_line: Callable[[str], None],
    ) -> None:
        self._machine = machine
        self._directory = machine.new_directory("jobs")
        python = _image(self._directory / "image")
        scratch = self._directory / "tmp"
        scratch.mkdir(mode=0o700)
        environment = base_environment({**machine.environment(region), **variables})
        environment["PATH"] = f"{python.parent}:{environment['PATH']}"
        environment["TMPDIR"] = str(scratch)
        self._process = machine.hold(
            Process(
                machine.home,
                [str(COMMAND), *command],
                environment=environment,
                directory=scratch,
                on_line=on_line,
            )
        )

    def wait(self, seconds: float) -> int | None:
        """The exit code once it ends; None where it has not ended within `seconds`."""
        return self._process.exit_code if self._process.wait(seconds) else None

    def stop(self) -> None:
        """End it as a container is ended: it may finish what it does."""
        self._process.stop(STOP_SECONDS)

    def kill(self) -> None:
        """End it as its machine's end does: at once, and all of it."""
        self._process.kill()

    def remove(self) -> None:
        """Nothing of it is left."""
        self._process.kill()
        self._machine.release(self._process)
        shutil.rmtree(self._directory, ignore_errors=True)


def _image(folder: Path) -> Path:
    """A virtual environment over this server's packages; its python3."""
    base = Path(getattr(sys, "_base_executable", None) or sys.executable)
    packages = folder / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"
    packages.mkdir(parents=True)
    (folder / "bin").mkdir()
    (folder / "pyvenv.cfg").write_text(f"home = {base.parent}\ninclude-system-site-packages = false\n")
    (packages / "image.pth").write_text(
        "\n".join({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}) + "\n"
    )
    for name in ("python3", "python"):
        (folder / "bin" / name).symlink_to(base)
    return folder / "bin" / "python3"
