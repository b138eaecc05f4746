"""The state bucket, on an S3 of a few lines: what is read is what was put."""

import copy
import json

import pytest
from botocore.exceptions import ClientError

from infra import Environment
from infra.errors import Misuse, ModelyardError
from infra.operations import bootstrap
from infra.operations.state_bucket import PARTS

NAME = "acme-terraform-state"
KEY = "arn:aws:kms:us-east-1:111122223333:key/1"
# Where each part lies in the answer, and in the parameters.
FIELDS = {
    "public_access_block": "PublicAccessBlockConfiguration",
    "bucket_ownership_controls": "OwnershipControls",
    "bucket_encryption": "ServerSideEncryptionConfiguration",
    "bucket_policy": "Policy",
    "bucket_versioning": None,
    "bucket_lifecycle_configuration": None,
}
ABSENT = {
    "public_access_block": "NoSuchPublicAccessBlockConfiguration",
    "bucket_ownership_controls": "OwnershipControlsNotFoundError",
    "bucket_encryption": "ServerSideEncryptionConfigurationNotFoundError",
    "bucket_policy": "NoSuchBucketPolicy",
    "bucket_lifecycle_configuration": "NoSuchLifecycleConfiguration",
}


def refused(status: int, code: str) -> ClientError:
    return ClientError({"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, "any")


class S3:
    """One bucket. `owner` None: it is not there. `forgets`: a part that somebody always takes away."""

    def __init__(self, owner: str | None = None, region: str = "us-east-1", forgets: str = "") -> None:
        self.owner, self.region, self.forgets = owner, region, forgets
        self.parts: dict[str, dict] = {}
        self.calls: list[str] = []
        self.killed_after = 10**6
        self.naps: list[float] = []

    def head_bucket(self, Bucket, ExpectedBucketOwner):
        if self.owner is None:
            raise refused(404, "404")
        if self.owner != ExpectedBucketOwner:
            raise refused(403, "403")
        return {"BucketRegion": self.region}

    def create_bucket(self, Bucket, ObjectOwnership, CreateBucketConfiguration=None):
        self.calls.append("create_bucket")
        self.owner = "111122223333"
        self.region = (CreateBucketConfiguration or {}).get("LocationConstraint", "us-east-1")

    def __getattr__(self, operation):
        verb, _, part = operation.partition("_")

        def get(Bucket, ExpectedBucketOwner):
            if part not in self.parts and part in ABSENT:
                raise refused(404, ABSENT[part])
            return copy.deepcopy(self.parts.get(part, {}))

        def put(Bucket, ExpectedBucketOwner, **parameters):
            if len(self.calls) >= self.killed_after:
                raise KeyboardInterrupt
            self.calls.append(operation)
            (value,) = parameters.values()
            if part != self.forgets:
                self.parts[part] = {FIELDS[part]: value} if FIELDS[part] else dict(value)

        return {"get": get, "put": put}[verb]


class Connection:
    def __init__(self, s3: S3, **settings) -> None:
        fields = {"name": "prod", "region": "us-east-1", "account_id": "111122223333", "state_bucket": NAME}
        self.environment = Environment(**{**fields, **settings})
        self.s3 = s3
        self.checked = 0

    def check_account(self) -> None:
        self.checked += 1

    def client(self, service: str) -> S3:
        assert service == "s3" and self.checked
        return self.s3


def run(s3: S3, **settings) -> list[str]:
    """The lines of what was done."""
    connection = Connection(s3, **settings)
    lacking = bootstrap.inspect(connection)
    said: list[str] = []
    bootstrap.carry_out(lacking, connection, said.append, sleep=s3.naps.append)
    return lacking.lines


def test_a_bucket_is_made_with_every_part_and_a_second_run_finds_all_there():
    s3 = S3()
    assert run(s3) == [f"make the bucket {NAME}", *(f"set {part.name}" for part in PARTS)]
    assert s3.calls == ["create_bucket", *(part.put for part in PARTS)]
    s3.calls.clear()
    assert run(s3) == []
    assert s3.calls == []


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1"])
def test_it_lies_in_the_environments_region(region):
    s3 = S3()
    run(s3, region=region)
    assert s3.region == region


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_a_part_that_was_switched_off_is_repaired(part):
    s3 = S3()
    run(s3)
    name = part.get.removeprefix("get_")
    if name == "bucket_policy":
        s3.parts[name] = {"Policy": json.dumps({"Statement": []})}
    else:
        s3.parts[name] = (
            {FIELDS[name]: {"Rules": []}} if FIELDS[name] else {"Status": "Suspended", "Rules": []}
        )
    assert run(s3) == [f"repair {part.name}"]
    assert run(s3) == []


@pytest.mark.parametrize("killed_after", range(1, len(PARTS) + 1))
def test_killed_in_the_middle_it_goes_on(killed_after):
    s3 = S3()
    s3.killed_after = killed_after
    with pytest.raises(KeyboardInterrupt):
        run(s3)
    s3.killed_after = 10**6
    assert run(s3) == [f"set {part.name}" for part in PARTS[killed_after - 1 :]]
    assert s3.calls.count("create_bucket") == 1


def test_what_others_wrote_into_policy_and_lifecycle_stays():
    s3 = S3()
    run(s3)
    theirs = {"Sid": "Audit", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/audit"}}
    s3.parts["bucket_policy"] = {"Policy": json.dumps({"Statement": theirs})}
    s3.parts["bucket_lifecycle_configuration"] = {"Rules": [{"ID": "audit", "Status": "Enabled"}]}
    run(s3)
    assert json.loads(s3.parts["bucket_policy"]["Policy"])["Statement"][0] == theirs
    assert [rule["ID"] for rule in s3.parts["bucket_lifecycle_configuration"]["Rules"]] == [
        "audit",
        "old-states",
        "abandoned-uploads",
    ]


def test_the_environments_key_encrypts_it():
    s3 = S3()
    run(s3)
    assert run(s3, kms_key_arn=KEY) == ["repair encryption"]
    (rule,) = s3.parts["bucket_encryption"]["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY}


def test_somebody_elses_bucket_is_refused():
    s3 = S3(owner="999999999999")
    with pytest.raises(Misuse) as caught:
        run(s3)
    assert str(caught.value) == (
        f"Bucket {NAME} belongs to somebody else (bucket names are shared by all of AWS), or the credentials lack "
        "s3:ListBucket on it; name another state_bucket in stacks/environments/prod.toml, such as "
        '"modelyard-state-111122223333-us-east-1".'
    )
    assert s3.calls == []


def test_a_name_that_somebody_takes_in_between_is_refused():
    class Taken(S3):
        def create_bucket(self, **parameters):
            raise refused(409, "BucketAlreadyExists")

    with pytest.raises(Misuse, match="belongs to somebody else"):
        run(Taken())


def test_a_bucket_of_another_region_is_refused():
    with pytest.raises(
        Misuse, match="is in eu-west-1, and environment prod is in us-east-1; name one of us-east-1"
    ):
        run(S3(owner="111122223333", region="eu-west-1"))


def test_an_environment_without_a_state_bucket_is_told_what_to_write():
    with pytest.raises(Misuse) as caught:
        run(S3(), state_bucket=None)
    assert str(caught.value) == (
        "stacks/environments/prod.toml has no state_bucket, so that its states lie in .modelyard/ on this machine; "
        'write, for example: state_bucket = "modelyard-state-111122223333-us-east-1"'
    )


def test_a_bucket_that_goes_with_the_stacks_holds_no_state():
    artifacts = Connection(S3()).environment.artifact_bucket
    with pytest.raises(Misuse, match="which also holds artifacts or data; write a bucket of its own"):
        run(S3(), state_bucket=artifacts)


def test_what_does_not_last_is_told():
    with pytest.raises(ModelyardError, match=r"does not keep what was set \(set versioning\)"):
        run(S3(forgets="bucket_versioning"))


def test_an_answer_that_is_late_is_waited_for():
    s3 = S3(forgets="bucket_versioning")
    s3.naps = Late(s3)
    assert f"make the bucket {NAME}" in run(s3)
    assert len(s3.naps) == 2


class Late(list):
    """Naps, in the second of which S3 comes to know what was put."""

    def __init__(self, s3: S3) -> None:
        super().__init__()
        self.s3 = s3

    def append(self, seconds: float) -> None:
        super().append(seconds)
        if len(self) == 2:
            self.s3.parts["bucket_versioning"] = {"Status": "Enabled"}


def test_a_deploy_without_its_state_bucket_is_told_to_bootstrap():
    connection = Connection(S3())
    connection.checked = 1
    with pytest.raises(Misuse) as caught:
        bootstrap.require(connection)
    assert str(caught.value) == (
        f"State bucket {NAME} of environment prod is not there; run: modelyard bootstrap --env prod"
    )
    run(connection.s3)
    bootstrap.require(connection)
    bootstrap.require(Connection(S3(), state_bucket=None))


def test_each_part_is_as_safe_as_s3_has_it():
    """Written out: what reads a part and what puts it are from one table, and would be wrong alike."""
    s3 = S3(owner="111122223333")
    connection = Connection(s3, kms_key_arn=KEY)
    bootstrap.carry_out(bootstrap.inspect(connection), connection, lambda _: None, s3.naps.append)
    policy = json.loads(s3.parts.pop("bucket_policy")["Policy"])
    assert policy["Statement"] == [
        {
            "Sid": "OnlyOverTls",
            "Effect": "Deny",
            "Principal": "*",
            "Action": ["s3:*"],
            "Resource": [f"arn:aws:s3:::{NAME}", f"arn:aws:s3:::{NAME}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    ]
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY}
    encrypted = {"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": True}
    assert s3.parts == {
        "public_access_block": {
            "PublicAccessBlockConfiguration": {
                "BlockPublicAcls": True,
                "BlockPublicPolicy": True,
                "IgnorePublicAcls": True,
                "RestrictPublicBuckets": True,
            }
        },
        "bucket_ownership_controls": {
            "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
        },
        "bucket_encryption": {"ServerSideEncryptionConfiguration": {"Rules": [encrypted]}},
        "bucket_versioning": {"Status": "Enabled"},
        "bucket_lifecycle_configuration": {
            "Rules": [
                {
                    "ID": "old-states",
                    "Status": "Enabled",
                    "Filter": {"Prefix": ""},
                    "NoncurrentVersionExpiration": {"NoncurrentDays": 90},
                },
                {
                    "ID": "abandoned-uploads",
                    "Status": "Enabled",
                    "Filter": {"Prefix": ""},
                    "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
                },
            ]
        },
    }
