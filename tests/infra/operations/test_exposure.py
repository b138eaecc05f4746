"""Only what is public by name lets anybody in, whatever the provider left in the policy."""

import json

import pytest
from botocore.exceptions import ClientError

from infra import FunctionUrl
from infra.errors import DeployFailed
from infra.operations import exposure
from tests.infra.conftest import function

ADDED_BY_PROVIDER = {
    "Sid": "FunctionURLAllowPublicAccess",
    "Effect": "Allow",
    "Principal": "*",
    "Action": "lambda:InvokeFunctionUrl",
    "Condition": {"StringEquals": {"lambda:FunctionUrlAuthType": "NONE"}},
}
ADDED_BY_US = {
    "Sid": exposure.OURS,
    "Effect": "Allow",
    "Principal": {"AWS": "*"},
    "Action": "lambda:InvokeFunction",
    "Condition": {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}},
}
WIDE = {"Sid": "wide", "Effect": "Allow", "Principal": "*", "Action": "lambda:*"}
OWN_ORGANIZATION = {
    "Sid": "organization",
    "Effect": "Allow",
    "Principal": "*",
    "Action": "lambda:InvokeFunction",
    "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}},
}


class Lambda:
    """One alias's policy, and what was done to it."""

    def __init__(self, *statements, stubborn: bool = False) -> None:
        self.statements, self.stubborn = list(statements), stubborn

    def get_policy(self, FunctionName: str, Qualifier: str):
        assert (FunctionName, Qualifier) == ("dev-shop-rank-small", "live")
        if not self.statements:
            raise ClientError({"Error": {"Code": "ResourceNotFoundException"}}, "GetPolicy")
        return {"Policy": json.dumps({"Statement": self.statements})}

    def remove_permission(self, FunctionName: str, StatementId: str, Qualifier: str):
        if not self.stubborn:
            self.statements = [one for one in self.statements if one["Sid"] != StatementId]

    def add_permission(self, FunctionName: str, Qualifier: str, **asked):
        added = {
            exposure.OURS: (
                {"Action": "lambda:InvokeFunction", "Principal": "*", "InvokedViaFunctionUrl": True},
                ADDED_BY_US,
            ),
            exposure.PROVIDERS: (
                {"Action": "lambda:InvokeFunctionUrl", "Principal": "*", "FunctionUrlAuthType": "NONE"},
                ADDED_BY_PROVIDER,
            ),
        }
        parameters, statement = added[asked.pop("StatementId")]
        assert asked == parameters
        if not self.stubborn:
            self.statements.append(statement)


class Connection:
    def __init__(self, client: Lambda) -> None:
        self._client = client

    def client(self, service: str) -> Lambda:
        assert service == "lambda"
        return self._client


PUBLIC, SIGNED, NONE = FunctionUrl(public=True), FunctionUrl(), None


@pytest.mark.parametrize(
    ("url", "before", "after"),
    [
        (SIGNED, [], []),
        (SIGNED, [ADDED_BY_PROVIDER], []),
        (SIGNED, [ADDED_BY_PROVIDER, ADDED_BY_US], []),
        (NONE, [ADDED_BY_PROVIDER], []),
        (SIGNED, [WIDE], []),
        (PUBLIC, [WIDE, ADDED_BY_PROVIDER, ADDED_BY_US], [ADDED_BY_PROVIDER, ADDED_BY_US]),
        (SIGNED, [OWN_ORGANIZATION, ADDED_BY_PROVIDER], [OWN_ORGANIZATION]),
        (PUBLIC, [ADDED_BY_PROVIDER], [ADDED_BY_PROVIDER, ADDED_BY_US]),
        (PUBLIC, [ADDED_BY_PROVIDER, ADDED_BY_US], [ADDED_BY_PROVIDER, ADDED_BY_US]),
        # A URL that was for signed callers: the provider adds nothing when it becomes public.
        (PUBLIC, [], [ADDED_BY_US, ADDED_BY_PROVIDER]),
        (PUBLIC, [OWN_ORGANIZATION], [OWN_ORGANIZATION, ADDED_BY_US, ADDED_BY_PROVIDER]),
    ],
)
def test_the_policy_is_what_the_stack_says(make_stack, url, before, after):
    client = Lambda(*before)
    exposure.settle(make_stack(function(url=url)), Connection(client))
    assert client.statements == after


def test_a_statement_that_stays_fails_the_deploy(make_stack):
    with pytest.raises(DeployFailed) as failed:
        exposure.settle(make_stack(function()), Connection(Lambda(ADDED_BY_PROVIDER, stubborn=True)))
    assert str(failed.value) == (
        "Function dev-shop-rank-small can still be called by anybody (lambda:InvokeFunctionUrl); remove the statement "
        "from the policy of its alias live."
    )


def test_a_public_url_that_lets_nobody_in_fails_the_deploy(make_stack):
    with pytest.raises(DeployFailed) as failed:
        exposure.settle(make_stack(function(url=PUBLIC)), Connection(Lambda(ADDED_BY_US, stubborn=True)))
    assert str(failed.value) == (
        "Function dev-shop-rank-small is declared public, and the policy of its alias live does not keep "
        "lambda:InvokeFunctionUrl, which AWS asks for: a policy of the organisation or another tool may undo it; look "
        "there, and deploy again."
    )
