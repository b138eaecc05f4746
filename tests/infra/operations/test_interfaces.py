"""What Lambda leaves in a VPC after a destroy is named, with what to do."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra import Network
from infra.engines.plan import Change, PlanSummary
from infra.operations import interfaces
from tests.infra.conftest import function

NAME = "dev-shop-rank-small"
UUID = "3c5ba8a2-11d7-4c2b-9a55-0f1e2d3c4b5a"
VPC = Network(subnet_ids=("subnet-1",), security_group_ids=("sg-1",))


class Ec2:
    """Interfaces of the function, after one of a function whose name goes on; or the code of an error."""

    def __init__(self, found: Any) -> None:
        self.found, self.asked = found, []

    def client(self, service: str) -> "Ec2":
        assert service == "ec2"
        return self

    def get_paginator(self, operation: str) -> "Ec2":
        assert operation == "describe_network_interfaces"
        return self

    def paginate(self, Filters: list):
        self.asked += Filters
        if isinstance(self.found, str):
            raise ClientError({"Error": {"Code": self.found, "Message": "no"}}, "DescribeNetworkInterfaces")
        others = f"AWS Lambda VPC ENI-{NAME}-and-more-{UUID}"
        found = [{"NetworkInterfaceId": "eni-0", "Description": others}]
        mine = (f"AWS Lambda VPC ENI-{NAME}-{UUID}", f"AWS Lambda VPC ENI-{NAME}")
        found += [
            {"NetworkInterfaceId": one, "Description": said}
            for one, said in zip(self.found, mine, strict=False)
        ]
        return [{"NetworkInterfaces": [one]} for one in found]


def plan(action: str) -> PlanSummary:
    changes = [
        Change(f"{kind}.rank-small", kind, "rank-small", action, None)
        for kind in ("aws_iam_role", "aws_lambda_function")
    ]
    return PlanSummary(tuple(changes), add=0, change=0, destroy=2, empty=False)


@pytest.mark.parametrize("declared", [True, False], ids=["in the stack", "no longer in the stack"])
def test_what_is_left_is_named_with_what_to_do(make_stack, declared):
    ec2 = Ec2(["eni-1", "eni-2"])
    stack = make_stack(*([function(network=VPC)] if declared else []))
    assert list(interfaces.left(stack, plan("delete"), ec2)) == [
        f"Lambda has not yet removed what it made in the VPC for {NAME}: eni-1, eni-2. It may take 40 minutes, and fail, "
        "for the function's role is gone; until then their subnets and security groups cannot be deleted. What is then "
        "'available' is yours to delete: aws ec2 delete-network-interface --region us-east-1 --network-interface-id "
        "eni-1"
    ]
    assert ec2.asked == [{"Name": "description", "Values": [f"AWS Lambda VPC ENI-{NAME}*"]}]


def test_nothing_is_left_or_it_is_not_known(make_stack):
    stack = make_stack(function(network=VPC))
    assert list(interfaces.left(stack, plan("delete"), Ec2([]))) == []
    (line,) = interfaces.left(stack, plan("delete"), Ec2("UnauthorizedOperation"))
    assert line.startswith(f"Whether Lambda left network interfaces of {NAME} is not known: ")


@pytest.mark.parametrize(("action", "network"), [("update", VPC), ("replace", VPC), ("delete", None)])
def test_who_stays_or_was_in_no_vpc_is_not_asked_for(make_stack, action, network):
    ec2 = Ec2(["eni-1"])
    assert list(interfaces.left(make_stack(function(network=network)), plan(action), ec2)) == []
    assert ec2.asked == []
