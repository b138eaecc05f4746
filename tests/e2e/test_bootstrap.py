"""A state bucket from nothing: bootstrap, Terraform's state in it under its native lock, and a lock that another holds."""

import json

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.drill]

BUCKET = "acme-states"
KEY = "modelyard/shared/digits/terraform.tfstate"
LOCK = {
    "ID": "7f3b8a52-0c1d-4e6f-9a8b-123456789abc",
    "Operation": "OperationTypeApply",
    "Info": "",
    "Who": "ana@laptop",
    "Version": "1.11.4",
    "Created": "2026-11-20T09:30:00.000000000Z",
    "Path": f"{BUCKET}/{KEY}",
}


@pytest.fixture(scope="module")
def shared(yard):
    """The embedded AWS as an environment whose states lie in S3."""
    text = (yard.root / "stacks" / "environments" / "local.toml").read_text()
    bucket = f'embedded_aws = true\nstate_bucket = "{BUCKET}"'
    (yard.root / "stacks" / "environments" / "shared.toml").write_text(
        text.replace("embedded_aws = true", bucket)
    )
    return yard


def test_an_environment_without_a_state_bucket_is_told_what_to_write(yard):
    (line,) = yard.run("bootstrap", "--env", "local", code=2).stderr.splitlines()
    assert line == (
        "error: stacks/environments/local.toml has no state_bucket, so that its states lie in .modelyard/ on this "
        'machine; write, for example: state_bucket = "modelyard-state-123456789012-us-east-1"'
    )


def test_from_no_bucket_to_a_locked_state_in_it(shared):
    deploy = ("deploy", "digits", "--env", "shared", "--yes")
    refused = shared.run(*deploy, code=2).stderr.splitlines()
    assert refused[-1] == (
        f"error: State bucket {BUCKET} of environment shared is not there; run: modelyard bootstrap --env shared"
    )
    unasked = shared.run("bootstrap", "--env", "shared", code=1).stderr
    assert "Nobody is there to ask" in unasked and f"will make the bucket {BUCKET}" in unasked

    said = shared.run("bootstrap", "--env", "shared", "--yes", "--json")
    assert json.loads(said.stdout)["done"][0] == f"make the bucket {BUCKET}"
    again = shared.run("bootstrap", "--env", "shared")
    assert again.stderr.splitlines() == [
        f"State bucket {BUCKET} of environment shared is there, with all that makes it safe."
    ]
    s3 = shared.client("s3")
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Suspended"})
    assert "will repair versioning" in shared.run("bootstrap", "--env", "shared", "--yes").stderr

    shared.run(*deploy)
    state = json.loads(s3.get_object(Bucket=BUCKET, Key=KEY)["Body"].read())
    assert {"aws_sagemaker_endpoint"} <= {resource["type"] for resource in state["resources"]}
    working = shared.root / ".modelyard" / "local" / "stacks" / "shared" / "digits"
    assert not (working / "terraform.tfstate").exists()
    assert "no changes" in shared.run(*deploy).stderr + shared.run("plan", "digits", "--env", "shared").stdout

    s3.put_object(Bucket=BUCKET, Key=f"{KEY}.tflock", Body=json.dumps(LOCK).encode())
    locked = shared.run(*deploy, code=1).stderr.splitlines()
    assert locked[-1].startswith(
        "error: the state is locked by ana@laptop, apply, since 2026-11-20 09:30:00"
    ), locked[-1]
    assert f"force-unlock {LOCK['ID']}" in locked[-1]
    s3.delete_object(Bucket=BUCKET, Key=f"{KEY}.tflock")

    shared.run("destroy", "digits", "--env", "shared", "--yes")
    # The states' bucket stays: nothing of ours deletes it.
    assert [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]] == [BUCKET]
