"""A secret that is given in every way the kit takes one stands in no state, plan, log, traceback or artifact.

What a handler prints goes to its model's own log, and what is asked of it to where the model's owner keeps that: neither
is tried here.
"""

import gzip
import io
import json
import os
import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import Yard, make_project
from tests.e2e.test_adoption import is_settled
from tests.e2e.test_refusals import own

pytestmark = pytest.mark.e2e

CANARY = "Tr0ub4dor-and-3-canaries"
KEY = "AKIACANARYCANARYCANA"
RANDOM = "wJ8rX2fUtnFEMI9K7MDENGbPxRfiCYcanaryKEY0"
SECRETS = (CANARY, KEY, RANDOM)

HANDLER = """
import os

def predict_fn(data, model):
    return {"environ": dict(os.environ), "asked": len(data["secret"])}
"""
STACK = """
from infra import LambdaEndpoint, RealtimeEndpoint, Stack
from model_packaging import Model

def stack(env):
    model = Model("models/open", framework="sklearn")
    given = {given!r}
    return Stack("vault", env, [
        RealtimeEndpoint("tell", model=model, instance_type="ml.m5.large", environment=given),
        LambdaEndpoint("told", model=model, environment=given, network=False),
    ])
"""
REFERENCE = {"DB_PASSWORD_ARN": "arn:aws:secretsmanager:us-east-1:123456789012:secret:db"}
VAULT = ("vault", "--env", "local")


@pytest.fixture(scope="module")
def vault(tmp_path_factory) -> Iterator[Yard]:
    """A project in which every variable, file and table that could hold a secret holds one."""
    base = tmp_path_factory.mktemp("vault")
    made = make_project(base / "project")
    model = made / "stacks" / "models" / "open"
    model.mkdir()
    (model / "inference.py").write_text(HANDLER)
    home = base / "home"
    (home / ".aws").mkdir(parents=True)
    (home / ".aws" / "credentials").write_text(
        f"[default]\naws_access_key_id = any\naws_secret_access_key = {CANARY}\naws_session_token = {CANARY}\n"
    )
    (base / "scratch").mkdir()
    variables = {
        "HOME": str(home),
        "TMPDIR": str(base / "scratch"),
        "AWS_ACCESS_KEY_ID": "any",
        "AWS_SECRET_ACCESS_KEY": CANARY,
        "AWS_SESSION_TOKEN": CANARY,
        "AWS_EC2_METADATA_DISABLED": "true",
        "DB_PASSWORD": CANARY,
        "HF_TOKEN": CANARY,
        "TF_VAR_password": CANARY,
        "TF_TOKEN_app_terraform_io": CANARY,
        "TF_CLI_ARGS": f"-var=password={CANARY}",
        "TF_LOG": "TRACE",
        "TF_LOG_PATH": str(base / "scratch" / "terraform.log"),
        "HTTPS_PROXY": f"http://ana:{CANARY}@127.0.0.1:9",
        "PULUMI_CONFIG_PASSPHRASE": CANARY,
    }
    yard = Yard(made, variables)
    for file in (made / "stacks" / "environments").glob("*.toml"):
        file.write_text(file.read_text().replace("[values]", f'[values]\ndb_password = "{CANARY}"'))
    own(yard)
    before = os.umask(0)  # the worst: nothing is kept from others but what the kit keeps from them
    try:
        yard.run("local", "up", "--idle-hours", "0.5")
        yield yard
        yard.run("local", "down")
    finally:
        os.umask(before)


def write(vault: Yard, given: dict[str, str]) -> None:
    """The stack, whose workloads get these variables."""
    (vault.root / "stacks" / "vault.py").write_text(STACK.format(given=given))


def written(vault: Yard) -> Iterator[tuple[Path, bytes]]:
    """Every file that was written below the project, into the scratch folder and the home, and what is packed in it."""
    base = vault.root.parent
    for folder in (vault.root / ".modelyard", base / "scratch", base / "home", base / "out"):
        for path in folder.rglob("*"):
            if path.is_file() and path.parent.name != ".aws":
                yield from ((path, content) for content in _contents(path))


def _contents(path: Path) -> Iterator[bytes]:
    content = path.read_bytes()
    yield content
    if zipfile.is_zipfile(io.BytesIO(content)):
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            yield from (packed.read(name) for name in packed.namelist())
    elif content[:2] == b"\x1f\x8b":
        try:
            yield gzip.decompress(content)
        except (OSError, EOFError, zlib.error):
            return


def leaks(vault: Yard, *said: str) -> list[str]:
    """Where one of the secrets stands."""
    found = [str(path) for path, content in written(vault) if any(one.encode() in content for one in SECRETS)]
    return found + [text for text in said if any(one in text for one in SECRETS)]


