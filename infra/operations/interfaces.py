"""Network interfaces that Lambda leaves in a VPC: it removes them late, and by a role that has then gone.

Lambda removes a function's interfaces up to 40 minutes after the function, with the rights of the function's role; who
deletes the role before has to delete them himself (AWS Lambda Developer Guide, 'Giving Lambda functions access to
resources in an Amazon VPC'). Terraform deletes the role seconds after the function and does not wait, so that what is
left has to be told. Until it is gone AWS deletes neither its subnets nor its security groups (DependencyViolation).
"""

import re
from collections.abc import Iterator

from infra import naming
from infra.connection import Connection
from infra.engines.plan import PlanSummary
from infra.stack import Stack

DESCRIPTION = "AWS Lambda VPC ENI-{name}"
"""What Lambda's description of an interface begins with: the function that it was made for; mostly a UUID follows.
Other functions with the same network use it, too."""

_REST = re.compile(r"(-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})?")

FUNCTION = "aws_lambda_function"


def left(stack: Stack, plan: PlanSummary, connection: Connection) -> Iterator[str]:
    """One line for each function that `plan` deleted and of which there are interfaces, with what to do."""
    from botocore.exceptions import ClientError

    environment = stack.environment
    outside = {workload.name for workload in stack.workloads if not stack.network(workload).vpc}
    gone = [
        naming.deployed(environment.name, stack.name, change.name)
        for change in plan.changes
        if change.type == FUNCTION and change.action == "delete" and change.name not in outside
    ]
    for name in gone:
        try:
            found = list(_interfaces(name, connection))
        except ClientError as error:
            yield f"Whether Lambda left network interfaces of {name} is not known: {error}"
            continue
        if found:
            yield (
                f"Lambda has not yet removed what it made in the VPC for {name}: {', '.join(found)}. It may take 40 "
                "minutes, and fail, for the function's role is gone; until then their subnets and security groups "
                "cannot be deleted. What is then 'available' is yours to delete: aws ec2 delete-network-interface "
                f"--region {environment.region} --network-interface-id {found[0]}"
            )


def _interfaces(name: str, connection: Connection) -> Iterator[str]:
    pages = connection.client("ec2").get_paginator("describe_network_interfaces")
    begins = DESCRIPTION.format(name=name)
    for page in pages.paginate(Filters=[{"Name": "description", "Values": [f"{begins}*"]}]):
        for one in page["NetworkInterfaces"]:
            # The name of another function may begin with this one's.
            if _REST.fullmatch(one["Description"].removeprefix(begins)):
                yield one["NetworkInterfaceId"]
