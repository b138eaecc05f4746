"""What stands for the `pulumi` program: its command line and its gRPC protocols, as far as the Automation API uses them.

It runs the program that it is given, through the same services as Pulumi (LanguageRuntime, ResourceMonitor, Engine,
Events), and keeps a state; what it makes is nowhere but there. `operations.log` beside the state has what was done, in
order. It is started as a program of its own, a process for each command, and loads gRPC only where it runs something.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

FAILED = 255


class State:
    """The stack's file in the backend."""

    def __init__(self) -> None:
        folder = Path(urlsplit(os.environ["PULUMI_BACKEND_URL"]).path)
        self.file, self.log = folder / "stack.json", folder / "operations.log"
        data = json.loads(self.file.read_text()) if self.file.is_file() else {}
        self.resources: list[dict[str, Any]] = data.get("resources", [])
        self.outputs: dict[str, Any] = data.get("outputs", {})
        self.provider: str = data.get("provider", "")

    def save(self) -> None:
        data = {"resources": self.resources, "outputs": self.outputs, "provider": self.provider}
        self.file.write_text(json.dumps(data, indent=1))

    def current(self, urn: str) -> dict[str, Any] | None:
        return next((one for one in self.resources if one["urn"] == urn and not one.get("delete")), None)

    def did(self, operation: str, resource: dict[str, Any]) -> None:
        with self.log.open("a") as stream:
            stream.write(f"{operation} {resource['type']} {resource['id']}\n")


def stack_command(state: State, words: list[str], options: dict[str, str]) -> int:
    """`pulumi stack ...`."""
    verb = words[0]
    if verb == "select" and not state.file.is_file():
        print(f"error: no stack named '{options['--stack']}' found", file=sys.stderr)
        return FAILED
    if verb == "init":
        state.provider = options["--secrets-provider"]
        state.save()
    elif verb == "output":
        print(json.dumps(state.outputs))
    elif verb == "history":
        moment = "2026-01-02T03:04:05.000Z"
        entry = {"kind": "update", "startTime": moment, "endTime": moment, "message": "", "environment": {}}
        print(
            json.dumps([{**entry, "config": {}, "result": "succeeded", "version": 1, "resourceChanges": {}}])
        )
    elif verb == "export":
        print(json.dumps({"version": 3, "deployment": {"resources": state.resources}}))
    elif verb == "import":
        state.resources = json.loads(Path(options["--file"]).read_text())["deployment"]["resources"]
        state.save()
    return 0


def main(arguments: list[str]) -> int:
    """One command."""
    options: dict[str, str] = {}
    words: list[str] = []
    takes = (
        "--stack",
        "--event-log",
        "--save-plan",
        "--plan",
        "--file",
        "--secrets-provider",
        "--exec-kind",
        "--color",
    )
    rest = iter(arguments)
    for word in rest:
        name, equals, value = word.partition("=")
        if name in takes:
            options[name] = value if equals else next(rest)
        elif word.startswith("--"):
            options[name] = value
        else:
            words.append(word)
    if words == ["version"]:
        print("v3.272.0")
        return 0
    state = State()
    if words[0] == "stack":
        return stack_command(state, words[1:], options)
    sys.path.insert(0, str(Path(__file__).parent))
    from stand_in_engine import destroy, update

    if words[0] == "destroy":
        ended_well = destroy(state, options, "--preview-only" in options)
    else:
        ended_well = update(state, options, words[0] == "preview")
    return 0 if ended_well else FAILED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
