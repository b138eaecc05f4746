from pathlib import Path

import pytest

from infra import environment
from infra.errors import InvalidEnvironment, UnknownEnvironment

GOOD = 'region = "eu-west-1"\naccount_id = "111122223333"\n'


@pytest.fixture
def write(tmp_path: Path):
    folder = tmp_path / environment.DIRECTORY
    folder.mkdir(parents=True)

    def write(text: str, name: str = "dev") -> Path:
        (folder / f"{name}.toml").write_text(text)
        return tmp_path

    return write


def test_a_file_becomes_values(write):
    loaded = environment.load(
        "dev", write(GOOD + "[values]\ninstance = 'ml.g5.xlarge'\n[usage.rank]\nduration_ms = 4\n")
    )
    assert (loaded.name, loaded.region, loaded["instance"]) == ("dev", "eu-west-1", "ml.g5.xlarge")
    assert loaded.artifact_bucket == "modelyard-dev-111122223333-eu-west-1"
    assert loaded.arn("logs", "log-group:x") == "arn:aws:logs:eu-west-1:111122223333:log-group:x"


def test_an_unknown_environment_names_the_known_ones(write):
    with pytest.raises(UnknownEnvironment, match=r"'stage' does not exist; known: dev, prod\."):
        write(GOOD, "prod")
        environment.load("stage", write(GOOD))


@pytest.mark.parametrize("name", ["../dev", "dev/../dev", "Dev", ""])
def test_a_name_is_no_path(write, name):
    with pytest.raises(UnknownEnvironment) as caught:
        environment.load(name, write(GOOD))
    assert str(caught.value) == (
        f"Environment name {name!r} is not allowed; write lower-case letters, digits and single hyphens, with a letter "
        "first; known: dev. Name a known one."
    )


def test_a_file_whose_name_is_not_allowed_is_no_known_environment_and_is_to_be_renamed(write):
    write(GOOD, "EU_West")
    with pytest.raises(UnknownEnvironment) as caught:
        environment.load("EU_West", write(GOOD))
    assert str(caught.value) == (
        "Environment name 'EU_West' is not allowed; write lower-case letters, digits and single hyphens, with a letter "
        "first; known: dev. Rename stacks/environments/EU_West.toml to eu-west.toml."
    )
    with pytest.raises(UnknownEnvironment, match=r"'stage' does not exist; known: dev\."):
        environment.load("stage", write(GOOD))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            'region = "eu-west-1"\n',
            r"dev\.toml lacks the key 'account_id'; add it, as in: account_id = \"111122223333\"",
        ),
        (GOOD + "colour = 1\n", "unknown key 'colour'; allowed are region, account_id"),
        ('region = "eu-west-1"\naccount_id = "1"\n', "account_id is '1': .* write it as in"),
        ('region = "europe"\naccount_id = "111122223333"\n', "region is 'europe'"),
        (GOOD + "log_retention_days = 31\n", "log_retention_days is 31"),
        (GOOD + "monthly_budget_usd = -1\n", "monthly_budget_usd is -1"),
        (
            GOOD + "budget_emails = ['a@b.example']\n",
            "budget_emails is .*: there is no budget to tell them of",
        ),
        (
            GOOD.replace("eu-west-1", "us-gov-west-1")
            + "monthly_budget_usd = 9\nbudget_emails = ['a@b.example']\n",
            "budget_emails is .*: there are no budgets in GovCloud; leave it out",
        ),
        (
            GOOD + "monthly_budget_usd = 9\nbudget_emails = ['nobody']\n",
            r"budget_emails\.0 is 'nobody': .* write it as in: budget_emails = \[\"costs@example\.com\"\]",
        ),
        (
            GOOD + "[alarms]\nthrottles = true\n",
            r"alarms\.throttles is True: it is a bool, and a number is wanted; write it as in: \[alarms\] throttles = 1$",
        ),
        (GOOD + "name = 'x'\n", "leave it out"),
        ("region = \n", "not valid TOML"),
        (
            GOOD + "[rollout]\nstrategy = 'rolling'\npercent = 60\n",
            r"rollout\.percent is 60: .* equal to 50; write it as in: \[rollout\] percent = 25$",
        ),
        (
            GOOD + "[rollout]\nstrategy = 'linear'\npercent = 5\n",
            r"rollout\.percent is 5: .* equal to 10; write it as in: \[rollout\] percent = 25$",
        ),
        (
            GOOD + "[rollout]\nstrategy = 'blue'\n",
            r"rollout\.strategy is 'blue': it is one of all-at-once, canary, linear, rolling; write it as in: "
            r"\[rollout\] strategy = \"canary\"$",
        ),
        (
            GOOD + "[rollout]\npercent = 5\n",
            r"rollout\.strategy is None: it is one of all-at-once, canary, linear, rolling; write it as in: "
            r"\[rollout\] strategy = \"canary\"$",
        ),
        (
            GOOD + "[rollout]\nstrategy = 'canary'\nstep = 5\n",
            r"unknown key 'rollout\.step'; allowed are strategy, percent, wait_seconds\.$",
        ),
        (GOOD + "[alarms]\np99 = 5\n", r"unknown key 'alarms\.p99'; allowed are topic_arn, p99_latency_ms, "),
        (
            GOOD + "[alarms]\nserver_error_rate = 5\n",
            r"alarms\.server_error_rate is 5: .* write it as in: \[alarms\] server_error_rate = 0\.05$",
        ),
        (
            GOOD + "[network]\nsubnet_ids = ['a']\nsecurity_group_ids = ['sg-1']\n",
            r"network\.subnet_ids\.0 is 'a': .* as in: \[network\] subnet_ids = \[\"subnet-0a1b2c3d4e5f60718\"\]$",
        ),
        (
            GOOD + "[usage]\nclassify = 5\n",
            r"usage\.classify is 5: .* write it as in: \[usage\.classify\] requests_per_month = 1_000_000$",
        ),
        (
            GOOD + "usage = 5\n",
            r"usage is 5: .* write it as in: \[usage\.NAME\] requests_per_month = 1_000_000$",
        ),
        (
            GOOD + "[network]\nsubnet_ids = ['subnet-1']\n",
            r"subnet_ids and security_group_ids belong together; write both; write it as in: \[network\]$",
        ),
    ],
)
def test_what_is_wrong_is_one_line_that_names_key_and_file(write, text, message):
    with pytest.raises(InvalidEnvironment, match=message) as caught:
        environment.load("dev", write(text))
    assert len(str(caught.value).splitlines()) == 1
    assert "stacks/environments/dev.toml" in str(caught.value)


def test_a_missing_value_names_key_file_and_environment(write):
    loaded = environment.load("dev", write(GOOD + "[values]\nb = 1\na = 2\n"))
    with pytest.raises(
        InvalidEnvironment, match=r"Environment dev has no value 'gpu'.*dev\.toml \(there: a, b\)"
    ):
        loaded["gpu"]
