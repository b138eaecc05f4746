"""AWS as one environment sees it: boto3 clients, and the variables that Terraform's provider reads."""

import datetime
import functools
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from infra import credentials
from infra.aws import time_of
from infra.environment import Environment
from infra.errors import EmbeddedAwsError, ModelyardError, WrongAccount
from infra.project import Project

_EMBEDDED = {
    # Never a person's own credentials: the embedded AWS takes any, and gets made-up ones.
    "AWS_ACCESS_KEY_ID": "embedded",
    "AWS_SECRET_ACCESS_KEY": "embedded",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "NO_PROXY": "127.0.0.1",
    "no_proxy": "127.0.0.1",
}

_ONCE: Mapping[str, Mapping[str, Any]] = {
    # SageMaker answers within 60 s, Lambda within 15 minutes, during which nothing is sent.
    "sagemaker-runtime": {"read_timeout": 70},
    "lambda": {"read_timeout": 910, "tcp_keepalive": True},
}
"""What differs from botocore's defaults where a request is sent once, by service."""

STANDARD = {"retries": {"mode": "standard", "total_max_attempts": 8}}
"""botocore's three attempts give up on one call of 37 where AWS turns away three of ten; a deploy makes hundreds."""

_MAKING = threading.Lock()
"""boto3's sessions make one client at a time (boto3 guide, 'Multithreading or multiprocessing with clients')."""

ONCE = {"retries": {"mode": "adaptive", "total_max_attempts": 1}}
"""botocore repeats nothing, for it cannot tell what ran from what did not; it still slows down while AWS throttles."""


@dataclass(frozen=True, eq=False)
class Connection:
    """Clients for `environment`; `variables` is what a child process gets to reach the same AWS."""

    environment: Environment
    variables: Mapping[str, str]

    @functools.cached_property
    def _session(self) -> Any:
        import boto3

        if not self.environment.embedded_aws:
            return boto3.Session(region_name=self.environment.region)
        import botocore.session

        # Nothing of a person's own: neither profile nor files.
        core = botocore.session.Session(
            session_vars={
                "profile": (None, None, None, None),
                "config_file": (None, None, os.devnull, None),
                "credentials_file": (None, None, os.devnull, None),
            }
        )
        return boto3.Session(
            botocore_session=core,
            aws_access_key_id=self.variables["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.variables["AWS_SECRET_ACCESS_KEY"],
            region_name=self.environment.region,
        )

    @functools.cache  # noqa: B019  (one connection per verb)
    def client(self, service: str) -> Any:
        """The boto3 client of `service`, retrying as botocore's standard mode does."""
        return self._client(service, STANDARD)

    @functools.cache  # noqa: B019
    def once(self, service: str) -> Any:
        """A boto3 client of `service` that sends each request once: for what must not be done twice."""
        return self._client(service, {**ONCE, **_ONCE.get(service, {})})

    def _client(self, service: str, settings: Mapping[str, Any]) -> Any:
        from botocore.config import Config

        embedded = (
            {"s3": {"addressing_style": "path"}, "proxies": {}} if self.environment.embedded_aws else {}
        )
        with _MAKING:
            client = self._session.client(
                service,
                endpoint_url=self.variables.get("AWS_ENDPOINT_URL"),
                config=Config(**settings, **embedded),
            )
        if service == "s3":
            client.meta.events.register("before-parameter-build.s3", self._name_owner)
        return client

    def _name_owner(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        """Have S3 refuse (403) what goes to a bucket of ours that is somebody else's.

        Its name can be guessed; who makes it first and opens it to everybody would be sent our models, and could put
        others in their place.
        """
        ours = (self.environment.artifact_bucket, self.environment.state_bucket)
        if params.get("Bucket") in ours and "ExpectedBucketOwner" in model.input_shape.members:
            params["ExpectedBucketOwner"] = self.environment.account_id

    @property
    def credentials(self) -> Any:
        """What requests are signed with that boto3 has no method for."""
        return self._session.get_credentials()

    def now(self) -> datetime.datetime:
        """AWS's own time."""
        return time_of(self)

    @functools.cache  # noqa: B019
    def check_account(self) -> None:
        """Raise `WrongAccount` where the credentials belong to another account than the environment names.

        Asked of AWS once: a good answer holds for this connection.
        """
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            account = self.client("sts").get_caller_identity()["Account"]
        except (BotoCoreError, ClientError) as error:
            raise ModelyardError(
                f"AWS does not say whose credentials these are: {str(error).rstrip('.')}. "
                f"{credentials.remedy(str(error)) or credentials.UNKNOWN}"
            ) from None
        if account != self.environment.account_id:
            raise WrongAccount(
                f"The credentials belong to account {account}, and environment {self.environment.name} is "
                f"{self.environment.account_id}; use credentials of that account, or correct account_id in "
                f"stacks/environments/{self.environment.name}.toml."
            )


def connect(environment: Environment, project: Project) -> Connection:
    """The connection of `environment`; raises `EmbeddedAwsError` where it needs an embedded AWS that is not up."""
    if not environment.embedded_aws:
        return Connection(environment, dict(os.environ))
    from infra.local import daemon

    running = daemon.find(project.embedded)
    if running is None:
        raise EmbeddedAwsError(
            f"Environment {environment.name} uses the embedded AWS, and it is not running; run: modelyard local up"
        )
    ambient = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
    here = {"AWS_REGION": environment.region, "AWS_ENDPOINT_URL": running.endpoint_url}
    return Connection(environment, {**ambient, **_EMBEDDED, **here})
