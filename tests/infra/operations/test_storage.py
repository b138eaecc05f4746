import json
from decimal import Decimal

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from infra.blueprint.storage import LIFECYCLE_RULES, ONLY_OVER_TLS
from infra.errors import ModelyardError
from infra.operations.storage import is_budget_right, is_complete

ANSWERS = {
    "head_bucket": {},
    "get_bucket_versioning": {"Status": "Enabled"},
    "get_public_access_block": {
        "PublicAccessBlockConfiguration": {"BlockPublicAcls": True, "BlockPublicPolicy": True}
    },
    "get_bucket_encryption": {
        "ServerSideEncryptionConfiguration": {
            "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}]
        }
    },
    "get_bucket_policy": {"Policy": json.dumps({"Statement": [{"Sid": ONLY_OVER_TLS}]})},
    "get_bucket_lifecycle_configuration": {"Rules": [{"ID": rule} for rule in LIFECYCLE_RULES]},
    "get_bucket_ownership_controls": {
        "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    },
}


class S3:
    """A client of a bucket that answers what it is given; a number is an error's status."""

    def __init__(self, **changes) -> None:
        self.answers = {**ANSWERS, **changes}

    def __getattr__(self, part: str):
        def answer(Bucket: str):
            given = self.answers[part]
            if isinstance(given, int):
                raise ClientError(
                    {"Error": {"Code": str(given)}, "ResponseMetadata": {"HTTPStatusCode": given}}, part
                )
            return given

        return answer


def test_a_bucket_with_everything_is_complete():
    assert is_complete(S3(), "b")


@pytest.mark.parametrize(
    "part",
    [part for part in ANSWERS if part != "get_bucket_versioning"],
)
def test_a_part_that_was_never_set_makes_it_incomplete(part):
    assert not is_complete(S3(**{part: 404}), "b")


@pytest.mark.parametrize(
    ("part", "answer"),
    [
        ("get_bucket_versioning", {}),
        (
            "get_bucket_encryption",
            {
                "ServerSideEncryptionConfiguration": {
                    "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
                }
            },
        ),
        ("get_public_access_block", {"PublicAccessBlockConfiguration": {"BlockPublicAcls": False}}),
        ("get_bucket_policy", {"Policy": "{}"}),
        ("get_bucket_lifecycle_configuration", {"Rules": []}),
        (
            "get_bucket_ownership_controls",
            {"OwnershipControls": {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}},
        ),
    ],
)
def test_a_part_that_somebody_switched_off_makes_it_incomplete(part, answer):
    assert not is_complete(S3(**{part: answer}), "b")


def test_somebody_elses_bucket_is_an_error():
    with pytest.raises(ModelyardError, match="belongs to somebody else"):
        is_complete(S3(head_bucket=403), "b")


TOLD = {"monthly_budget_usd": Decimal("1500"), "budget_emails": ("a@example.com", "b@example.com")}


class Budgets:
    """A budget with its limit and who is told by each notification, or the code of an error."""

    def __init__(self, found: tuple[str, list[set[str]]] | str | Exception) -> None:
        self.found = found

    def describe_budget(self, AccountId: str, BudgetName: str):
        assert (AccountId, BudgetName) == ("111122223333", "modelyard-dev-us-east-1-month")
        if isinstance(self.found, Exception):
            raise self.found
        if isinstance(self.found, str):
            raise ClientError({"Error": {"Code": self.found}}, "DescribeBudget")
        return {"Budget": {"BudgetLimit": {"Amount": self.found[0], "Unit": "USD"}}}

    def describe_notifications_for_budget(self, AccountId: str, BudgetName: str):
        return {"Notifications": [{"Threshold": number} for number in range(len(self.found[1]))]}

    def describe_subscribers_for_notification(self, AccountId: str, BudgetName: str, Notification: dict):
        return {"Subscribers": [{"Address": one} for one in self.found[1][Notification["Threshold"]]]}


BOTH = {"a@example.com", "b@example.com"}


@pytest.mark.parametrize(
    ("settings", "found", "right"),
    [
        (TOLD, ("1500.0", [BOTH] * 3), True),
        (TOLD, ("300", [BOTH] * 3), False),
        (TOLD, ("1500", [BOTH] * 2), False),
        (TOLD, ("1500", [BOTH, {"a@example.com"}, BOTH]), False),
        (TOLD, "NotFoundException", False),
        (TOLD, "AccessDeniedException", False),
        ({}, ("1500", [BOTH] * 3), False),
        ({}, "NotFoundException", True),
        ({}, "AccessDeniedException", True),
        ({}, "UnrecognizedClientException", True),
        ({}, EndpointConnectionError(endpoint_url="https://budgets.amazonaws.com"), True),
        ({"region": "us-gov-west-1"}, AssertionError("asked"), True),
    ],
)
def test_the_budget_is_what_the_environment_says(environment, settings, found, right):
    assert is_budget_right(Budgets(found), environment.model_copy(update=settings)) is right


def test_any_other_error_of_the_budget_is_told(environment):
    wanted = environment.model_copy(update=TOLD)
    with pytest.raises(ClientError, match="Throttling"):
        is_budget_right(Budgets("ThrottlingException"), wanted)
    with pytest.raises(EndpointConnectionError):
        is_budget_right(
            Budgets(EndpointConnectionError(endpoint_url="https://budgets.amazonaws.com")), wanted
        )
