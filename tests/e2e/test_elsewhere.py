"""A stack that is deployed, and an AWS that is another than it seems: a region, a bucket, a token that ends meanwhile."""

import contextlib
import re
import shutil

import pytest

from tests.e2e.conftest import REGION, Yard
from tests.e2e.test_adoption import folder, is_settled
from tests.e2e.test_refusals import ACCOUNT, CREDENTIALS, EXPIRED, VERBS, own, person, refusal
from tests.faults.gate import Answer, Asked, before

pytestmark = [pytest.mark.e2e, pytest.mark.drill]

BUCKET = f"modelyard-local-{ACCOUNT}-{REGION}"
STATES = "acme-states"
ELSEWHERE = "eu-west-1"
MOMENTS = (1, 12, 25, 40, 60, 80, 110)
"""Requests at which a token ends; a deploy of digits and its destroy have some 190."""


@pytest.fixture(scope="module")
def digits(yard):
    """A stack of one endpoint, deployed."""
    yard.run("deploy", "digits", "--env", "local", "--yes")
    try:
        yield yard
    finally:
        yard.run("destroy", "digits", "--env", "local", "--yes")
        assert yard.census() == []


@contextlib.contextmanager
def changed(yard: Yard, name: str, old: str, new: str):
    """An environment's file as somebody has changed it."""
    file = yard.root / "stacks" / "environments" / f"{name}.toml"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))
    try:
        yield
    finally:
        file.write_text(text)


def update(yard: Yard, mark: str) -> None:
    """Another version of the handler: the next deploy is an update."""
    handler = yard.root / "stacks" / "models" / "digits" / "inference.py"
    handler.write_text(f"{handler.read_text()}\n# {mark}\n")


def test_a_deploy_is_counted_at_the_gate(yard):
    """What the other tests rest on: that they count nothing means something."""
    with before(yard.root, lambda asked: None) as (gate, _):
        yard.run("deploy", "digits", "--env", "local", "--yes")
        yard.run("destroy", "digits", "--env", "local", "--yes")
    assert gate.changes.total() > 30 and "CreateEndpoint" in gate.changes
    print(
        f"a deploy and a destroy of digits: {gate.requests} requests, {gate.changes.total()} of them changes"
    )


@pytest.mark.parametrize("kind", ["somebody's, closed", "somebody's, open to all"])
def test_an_artifact_bucket_of_somebody_else_gets_nothing(yard, kind):
    """One that is open would take our models, and give others in their place."""

    def refuses(asked: Asked) -> Answer | None:
        foreign = asked.headers.get("x-amz-expected-bucket-owner") == ACCOUNT or kind.endswith("closed")
        return Answer(403, "AccessDenied", "Access Denied") if asked.is_of(BUCKET) and foreign else None

    with before(yard.root, refuses) as (gate, _):
        for verb in ("plan", "deploy", "destroy", "sleep", "wake", "idle", "package", "invoke", "status"):
            line = refusal(yard, verb, 1, "local")
            assert line.startswith(f"error: Bucket {BUCKET} belongs to somebody else"), line
            assert "give the environment's file another name" in line
    assert gate.changes == {}
    assert yard.census() == []
    print(f"an artifact bucket that is {kind}: 9 verbs refused, 0 changes asked for")


def test_a_bucket_that_somebody_makes_in_between_is_told(yard):
    """BucketAlreadyExists, which S3 says to whoever comes second."""

    def refuses(asked: Asked) -> Answer | None:
        made = asked.method == "PUT" and asked.path.rstrip("/") == f"/{BUCKET}"
        return (
            Answer(409, "BucketAlreadyExists", "The requested bucket name is not available.")
            if made
            else None
        )

    with before(yard.root, refuses):
        result = yard.run("deploy", "digits", "--env", "local", "--yes", code=1)
    (line,) = [line for line in result.stderr.splitlines() if line.startswith("error: ")]
    assert line.startswith(f"error: Bucket {BUCKET} belongs to somebody else"), line
    yard.run("deploy", "digits", "--env", "local", "--yes")
    yard.run("destroy", "digits", "--env", "local", "--yes")
    assert yard.census() == []


@pytest.mark.parametrize(
    ("status", "headers", "said"),
    [
        (403, {}, f"error: Bucket {STATES} belongs to somebody else"),
        (
            301,
            {"x-amz-bucket-region": ELSEWHERE},
            f"error: State bucket {STATES} is in {ELSEWHERE}, and environment",
        ),
    ],
    ids=["somebody's", "another region"],
)
def test_a_state_bucket_that_is_somebody_elses_or_elsewhere_is_told(yard, status, headers, said):
    def refuses(asked: Asked) -> Answer | None:
        code = "AccessDenied" if status == 403 else "PermanentRedirect"
        there = asked.region == headers.get("x-amz-bucket-region")  # to where botocore follows
        return Answer(200 if there else status, code, "No.", headers=headers) if asked.is_of(STATES) else None

    yard.client("s3").create_bucket(Bucket=STATES)
    with (
        changed(yard, "local", "embedded_aws = true", f'embedded_aws = true\nstate_bucket = "{STATES}"'),
        before(yard.root, refuses) as (gate, _),
    ):
        for verb in ("plan", "deploy", "destroy", "bootstrap"):
            line = yard.run(*VERBS.get(verb, (verb,)), "--env", "local", code=2).stderr.splitlines()[-1]
            assert line.startswith(said), line
    yard.client("s3").delete_bucket(Bucket=STATES)
    assert gate.changes == {}


