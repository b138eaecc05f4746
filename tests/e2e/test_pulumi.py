"""`--engine pulumi` from the command line, against the embedded AWS."""

import json
import os
import shutil
import sys
from pathlib import Path

import pytest

from tests.e2e.conftest import CLONE, Yard

pytestmark = pytest.mark.e2e

STAND_IN = CLONE / "tests" / "infra" / "engines" / "pulumi" / "stand_in.py"
REAL = shutil.which("pulumi")
REQUEST = {"pixels": [[0] * 8] * 8}


@pytest.fixture(scope="module")
def stood_in(yard: Yard, tmp_path_factory: pytest.TempPathFactory) -> Yard:
    """The project, on a machine where `pulumi` is what stands for it: it makes nothing on AWS."""
    program = tmp_path_factory.mktemp("bin") / "pulumi"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -I {STAND_IN} "$@"\n')
    program.chmod(0o755)
    return Yard(yard.root, {"PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}"})


def test_without_the_program_a_verb_says_what_to_install(yard):
    bare = Yard(yard.root, {"PATH": "/usr/bin:/bin"})
    if shutil.which("pulumi", path="/usr/bin:/bin"):
        pytest.skip("pulumi is where every program is")
    refused = bare.run("plan", "digits", "--env", "local", "--engine", "pulumi", code=1)
    assert refused.stderr.startswith("error: pulumi is not on PATH: install Pulumi (https://www.pulumi.com/")


def test_another_word_is_misuse(yard):
    assert (
        "--engine is 'cdk'" in yard.run("plan", "digits", "--env", "local", "--engine", "cdk", code=2).stderr
    )


@pytest.mark.timeout(900)
def test_the_bill_the_checks_and_the_look_at_what_went_live_are_those_of_terraform(stood_in):
    stood_in.run("package", "digits", "--env", "local", "--upload")  # the bucket comes by Terraform
    by = {
        engine: json.loads(
            stood_in.run("plan", "digits", "--env", "local", "--engine", engine, "--json").stdout
        )
        for engine in ("terraform", "pulumi")
    }
    assert by["pulumi"]["bill"] == by["terraform"]["bill"]
    assert by["pulumi"]["plan"]["add"] == by["terraform"]["plan"]["add"]
    addresses = {engine: {one["address"] for one in told["plan"]["changes"]} for engine, told in by.items()}
    assert addresses["pulumi"] == addresses["terraform"]

    # What stands for `pulumi` makes nothing on AWS, and a deploy does not take its word for it.
    failed = stood_in.run("deploy", "digits", "--env", "local", "--engine", "pulumi", "--yes", code=1)
    assert "Endpoint local-digits-read does not exist; run the deploy again." in failed.stderr
    # Half made is made by that engine: the other may not make it beside.
    refused = stood_in.run("deploy", "digits", "--env", "local", "--yes", code=2)
    assert "digits was deployed with --engine pulumi" in refused.stderr
    listed = stood_in.run("import-ids", "digits", "--env", "local", "--engine", "pulumi", "--json").stdout
    ids = {f"{one['type']}.{one['name']}": one["id"] for one in json.loads(listed)}
    assert ids["aws_sagemaker_endpoint.read"] == "local-digits-read"
    assert set(ids) == addresses["pulumi"]
    stood_in.run("destroy", "digits", "--env", "local", "--engine", "pulumi", "--yes")


@pytest.mark.skipif(REAL is None, reason="no pulumi on PATH")
@pytest.mark.timeout(900)
def test_digits_goes_live_and_away_by_the_real_program(yard):
    yard.run("deploy", "digits", "--env", "local", "--engine", "pulumi", "--yes")
    assert "no changes" in yard.run("plan", "digits", "--env", "local", "--engine", "pulumi").stdout
    sample = Path(yard.root, "stacks", "models", "digits", "sample.json").read_text()
    assert yard.run("invoke", "read", "--env", "local", "--json", sample).stdout
    yard.run("destroy", "digits", "--env", "local", "--engine", "pulumi", "--yes")
    assert yard.census() == []
