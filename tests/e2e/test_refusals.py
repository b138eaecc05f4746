"""The wrong account, region or environment, and credentials that are no good: one line with the remedy, and no change."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.e2e.conftest import Yard, make_project
from tests.faults.gate import Answer, Asked, closed, identity

ACCOUNT = "123456789012"
KEYS = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "example"}
EXPIRED = {
    "sts": Answer(403, "ExpiredToken", "The security token included in the request is expired"),
    "s3": Answer(400, "ExpiredToken", "The provided token has expired."),
}
UNKNOWN = {
    "sts": Answer(403, "InvalidClientTokenId", "The security token included in the request is invalid."),
    "s3": Answer(
        403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records."
    ),
}
DENIED = Answer(403, "AccessDeniedException", "User: ana is not authorized to perform this.")

VERBS: Mapping[str, tuple[str, ...]] = {
    "plan": ("plan", "digits"),
    "deploy": ("deploy", "digits", "--yes"),
    "destroy": ("destroy", "digits", "--yes"),
    "sleep": ("sleep", "digits", "--yes"),
    "wake": ("wake", "digits", "--yes"),
    "idle": ("idle", "--hours", "0", "--grace-hours", "0", "--remove", "--max", "9", "--yes"),
    "package": ("package", "digits", "--upload"),
    "invoke": ("invoke", "read", "--json", "{}"),
    "status": ("status",),
}


@dataclass(frozen=True)
class Credentials:
    """What a person has set, what AWS answers of it, and what is then said: the code of the exit and the line."""

    answers: Mapping[str, Answer]
    code: int
    said: str
    variables: Mapping[str, str] = field(default_factory=lambda: KEYS)
    config: str = ""

    def answer(self, asked: Asked) -> Answer:
        return self.answers.get(asked.service, DENIED)


LOG_IN = r"The credentials have expired: log in again \(`aws sso login`\) or set new ones, and run the same again\."
WORKS = r"Set a profile or keys that work: `aws sts get-caller-identity` must answer\."
CREDENTIALS: Mapping[str, Credentials] = {
    "foreign": Credentials(
        {"sts": identity("999999999999")},
        2,
        r"error: The credentials belong to account 999999999999, and environment own is 123456789012; use credentials "
        r"of that account, or correct account_id in stacks/environments/own\.toml\.",
    ),
    "expired": Credentials(EXPIRED, 1, rf"error: .*ExpiredToken.* {LOG_IN}"),
    "unknown": Credentials(UNKNOWN, 1, rf"error: .*InvalidClientTokenId.* {WORKS}"),
    "missing": Credentials({}, 1, rf"error: .*Unable to locate credentials.* {WORKS}", {}),
    "profile": Credentials(
        {}, 1, rf"error: .*profile \(nobody\) could not be found.* {WORKS}", {"AWS_PROFILE": "nobody"}
    ),
    "sign-on": Credentials(
        {},
        1,
        rf"error: .*Error loading SSO Token.* {LOG_IN}",
        {"AWS_PROFILE": "work"},
        "[profile work]\nsso_session = work\nsso_account_id = 123456789012\nsso_role_name = deploy\n"
        "[sso-session work]\nsso_region = us-east-1\nsso_start_url = https://work.awsapps.com/start\n",
    ),
}


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Yard:
    """A project with the environment `own`, which is no embedded AWS."""
    made = Yard(make_project(tmp_path_factory.mktemp("refusals")))
    own(made)
    return made


def own(yard: Yard) -> None:
    """The embedded AWS as if it were one's account: with one's own credentials."""
    folder = yard.root / "stacks" / "environments"
    text = (folder / "local.toml").read_text()
    (folder / "own.toml").write_text(text.replace("embedded_aws = true\n", ""))


def person(yard: Yard, url: str, credentials: Credentials, home: Path) -> Yard:
    """Somebody at work in the same project, with these credentials and nothing else."""
    home.mkdir(exist_ok=True)
    (home / "config").write_text(credentials.config)
    return Yard(
        yard.root,
        {
            **credentials.variables,
            "AWS_ENDPOINT_URL": url,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": str(home / "config"),
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        },
    )


def refusal(yard: Yard, verb: str, code: int, env: str = "own") -> str:
    """The last line that `verb` says when it is refused; what comes before it is no error."""
    result = yard.run(*VERBS[verb], "--env", env, code=code)
    lines = result.stderr.splitlines()
    assert [line for line in lines if line.startswith("error: ")] == lines[-1:], result.stderr
    assert "Traceback" not in result.stderr
    return lines[-1]


def refused(project: Yard, name: str, verb: str, tmp_path: Path) -> None:
    credentials = CREDENTIALS[name]
    with closed(credentials.answer) as (gate, url):
        line = refusal(person(project, url, credentials, tmp_path / "home"), verb, credentials.code)
    assert re.fullmatch(credentials.said, line), line
    assert gate.changes == {}


@pytest.mark.parametrize("name", CREDENTIALS)
def test_a_deploy_with_credentials_that_are_no_good_changes_nothing(project, name, tmp_path):
    refused(project, name, "deploy", tmp_path)


@pytest.mark.e2e
@pytest.mark.drill
@pytest.mark.timeout(1200)
def test_no_verb_changes_anything_with_credentials_that_are_no_good(project, tmp_path):
    for name in CREDENTIALS:
        for verb in VERBS:
            refused(project, name, verb, tmp_path)
    print(
        f"{len(CREDENTIALS)} kinds of bad credentials, {len(VERBS)} verbs: each refused in one line, 0 changes asked for"
    )