@pytest.mark.timeout(1500)
def test_a_token_that_ends_meanwhile_is_told_and_the_next_run_goes_on(yard):
    cut: dict[str, list[int]] = {"deploy": [], "destroy": []}
    for verb, moments in cut.items():
        words = (verb, "digits", "--env", "local", "--yes")
        # Each run goes on where the last was cut short, until one has all that it needs before its moment.
        for at in MOMENTS:
            if not is_cut(yard, at, *words):
                break
            moments.append(at)
        yard.run(*words)
        if verb == "deploy":
            is_settled(yard, "digits")
    assert yard.census() == []
    assert len(cut["deploy"]) >= 4 and len(cut["destroy"]) >= 2, cut
    print(f"a token that ended at request N: {cut}; each told in one line, and finished by the next run")


def is_cut(yard: Yard, at: int, *words: str) -> bool:
    """Whether a verb whose token ends at its request number `at` was cut short by that; it then says what to do."""

    def refuses(asked: Asked) -> Answer | None:
        if gates[0].requests < at:
            return None
        return EXPIRED.get(
            asked.service, Answer(400, "ExpiredTokenException", "The security token is expired")
        )

    gates = []
    with before(yard.root, refuses) as (gate, _):
        gates.append(gate)
        process = yard.start(*words)
        _, err = process.communicate(timeout=280)
    assert process.returncode in (0, 1) and "Traceback" not in err, err
    if process.returncode == 1:
        assert "log in again (`aws sso login`)" in err.splitlines()[-1], err
    return process.returncode == 1


def test_bad_credentials_change_nothing_of_what_is_deployed(digits, tmp_path):
    own(digits)
    state = digits.root / ".modelyard" / "environments" / "own"
    shutil.copytree(folder(digits, "digits").parent, state, symlinks=True)
    update(digits, "bad credentials")
    for credentials in CREDENTIALS.values():
        with before(digits.root, credentials.answer) as (gate, url):
            somebody = person(digits, url, credentials, tmp_path / "home")
            for verb in VERBS:
                line = refusal(somebody, verb, credentials.code)
                assert re.fullmatch(credentials.said, line), line
        assert gate.changes == {}
    digits.run("deploy", "digits", "--env", "local", "--yes")
    print(
        f"{len(CREDENTIALS)} kinds of bad credentials, {len(VERBS)} verbs over a stack that serves: 0 changes asked for"
    )


def test_another_region_is_refused_and_nothing_is_forgotten(digits):
    verbs = ("plan", "deploy", "destroy", "package", "import-ids", "sleep", "wake", "idle", "status")
    nothing = {
        "idle": f"Nothing is idle in environment local ({ELSEWHERE} of account {ACCOUNT}), not used for",
        "status": f"Nothing is deployed in environment local ({ELSEWHERE} of account {ACCOUNT}).",
    }
    before_ = (folder(digits, "digits") / "terraform.tfstate").read_bytes()
    with (
        changed(digits, "local", REGION, ELSEWHERE),
        before(digits.root, lambda asked: None) as (gate, _),
    ):
        for verb in verbs:
            words = VERBS.get(verb, (verb, "digits"))
            if verb in nothing:
                assert nothing[verb] in digits.run(*words, "--env", "local").stderr
            elif verb in ("sleep", "wake"):
                assert f"read of digits is not deployed on local ({ELSEWHERE}); run:" in refusal(
                    digits, verb, 2, "local"
                )
            else:
                line = digits.run(*words, "--env", "local", code=2).stderr.splitlines()[-1]
                assert re.match(
                    f"error: (digits|_storage) is deployed in {REGION} of account {ACCOUNT}, says its state, and "
                    f"environment local is {ELSEWHERE} .*: what is there would be forgotten",
                    line,
                ), line
    assert gate.changes == {}
    assert (folder(digits, "digits") / "terraform.tfstate").read_bytes() == before_
    is_settled(digits, "digits")
    print(f"another region: {len(verbs)} verbs, 0 changes asked for")


def test_instances_that_somebody_set_are_told_and_set_back(digits):
    """No state of Terraform's holds their count."""
    sagemaker, name = digits.client("sagemaker"), "local-digits-read"
    sagemaker.update_endpoint_weights_and_capacities(
        EndpointName=name,
        DesiredWeightsAndCapacities=[{"VariantName": "AllTraffic", "DesiredInstanceCount": 3}],
    )
    sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=name, WaiterConfig={"Delay": 1})
    told = digits.run("status", "--env", "local", "--drift").stdout
    assert f"{name}: its instances are set to 3, and it is to have 1" in told
    planned = digits.run("plan", "digits", "--env", "local")
    assert f"{name}: its instances were set to 3 by hand; a deploy sets them back to 1" in planned.stderr
    done = digits.run("deploy", "digits", "--env", "local", "--yes")
    assert "are set back to 1" in done.stderr
    (variant,) = sagemaker.describe_endpoint(EndpointName=name)["ProductionVariants"]
    assert (variant["CurrentInstanceCount"], variant["DesiredInstanceCount"]) == (1, 1)
    assert "Nothing was changed by hand." in digits.run("status", "--env", "local", "--drift").stdout


def test_the_environment_of_another_account_is_refused(digits):
    """One that is not meant: its account is not that of the credentials."""
    account = 'account_id = "111122223333"'
    with (
        changed(digits, "dev", account, f"{account}\nembedded_aws = true"),
        before(digits.root, lambda asked: None) as (gate, _),
    ):
        for verb in VERBS:
            line = digits.run(*VERBS[verb], "--env", "dev", code=2).stderr.splitlines()[-1]
            assert line.startswith(
                f"error: The credentials belong to account {ACCOUNT}, and environment dev is 111122223333"
            ), line
    assert gate.changes == {}
