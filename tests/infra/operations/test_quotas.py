"""An endpoint of more instances than the account may have is refused before anything is made; what is not told is said."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from infra import Alarms, Environment, Rolling, TargetTracking
from infra.engines.plan import Change, PlanSummary
from infra.errors import Misuse
from infra.operations import quotas
from tests.infra.conftest import function, realtime

MADE = Change("aws_sagemaker_endpoint.rank", "aws_sagemaker_endpoint", "rank", "create", None)
CHANGED = Change("aws_sagemaker_endpoint.rank", "aws_sagemaker_endpoint", "rank", "update", None)
OTHER = {"QuotaName": "ml.m5.large for training job usage", "QuotaCode": "L-0", "Value": 0.0}


def plan(*changes: Change) -> PlanSummary:
    return PlanSummary(changes, 1, 0, 0, empty=not changes)


class Account:
    """Service Quotas over a real client, whose answers are given."""

    def __init__(self) -> None:
        self.asked = boto3.client(
            "service-quotas", region_name="us-east-1", aws_access_key_id="any", aws_secret_access_key="any"
        )
        self.stubber = Stubber(self.asked)
        self.environment = Environment(name="dev", region="us-east-1", account_id="111122223333")
        self.live: dict[str, Any] = {"ProductionVariants": [{"CurrentInstanceCount": 2}]}
        self.serving_type = "ml.m5.large"

    def client(self, service: str) -> Any:
        return {"service-quotas": self.asked, "sagemaker": self}[service]

    def describe_endpoint(self, EndpointName: str) -> dict[str, Any]:
        assert EndpointName == "dev-shop-rank"
        return {"EndpointConfigName": "serving", **self.live}

    def describe_endpoint_config(self, EndpointConfigName: str) -> dict[str, Any]:
        assert EndpointConfigName == "serving"
        return {"ProductionVariants": [{"InstanceType": self.serving_type}]}


@pytest.fixture
def account() -> Iterator[Account]:
    made = Account()
    with made.stubber:
        yield made
    made.stubber.assert_no_pending_responses()


def answers(account: Account, value: float) -> None:
    """Two pages; what is wanted is on the second."""
    mine = {"QuotaName": "ml.m5.large for endpoint usage", "QuotaCode": "L-1928E07B", "Value": value}
    first = {"ServiceCode": "sagemaker", "MaxResults": 100}
    account.stubber.add_response("list_service_quotas", {"Quotas": [OTHER], "NextToken": "2"}, first)
    account.stubber.add_response("list_service_quotas", {"Quotas": [mine]}, {**first, "NextToken": "2"})


def check(make_stack, account: Account, *changes: Change, **settings: Any) -> list[str]:
    said: list[str] = []
    quotas.check(make_stack(realtime(**settings), function()), plan(*changes), account, said.append)
    return said


def test_more_than_the_account_may_have_is_refused_with_what_asks_for_more(make_stack, account):
    answers(account, 2.0)
    with pytest.raises(Misuse) as error:
        check(make_stack, account, MADE, instance_count=3)
    assert str(error.value) == (
        "the quota 'ml.m5.large for endpoint usage' of account 111122223333 in us-east-1 is 2, and 3 are needed: aws "
        "service-quotas request-service-quota-increase --service-code sagemaker --quota-code L-1928E07B --region "
        "us-east-1 --desired-value 3"
    )


def test_what_scaling_may_want_is_told(make_stack, account):
    answers(account, 2.0)
    scaling = TargetTracking(min_capacity=1, max_capacity=4, invocations_per_instance=100)
    (line,) = check(make_stack, account, MADE, autoscaling=scaling)
    assert "is 2, and scaling may want 4: aws service-quotas" in line


def test_an_update_needs_its_fleet_beside_the_one_that_serves(make_stack, account):
    answers(account, 3.0)
    with pytest.raises(Misuse) as error:
        check(make_stack, account, CHANGED, instance_count=2)
    assert (
        "is 3, and 4 are needed, for an update starts its instances before it ends those that serve: aws service-quotas"
    ) in str(error.value)


@pytest.mark.parametrize(
    ("live", "serving_type", "settings"),
    [
        ({"ProductionVariants": [{"CurrentInstanceCount": 2}]}, "ml.m5.large", {"instance_count": 1}),
        # What never came up has none.
        ({}, "ml.m5.large", {"instance_count": 3}),
        # Another type has a quota of its own.
        ({"ProductionVariants": [{"CurrentInstanceCount": 9}]}, "ml.c5.large", {"instance_count": 3}),
        # Part by part: one more than there are.
        (
            {"ProductionVariants": [{"CurrentInstanceCount": 2}]},
            "ml.m5.large",
            {"instance_count": 2, "rollout": Rolling(percent=50)},
        ),
    ],
    ids=["fits", "never up", "another type", "rolling"],
)
def test_an_update_that_fits_is_nothing_to_tell(make_stack, account, live, serving_type, settings):
    account.live, account.serving_type = live, serving_type
    answers(account, 3.0)
    assert check(make_stack, account, CHANGED, autoscaling=None, alarms=Alarms(), **settings) == []


def test_what_fits_is_nothing_to_tell(make_stack, account):
    answers(account, 4.0)
    assert check(make_stack, account, MADE) == []


def test_where_no_endpoint_changes_nobody_is_asked(make_stack, account):
    assert check(make_stack, account) == []
    model = Change("aws_sagemaker_model.rank", "aws_sagemaker_model", "rank", "create", None)
    assert check(make_stack, account, model) == []


def test_what_aws_does_not_tell_is_not_checked(make_stack, account):
    account.stubber.add_client_error("list_service_quotas", "AccessDeniedException", "no")
    assert check(make_stack, account, MADE, instance_count=3) == [
        "Quotas are not checked: no (servicequotas:ListServiceQuotas)"
    ]


def test_the_embedded_aws_has_none(make_stack, account):
    account.environment = Environment(
        name="local", region="us-east-1", account_id="123456789012", embedded_aws=True
    )
    assert check(make_stack, account, MADE, instance_count=3) == []
