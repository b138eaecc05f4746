import json

import pytest

from infra import rules
from infra.blueprint import blueprint
from infra.errors import InvalidStack
from infra.rules.secrets import is_secret
from tests.infra.conftest import function, realtime
from tests.infra.test_blueprint import keys

RANDOM = "qX3v9RkLm2Zt7PwYc5Ns8HbJd4Gf6TuA1EoVqWzK"


@pytest.mark.parametrize(
    "name",
    [
        "DB_PASSWORD",
        "CLIENT_SECRET",
        "HF_TOKEN",
        "API_KEY",
        "OPENAI_APIKEY",
        "AWS_SECRET_ACCESS_KEY",
        "passwd",
    ],
)
def test_a_name_of_a_secret_is_one(name):
    assert is_secret(name, "hunter2!") == "is named like a secret"


@pytest.mark.parametrize(
    "value",
    [
        "AKIAIOSFODNN7EXAMPLE",
        "-----BEGIN RSA PRIVATE KEY-----\nMIIE",
        "postgres://me:ASIAIOSFODNN7EXAMPLE@host",
        "ghp_" + "a1B2" * 9,
        "sk-" + "a1B2" * 8,
    ],
)
def test_a_key_is_known_by_its_form(value):
    assert is_secret("SETTING", value) == "holds a key"


@pytest.mark.parametrize(
    "value",
    ["postgres://me:hunter2@db:5432/shop", "redis://:hunter2@cache/0", "see https://a:b@c.example.com/"],
)
def test_a_password_in_an_address_is_known_by_its_place(value):
    assert is_secret("DATABASE_URL", value) == "holds a password in an address"


def test_a_random_key_is_known_by_its_randomness():
    assert is_secret("SETTING", RANDOM) == "holds what looks like a random key"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MAX_NEW_TOKENS", "512"),
        ("DATABASE_URL", "postgres://me@db:5432/shop"),
        ("ENDPOINT", "https://host:8443/a@b"),
        ("TOKENIZERS_PARALLELISM", "false"),
        ("PAD_TOKEN", "[PAD]"),
        ("MAX_TOKEN", "512"),
        ("DB_PASSWORD", "arn:aws:secretsmanager:us-east-1:111122223333:secret:db-AbCdEf"),
        ("DB_PASSWORD_ARN", "arn:aws:iam::111122223333:role/db"),
        ("DIGEST", "3c8f4d61eeff613e3c75ae8bd28fcc2f4c52b0aeccbf6ba5b24fac06bffe9c1a"),
        ("MODEL", "s3://modelyard-dev-111122223333-us-east-1/models/Triage/3c8f4d61/model.tar.gz"),
        ("SAGEMAKER_SUBMIT_DIRECTORY", "/opt/ml/model/code"),
        ("KEY", "primary"),
    ],
)
def test_what_is_no_secret_passes(name, value):
    assert is_secret(name, value) is None


@pytest.mark.parametrize("workload", [realtime, function], ids=["container", "function"])
def test_a_workloads_secret_is_told_before_anything_is_planned(make_stack, workload):
    stack = make_stack(workload("rank", environment={"DB_PASSWORD": "hunter2!"}))
    with pytest.raises(InvalidStack) as caught:
        rules.check(stack, blueprint(stack, keys(stack)))
    (line,) = str(caught.value).splitlines()
    assert line.endswith(
        ".rank: the variable DB_PASSWORD is named like a secret, and everybody who may describe it reads it; put it in "
        "AWS Secrets Manager, and write its ARN: DB_PASSWORD_ARN = 'arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME'."
    )


def test_a_jobs_secret_is_told(found):
    container = {
        "image": "i",
        "environment": [{"name": "LOG", "value": "1"}, {"name": "SETTING", "value": RANDOM}],
    }
    (finding,) = found("aws_batch_job_definition", container_properties=json.dumps(container))
    assert "the variable SETTING holds what looks like a random key" in finding
