"""The values of one environment: stacks/environments/NAME.toml."""

import tomllib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator

from infra import naming
from infra.errors import InvalidEnvironment, UnknownEnvironment
from infra.settings import Alarms, AllAtOnce, Canary, DataCapture, Linear, Network, Rolling, Rollout

DIRECTORY = Path("stacks/environments")


class Environment(BaseModel):
    """Where a stack goes, and the values that differ between dev and prod.

    `account_id`: a deploy with credentials of another account is refused. `monthly_budget_usd`: what the
    bill may come to. `budget_emails`: whom AWS tells when what its stacks really cost comes near it.
    `state_bucket`: the S3 bucket of Terraform's state; without it the state lies in `.modelyard/`.
    `embedded_aws`: deploy to the AWS that `modelyard local up` starts. `usage`: expected use per workload, for
    the bill. `network`, `alarms`, `rollout` and `data_capture` hold for every workload that AWS offers them for.
    `kms_key_arn`: the key that encrypts what is stored; its policy has to let CloudWatch's alarms, EventBridge
    and CloudWatch Logs use it. `data_bucket`: the bucket of inputs and outputs of asynchronous endpoints and
    jobs; without it they lie below `data/` in the artifact bucket, and go with it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    region: str = Field(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")
    account_id: str = Field(pattern=r"^\d{12}$")
    monthly_budget_usd: Decimal | None = Field(default=None, gt=0)
    # AWS Budgets takes 10 addresses and a topic for a notification (Subscribers: at most 11).
    budget_emails: tuple[
        Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", max_length=254)], ...
    ] = Field(default=(), max_length=10)
    state_bucket: str | None = Field(default=None, pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")
    embedded_aws: bool = False
    log_retention_days: Literal[
        1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 3653
    ] = 30
    tags: dict[str, str] = Field(default_factory=dict)
    kms_key_arn: str | None = Field(
        default=None, pattern=r"^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/[0-9a-zA-Z-]+$"
    )
    network: Network = Network()
    alarms: Alarms = Alarms.none()
    rollout: Rollout | None = None
    data_capture: DataCapture | None = None
    data_bucket: str | None = Field(default=None, pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")
    values: dict[str, Any] = Field(default_factory=dict)
    usage: dict[str, dict[str, Any]] = Field(default_factory=dict)

    @field_validator("budget_emails", mode="after")
    @classmethod
    def _of_a_budget(cls, emails: tuple[str, ...], known: ValidationInfo) -> tuple[str, ...]:
        if emails and known.data.get("monthly_budget_usd") is None:
            raise ValueError("there is no budget to tell them of; write monthly_budget_usd, too")
        if emails and naming.partition(known.data.get("region", "")) == "aws-us-gov":
            raise ValueError(
                "there are no budgets in GovCloud; leave it out, and set one in the account of AWS that pays"
            )
        return emails

    def __getitem__(self, key: str) -> Any:
        """The value of `key` in the table [values]; raises `InvalidEnvironment` where there is none."""
        if key not in self.values:
            raise InvalidEnvironment(
                f"Environment {self.name} has no value {key!r}; "
                f"add it under [values] in {DIRECTORY / self.name}.toml (there: {_listed(self.values)})."
            )
        return self.values[key]

    @property
    def partition(self) -> str:
        """`aws`, `aws-cn` or `aws-us-gov`."""
        return naming.partition(self.region)

    def arn(self, service: str, resource: str) -> str:
        """The ARN of a resource of ours in this environment's region and account."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account_id}:{resource}"

    def iam_arn(self, resource: str) -> str:
        """The ARN of a role or another resource of ours of IAM, which has no regions."""
        return f"arn:{self.partition}:iam::{self.account_id}:{resource}"

    @property
    def place(self) -> str:
        """Its name with where it is, for people: of another region nothing is seen from here."""
        return f"{self.name} ({self.region} of account {self.account_id})"

    @property
    def artifact_bucket(self) -> str:
        """The one bucket of this environment that holds the models' artifacts."""
        return naming.bucket(self.name, self.account_id, self.region)

    def data_uri(self, stack: str, workload: str, direction: str) -> str:
        """The S3 prefix of a workload's data, with a slash at its end; `direction` is such as `input`."""
        return f"s3://{self.data_bucket or self.artifact_bucket}/data/{stack}/{workload}/{direction}/"


def load(name: str, project: Path) -> Environment:
    """Read `stacks/environments/NAME.toml` below `project`.

    Raises `UnknownEnvironment` where there is no such file, `InvalidEnvironment` where a key is missing,
    unknown or wrong.
    """
    file = project / DIRECTORY / f"{name}.toml"
    # Other names would be paths, or parts of names that AWS refuses.
    if not naming.is_part(name) or not file.is_file():
        raise UnknownEnvironment(_unknown(name, project))
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidEnvironment(f"{DIRECTORY / name}.toml is not valid TOML: {error}.") from None
    _place_traces(content, file.parent)
    try:
        return Environment(name=name, **content)
    except ValidationError as error:
        raise InvalidEnvironment("\n".join(_finding(name, detail) for detail in error.errors())) from None
    except TypeError:
        raise InvalidEnvironment(
            f"{DIRECTORY / name}.toml sets 'name'; leave it out: the file's name is the name."
        ) from None


