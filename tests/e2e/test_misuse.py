"""What is written wrong: one clear line, exit 2, and nothing is done."""

import pytest

from infra import loader
from tests.e2e.conftest import CLONE, Yard, make_project

KNOWN = sorted([*loader.known(CLONE), "wrong"])

STACK = """
from infra import RealtimeEndpoint, Stack
from model_packaging import Model

def stack(env):
    model = Model("models/{model}", framework="onnx")
    return Stack("wrong", env, [RealtimeEndpoint({name!r}, model=model, instance_type={type!r})])
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Yard:
    """A project without an embedded AWS."""
    made = Yard(make_project(tmp_path_factory.mktemp("misuse")))
    (made.root / "stacks" / "models" / "empty").mkdir()
    return made


def write(project: Yard, *, name: str = "rank", type: str = "ml.m5.large", model: str = "digits") -> None:
    (project.root / "stacks" / "wrong.py").write_text(STACK.format(name=name, type=type, model=model))


VERBS = (("cost",), ("deploy", "--yes"))


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
@pytest.mark.parametrize(
    ("stack", "env", "changes", "message"),
    [
        ("chat", "local", {}, f"error: Stack 'chat' does not exist; known: {', '.join(KNOWN)}."),
        ("triage", "stage", {}, "error: Environment 'stage' does not exist; known: dev, local, prod."),
        (
            "wrong",
            "local",
            {"type": "ml.m5.huge"},
            "error: rank: SageMaker has no instance type 'ml.m5.huge'; near it are ",
        ),
        ("wrong", "local", {"name": "my_rank"}, "error: Workload name 'my_rank' is not allowed"),
        ("wrong", "local", {"model": "empty"}, "error: Model folder models/empty has no inference.py"),
    ],
    ids=["stack", "environment", "instance type", "underscore", "handler"],
)
def test_one_line_and_exit_2(project, verb, stack, env, changes, message):
    write(project, **changes)
    result = project.run(verb[0], stack, "--env", env, *verb[1:], code=2)
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert line.startswith(message)


def test_a_secret_in_a_variable_is_refused_before_it_is_written_anywhere(project, tmp_path):
    write(project)
    file = project.root / "stacks" / "wrong.py"
    text = file.read_text()
    file.write_text(text.replace("model=model,", "model=model, environment={'DB_PASSWORD': 'hunter2!'},"))
    result = project.run("synth", "wrong", "--env", "dev", "--out", str(tmp_path / "out"), code=2)
    (line,) = result.stderr.splitlines()
    assert line == (
        "error: aws_sagemaker_model.rank: the variable DB_PASSWORD is named like a secret, and everybody who may "
        "describe it reads it; put it in AWS Secrets Manager, and write its ARN: DB_PASSWORD_ARN = "
        "'arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME'."
    )
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_a_missing_key(project, verb):
    file = project.root / "stacks" / "environments" / "poor.toml"
    file.write_text('region = "us-east-1"\n')
    result = project.run(verb[0], "triage", "--env", "poor", *verb[1:], code=2)
    assert result.stderr.startswith("error: stacks/environments/poor.toml lacks the key 'account_id'")
    file.write_text('region = "us-east-1"\naccount_id = "111122223333"\n')
    result = project.run(verb[0], "triage", "--env", "poor", *verb[1:], code=2)
    assert result.stderr.startswith(
        "error: Environment poor has no value 'min_instances'; add it under [values]"
    )
    file.unlink()


def test_an_embedded_aws_that_is_not_up_is_told_with_its_remedy(project):
    result = project.run("deploy", "triage", "--env", "local", "--yes", code=1)
    assert "it is not running; run: modelyard local up" in result.stderr.splitlines()[-1]


def test_a_folder_that_is_no_project(project, tmp_path):
    result = Yard(tmp_path).run("cost", "triage", "--env", "dev", code=2)
    assert "change into a Modelyard clone" in result.stderr


def test_a_verb_without_its_environment(project):
    assert "Missing option '--env'" in project.run("deploy", "triage", code=2).stderr


@pytest.mark.e2e
def test_credentials_of_another_account_are_refused_before_anything_changes(yard):
    file = yard.root / "stacks" / "environments" / "other.toml"
    text = (yard.root / "stacks" / "environments" / "local.toml").read_text()
    file.write_text(text.replace("123456789012", "999999999999"))
    for verb in ("plan", "deploy", "destroy", "status"):
        words = [verb] if verb == "status" else [verb, "digits"]
        result = yard.run(
            *words, "--env", "other", *(["--yes"] if verb in ("deploy", "destroy") else []), code=2
        )
        assert (
            "The credentials belong to account 123456789012, and environment other is 999999999999"
            in result.stderr
        )
    assert yard.census() == []


@pytest.mark.e2e
def test_what_is_not_deployed_cannot_be_invoked(yard):
    result = yard.run("invoke", "nobody", "--env", "local", "--json", "{}", code=2)
    assert "Nothing named 'nobody' is deployed in environment local; deployed: nothing." in result.stderr
    twice = ("--json", "{}", "--file", "sample.json")
    assert "either --json" in yard.run("invoke", "nobody", "--env", "local", *twice, code=2).stderr
