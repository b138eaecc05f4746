"""The README is run: every command and every block, in its order, and what it shows is what comes out."""

import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import typer.main
import yaml

from infra import environment, loader
from infra.blueprint import blueprint
from infra.cli.application import application
from tests.e2e.conftest import BARE, CLONE, REGION, Yard, make_project
from tests.infra.test_blueprint import keys

README = (CLONE / "README.md").read_text()
BIN = Path(sys.executable).parent
VERBS = sorted(typer.main.get_command(application).commands)  # type: ignore[attr-defined]


def blocks() -> list[tuple[str, str]]:
    """Language and text of every fenced block, in order."""
    return re.findall(r"^```(\w+)\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)


def commands(text: str) -> Iterator[tuple[str, list[str]]]:
    """Each `$ command` of a console block with the lines that it is said to print."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, *lines = part.rstrip("\n").split("\n")
        yield command, lines


def plain(text: str) -> str:
    """Text without what differs from run to run: numbers of time and size, and white space."""
    return " ".join(re.sub(r"\d+(\.\d+)?", "N", text).split())


class Reader:
    """Someone who does what the README says, in a project of their own."""

    def __init__(self, yard: Yard) -> None:
        self.yard = yard
        self.behind: list[subprocess.Popen[str]] = []

    def console(self, text: str) -> None:
        for command, lines in commands(text):
            if command.startswith(("git clone", "make ")):
                continue  # a fresh clone is what CI starts from; the targets are tested below
            if command.endswith(" &"):
                self.start(command.removesuffix(" &"), lines)
                continue
            done = self.shell(command)
            printed = [plain(line) for line in (done.stdout + done.stderr).splitlines()]
            for line in lines:
                assert plain(line) in printed, (
                    f"{command} did not print {line!r}:\n{done.stdout}\n{done.stderr}"
                )

    def start(self, command: str, lines: list[str]) -> None:
        """What stays up beside the commands after it, once it has printed its lines."""
        process = subprocess.Popen(
            shlex.split(command),
            cwd=self.yard.root,
            env=self.variables(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.behind.append(process)
        assert process.stdout is not None
        assert [process.stdout.readline().rstrip() for _ in lines] == lines

    def end(self) -> None:
        """Ctrl-C for what stayed up; it must end well."""
        for process in self.behind:
            process.send_signal(signal.SIGINT)
            assert process.wait(20) == 0

    def variables(self) -> dict[str, str]:
        return {**BARE, "PATH": f"{BIN}:{BARE['PATH']}", **self.aws()}

    def shell(self, command: str) -> "subprocess.CompletedProcess[str]":
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", command],
            cwd=self.yard.root,
            env=self.variables(),
            capture_output=True,
            text=True,
            timeout=250,
        )
        assert done.returncode == 0, f"{command}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def aws(self) -> dict[str, str]:
        """What a user sets to join the embedded AWS, once it is up."""
        if not (self.yard.root / ".modelyard" / "local" / "server.json").is_file():
            return {}
        return {
            "AWS_ENDPOINT_URL": self.yard.endpoint_url,
            "AWS_ACCESS_KEY_ID": "any",
            "AWS_SECRET_ACCESS_KEY": "any",
            "AWS_DEFAULT_REGION": REGION,
        }

    def python(self, text: str) -> None:
        if "def stack(" in text:
            (self.yard.root / "stacks" / "readme.py").write_text(text)
            values = environment.load("local", self.yard.root)
            stack = loader.load("readme", values, self.yard.root)
            assert blueprint(stack, keys(stack)).resources
        elif "def predict_fn(" in text:
            names: dict[str, Callable[..., object]] = {}
            exec(text, names)
            assert names["predict_fn"]({}, names["model_fn"]("models")) == {"label": "billing", "score": 0.63}
        elif "ModelyardStack(" in text:
            mocked = (
                f"import sys; sys.path.insert(0, {str(CLONE)!r}); "
                "from tests.infra.engines.pulumi.declared import run; "
                "print(run(lambda: exec(sys.argv[1], {})).outputs)"
            )
            printed = self.shell(shlex.join([sys.executable, "-c", mocked, text])).stdout
            assert printed.strip() == "{'endpoint': 'dev-triage-classify'}"
        else:
            expected = text.rsplit("# ", 1)[1].strip()
            assert self.shell(shlex.join([sys.executable, "-c", text])).stdout.strip() == expected

    def yaml(self, text: str) -> None:
        assert yaml.safe_load(text)["jobs"]  # its commands are run by tests/infra/cli/test_workflow.py

    def toml(self, text: str) -> None:
        (self.yard.root / environment.DIRECTORY / "readme.toml").write_text(text)
        assert environment.load("readme", self.yard.root)["instance"] == "ml.m5.large"


@pytest.mark.e2e
@pytest.mark.timeout(600)
def test_every_block_works_and_prints_what_it_is_said_to(tmp_path):
    reader = Reader(Yard(make_project(tmp_path / "project")))
    try:
        for language, text in blocks():
            getattr(reader, language)(text)
        reader.end()
    finally:
        for process in reader.behind:
            process.kill()
        reader.yard.run("local", "down")


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_is_in_the_readme_and_has_help(verb):
    assert f"| `modelyard {verb}" in README
    command = typer.main.get_command(application).commands[verb]  # type: ignore[attr-defined]
    assert command.help
    assert all(getattr(option, "help", None) for option in command.params), verb


@pytest.mark.parametrize(
    "target", sorted(set(re.findall(r"(?:^\$|`) ?make (\w+)", README, flags=re.MULTILINE)))
)
def test_every_make_target_of_the_readme_exists(target):
    assert re.search(rf"^{target}:", (CLONE / "Makefile").read_text(), flags=re.MULTILINE)


def test_every_environment_of_the_readme_exists():
    for name in set(re.findall(r"--env (\w+)", README)) - {"E"}:
        assert (CLONE / environment.DIRECTORY / f"{name}.toml").is_file()