def _unknown(name: str, project: Path) -> str:
    files = sorted((project / DIRECTORY).glob("*.toml"))
    known = ", ".join(file.stem for file in files if naming.is_part(file.stem)) or "none"
    if naming.is_part(name):
        write = f"Write {DIRECTORY / name}.toml, or name a known one."
        return f"Environment {name!r} does not exist; known: {known}. {write}"
    there = [file for file in files if file.stem == name]
    better = naming.corrected(name, "environment")
    remedy = f"Rename {DIRECTORY / name}.toml to {better}.toml" if there else "Name a known one"
    return f"Environment name {name!r} is not allowed; write {naming.PARTS}; known: {known}. {remedy}."


def _place_traces(content: dict[str, Any], folder: Path) -> None:
    """A file of traffic is named relative to the environment's own file."""
    tables = content.get("usage")
    for table in tables.values() if isinstance(tables, dict) else ():
        traffic = table.get("traffic") if isinstance(table, dict) else None
        if isinstance(traffic, str) and traffic.endswith(".csv"):
            table["traffic"] = str(folder / traffic)


def _finding(name: str, detail: Any) -> str:
    file, key = DIRECTORY / f"{name}.toml", _key(detail["loc"])
    if detail["type"] == "missing":
        return f"{file} lacks the key {key!r}; add it, as in: {key} = {_EXAMPLES.get(key, '...')}"
    if detail["type"] == "extra_forbidden":
        fields = _TABLES[str(detail["loc"][-2])].model_fields if len(detail["loc"]) > 1 else _FIELDS
        return f"{file} has the unknown key {key!r}; allowed are {', '.join(fields)}."
    if key == "rollout" and detail["type"].startswith("union_tag"):
        key, found, problem = (
            "rollout.strategy",
            detail["input"].get("strategy"),
            f"it is one of {_STRATEGIES}",
        )
    else:
        found, problem = detail["input"], _lowered(detail["msg"].removeprefix("Value error, "))
    return f"{file}: {key} is {found!r}: {problem}; write it as in: {_example(key)}"


def _key(places: tuple[int | str, ...]) -> str:
    """The key as the file has it: without the strategy, by which pydantic names the roll-outs' tables."""
    return ".".join(str(place) for place in places if places[0] != "rollout" or place not in _ROLLOUTS)


def _lowered(text: str) -> str:
    return text[:1].lower() + text[1:]


def _example(key: str) -> str:
    """A line that would be right, with the table that it stands in."""
    if key in _TABLES:
        return f"[{key}]"
    if key.partition(".")[0] == "usage":
        return f"[usage.{key.partition('.')[2] or 'NAME'}] requests_per_month = 1_000_000"
    named = key.rstrip("0123456789").rstrip(".")
    table, _, field = named.rpartition(".")
    return f"{f'[{table}] ' if table in _TABLES else ''}{field} = {_EXAMPLES.get(named, '...')}"


_ROLLOUTS: Mapping[str, type[BaseModel]] = {
    "all-at-once": AllAtOnce,
    "canary": Canary,
    "linear": Linear,
    "rolling": Rolling,
}
_STRATEGIES = ", ".join(_ROLLOUTS)
_TABLES: Mapping[str, type[BaseModel]] = {
    "network": Network,
    "alarms": Alarms,
    "rollout": AllAtOnce,
    "data_capture": DataCapture,
    **_ROLLOUTS,
}
_FIELDS = [field for field in Environment.model_fields if field != "name"]

_EXAMPLES = {
    "region": '"us-east-1"',
    "account_id": '"111122223333"',
    "monthly_budget_usd": "300",
    "budget_emails": '["costs@example.com"]',
    "embedded_aws": "true",
    "state_bucket": '"acme-terraform-state"',
    "log_retention_days": "30",
    "kms_key_arn": '"arn:aws:kms:us-east-1:111122223333:key/8a4b1c2d-3e4f-4a5b-8c6d-7e8f9a0b1c2d"',
    "network.subnet_ids": '["subnet-0a1b2c3d4e5f60718"]',
    "network.security_group_ids": '["sg-0a1b2c3d4e5f60718"]',
    "network.isolated": "true",
    "alarms.topic_arn": '"arn:aws:sns:us-east-1:111122223333:pager"',
    "alarms.p99_latency_ms": "500",
    "alarms.server_error_rate": "0.05",
    "alarms.backlog_age_seconds": "900",
    "alarms.throttles": "1",
    "rollout.strategy": '"canary"',
    "rollout.percent": "25",
    "rollout.wait_seconds": "300",
    "data_capture.sampling_percent": "10",
    "data_capture.uri": '"s3://acme-captured/requests/"',
}


def _listed(values: dict[str, Any]) -> str:
    return ", ".join(sorted(values)) or "nothing"