def test_a_secret_that_is_put_somewhere_is_found(vault):
    """What the others rest on."""
    file = vault.root.parent / "scratch" / "canary.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("plan", f"password = {CANARY}")
    assert leaks(vault, "nothing", f"or {KEY}") == [str(file), f"or {KEY}"]
    file.unlink()


@pytest.mark.parametrize(
    "given",
    [
        {"DB_PASSWORD": CANARY},
        {"GREETING": KEY},
        {"DATABASE": f"postgres://ana:{CANARY}@db.example.com/main"},
        {"SALT": RANDOM},
    ],
    ids=lambda given: next(iter(given)),
)
def test_a_secret_as_a_variable_is_refused_and_written_nowhere(vault, given):
    write(vault, given)
    out = vault.root.parent / "out"
    for words in (("plan", *VAULT), ("deploy", *VAULT, "--yes"), ("synth", *VAULT, "--out", str(out))):
        result = vault.run(*words, code=2)
        assert "put it in AWS Secrets Manager, and write its ARN" in result.stderr
        assert leaks(vault, result.stdout, result.stderr) == []


@pytest.mark.drill
@pytest.mark.timeout(1200)
def test_what_is_in_the_environment_and_the_files_of_a_person_goes_nowhere(vault):
    write(vault, REFERENCE)
    out = vault.root.parent / "out"
    said = []

    def run(*words: str, code: int = 0) -> str:
        result = vault.run(*words, "--debug", code=code)
        said.extend((result.stdout, result.stderr))
        return result.stdout

    run("package", *VAULT)
    run("synth", *VAULT, "--out", str(out))
    run("plan", *VAULT)
    run("deploy", *VAULT, "--yes")
    body = json.dumps({"secret": CANARY})
    for name in ("tell", "told"):
        answer = json.loads(run("invoke", name, "--env", "local", "--json", body))
        assert answer["asked"] == len(CANARY)
        # What the handler sees is what was declared, and nothing of who deployed it.
        assert answer["environ"]["DB_PASSWORD_ARN"] == REFERENCE["DB_PASSWORD_ARN"]
        assert not any(secret in value for secret in SECRETS for value in answer["environ"].values())
    run("invoke", "tell", "--env", "local", "--json", json.dumps({"other": CANARY}), code=1)
    run("status", "--env", "local", "--drift")
    run("import-ids", *VAULT, "--json")
    run("idle", "--env", "local", "--hours", "1", "--json")
    run("local", "logs")
    is_settled(vault, "vault")
    # A person's own keys, which Terraform gets: its plan is kept, and looked into. Then one that fails half-way.
    mine = Yard(vault.root, {**vault.variables, "AWS_ENDPOINT_URL": vault.endpoint_url})
    result = mine.run("plan", "vault", "--env", "own", "--debug")
    said.extend((result.stdout, result.stderr))
    assert list((vault.root / ".modelyard" / "environments").rglob("plan.tfplan"))
    file = vault.root / "stacks" / "environments" / "own.toml"
    file.write_text(f'state_bucket = "acme-states-of-canaries"\n{file.read_text()}')
    result = mine.run("plan", "vault", "--env", "own", "--debug", code=1)
    said.extend((result.stdout, result.stderr))
    assert "Traceback" in result.stderr
    found = leaks(vault, *said)
    files = len({path for path, _ in written(vault)})
    assert found == []
    run("destroy", *VAULT, "--yes")
    assert leaks(vault, *said) == []
    given = sum(CANARY in value for value in vault.variables.values())
    print(
        f"a secret in {given} variables of the process, a credentials file, a table of values and requests: in none of "
        f"{files} files and {len(said)} outputs, tracebacks among them"
    )


@pytest.mark.drill
def test_nothing_of_a_project_is_for_others_to_read(vault):
    """With a umask of 0: every file that is about a state or a deployment is its owner's, and so is every folder."""
    write(vault, REFERENCE)
    vault.run("deploy", *VAULT, "--yes")
    vault.run("plan", *VAULT)
    own_folder = vault.root / ".modelyard"
    open_ = [
        f"{path.relative_to(own_folder)} {path.stat().st_mode & 0o777:o}"
        for path in own_folder.rglob("*")
        if not path.is_symlink()
        and not any(parent.is_symlink() for parent in path.parents)
        and path.stat().st_mode & 0o077
    ]
    # Packed models lie below a folder that nobody else may enter.
    assert [name for name in open_ if not re.match("(artifacts|requirements)/", name)] == []
    vault.run("destroy", *VAULT, "--yes")


def test_the_first_folder_of_a_project_is_its_owners(tmp_path):
    project = make_project(tmp_path / "fresh")
    for link in (project / ".modelyard").iterdir():
        link.unlink()
    (project / ".modelyard").rmdir()
    before = os.umask(0)
    try:
        Yard(project).run("package", "digits", "--env", "local")
    finally:
        os.umask(before)
    assert (project / ".modelyard").stat().st_mode & 0o777 == 0o700
