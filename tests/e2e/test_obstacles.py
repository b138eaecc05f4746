"""What is in the way on this machine: a full disk, a port that is taken, a Terraform that is none or too old."""

import re
import socket
import sys
from pathlib import Path

import pytest

from tests.e2e.conftest import Yard
from tests.e2e.test_adoption import is_settled
from tests.faults.disk import Disk, mounted

pytestmark = pytest.mark.e2e

MODELS = Path(".modelyard") / "artifacts"
STATES = Path(".modelyard") / "local" / "stacks"
FULL = re.compile(r"no space left on device.* Make room on that disk|and its disk has", re.IGNORECASE)
KILO = 1024
WRITTEN = ("cdk.tf.json", "modelyard-synth", "modelyard-init", "terraform.tfrc", "plan.tfplan")


@pytest.fixture
def models(yard):
    """The folder of the artifacts, on a disk of its own; what other tests have built is not there."""
    shared = yard.root / MODELS
    target = shared.readlink()
    shared.unlink()
    try:
        with mounted(shared, 4 << 20) as disk:
            yield disk
    finally:
        shared.rmdir()
        shared.symlink_to(target)


@pytest.fixture(scope="module")
def states(yard):
    """The folder of Terraform's work, on a disk of its own."""
    with mounted(yard.root / STATES, 8 << 20) as disk:
        yield disk


def cut_short(yard: Yard, disk: Disk, free_bytes: int, *words: str) -> str:
    """The error of a verb on a full disk, in one line; empty where the room was enough."""
    disk.leave(free_bytes)
    process = yard.start(*words)
    _, err = process.communicate(timeout=280)
    disk.make_room()
    if process.returncode == 0:
        return ""
    assert process.returncode == 1 and "Traceback" not in err, err
    lines = [line for line in err.splitlines() if line.startswith("error: ")]
    assert lines == err.splitlines()[-1:] and FULL.search(lines[0]) and "--debug" not in lines[0], err
    # What Terraform leaves is Terraform's: that the next run goes on is told by that run.
    left = [path.name for path in disk.files() if path.suffix == ".half"]
    empty = [path.name for path in disk.files() if path.name in WRITTEN and path.stat().st_size == 0]
    assert (left, empty) == ([], [])
    return lines[0]


def test_packaging_on_a_full_disk_leaves_nothing_and_the_next_run_goes_on(yard, models):
    for free in (0, 8 * KILO, 20 * KILO):
        assert cut_short(yard, models, free, "package", "digits", "--env", "local")
        assert models.files() == []
    yard.run("package", "digits", "--env", "local")
    print("packaging on a full disk: 3 times one line and no file")


def test_a_plan_on_a_full_disk_leaves_no_half_and_the_next_run_goes_on(yard, states):
    for free in (0, 8 * KILO):
        assert cut_short(yard, states, free, "plan", "digits", "--env", "local")
    assert "plan: 7 to add" in yard.run("plan", "digits", "--env", "local").stdout


@pytest.mark.drill
@pytest.mark.timeout(1800)
def test_a_deploy_and_a_destroy_on_a_full_disk_are_finished_by_the_next_run(yard, states):
    told = []
    for verb in ("plan", "deploy", "destroy"):
        words = (verb, "digits", "--env", "local", *(["--yes"] if verb != "plan" else []))
        for free in (0, 4, 8, 16, 24, 32, 48, 64):
            said = cut_short(yard, states, free * KILO, *words)
            told.append(f"{verb} with {free} KB: {'done' if not said else 'cut short'}")
        yard.run(*words)
        if verb == "deploy":
            is_settled(yard, "digits")
    assert yard.census() == []
    print(
        f"{len(told)} runs on a full disk: {sum('cut' in one for one in told)} cut short in one line, all finished after"
    )


def test_a_port_that_is_taken_is_told_before_the_model_is_loaded(yard):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = yard.run("serve", "digits/read", "--env", "local", "--port", str(port), code=1)
    (line,) = result.stderr.splitlines()
    assert line == (
        f"error: Port {port} cannot be had (Address already in use); name another, or leave --port out for a free one."
    )


OLD = "Terraform v1.5.7\non linux_amd64\n"
PROGRAMS = {
    "too old": (
        f"printf '{OLD}'",
        r"terraform is version 1\.5\.7, >= 1\.10\.0 is needed: install Terraform \(",
    ),
    "something else": (
        "echo hello",
        r"terraform is neither Terraform nor OpenTofu \(it says 'hello'\): install Terraform \(",
    ),
    "broken": ("exit 3", r"terraform is neither Terraform nor OpenTofu \(it says ''\): install Terraform \("),
    "none": (None, r"error: neither terraform nor tofu is on PATH: install Terraform \("),
}
VERBS = ("plan", "deploy", "destroy")


def lacking(yard: Yard, folder: Path, program: str | None, named: str | None = None) -> Yard:
    """The same project where PATH has this `terraform` and nothing else."""
    if program is not None:
        (folder / "terraform").write_text(f"#!/bin/sh\n{program}\n")
        (folder / "terraform").chmod(0o755)
    return Yard(yard.root, {"PATH": str(folder), **({"TERRAFORM_BINARY_NAME": named} if named else {})})


@pytest.mark.parametrize("kind", PROGRAMS)
@pytest.mark.parametrize(
    "verb", ["plan", *(pytest.param(verb, marks=pytest.mark.drill) for verb in VERBS[1:])]
)
def test_without_the_right_terraform_it_says_what_to_install(yard, tmp_path, verb, kind):
    program, said = PROGRAMS[kind]
    if program is None and Path(sys.executable).with_name("tofu").exists():
        pytest.skip("an OpenTofu lies beside this Python")
    somebody = lacking(yard, tmp_path, program)
    yes = [] if verb == "plan" else ["--yes"]
    line = somebody.run(verb, "digits", "--env", "local", *yes, code=1).stderr.splitlines()[-1]
    assert line.startswith("error: ") and re.search(said, line), line
    assert yard.census() == []


def test_a_program_that_is_named_and_missing_is_told(yard, tmp_path):
    somebody = lacking(yard, tmp_path, None, "terraform-next")
    line = somebody.run("plan", "digits", "--env", "local", code=1).stderr.splitlines()[-1]
    assert line.startswith(
        "error: TERRAFORM_BINARY_NAME is 'terraform-next', which is not on PATH: unset it, or install"
    )
