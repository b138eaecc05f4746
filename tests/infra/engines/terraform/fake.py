"""A program that stands in for terraform: it does what a script says and writes down how it was called."""

import json
import sys
from pathlib import Path
from typing import Any

_PROGRAM = """\
import json, os, signal, sys, time
from pathlib import Path

folder = Path(__file__).parent
command = sys.argv[1]
if command == "version":
    print((folder / "version").read_text())
    sys.exit(0)
step = json.loads((folder / "script.json").read_text()).get(command, {})
with (folder / "calls.jsonl").open("a") as calls:
    call = {"arguments": sys.argv[1:], "cwd": os.getcwd(), "environ": dict(os.environ)}
    print(json.dumps(call), file=calls)


def interrupted(number, frame):
    if step.get("interrupted") == "save":
        Path("saved").touch()
        sys.exit(1)


signal.signal(signal.SIGINT, interrupted)
for name, text in step.get("files", {}).items():
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_text(text)
for name, source in step.get("copies", {}).items():
    Path(name).write_bytes(Path(source).read_bytes())
for line in step.get("lines", []):
    print(line if isinstance(line, str) else json.dumps(line), flush=True)
sys.stderr.write(step.get("stderr", ""))
if "interrupted" in step:
    os.kill(os.getppid(), signal.SIGINT)
    time.sleep(60)
sys.exit(step.get("exit", 0))
"""

VERSIONS = {"terraform": "Terraform v1.11.4\non linux_amd64", "tofu": "OpenTofu v1.10.6\non linux_amd64"}


class FakeTerraform:
    """`script`: command -> {"lines", "files", "copies", "stderr", "exit", "interrupted": "save" | "ignore"}.

    `files` have a text by name, `copies` another file.
    """

    def __init__(self, folder: Path, name: str = "terraform", version: str | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.program = folder / name
        self.program.write_text(f"#!{sys.executable}\n{_PROGRAM}")
        self.program.chmod(0o755)
        (folder / "version").write_text(version or VERSIONS[name])
        self._folder = folder
        self.script({})

    def script(self, script: dict[str, Any]) -> None:
        (self._folder / "script.json").write_text(json.dumps(script))

    def calls(self) -> list[dict[str, Any]]:
        file = self._folder / "calls.jsonl"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    def commands(self) -> list[str]:
        return [call["arguments"][0] for call in self.calls()]
