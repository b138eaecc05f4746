"""EC2's default VPC, with ids that can be written into an environment's file before there is a server."""

import itertools
import threading
from collections.abc import Callable
from typing import Any

from moto.ec2.models import EC2Backend, security_groups, subnets, vpcs

SUBNETS = ("subnet-00000000000000001", "subnet-00000000000000002")
"""The first two of the default VPC; the others go on in the same way, one per availability zone."""
SECURITY_GROUP = "sg-00000000000000001"
VPC = "vpc-00000000000000001"

_lock = threading.Lock()
_moto_create_default_vpc = EC2Backend.create_default_vpc


def create_default_vpc(self: EC2Backend) -> Any:
    """Moto's, with numbered ids; what is made later has ids as random as ever. The same in every region."""
    makers = (
        (vpcs, "random_vpc_id", _numbered("vpc")),
        (subnets, "random_subnet_id", _numbered("subnet")),
        (security_groups, "random_security_group_id", _numbered("sg")),
    )
    with _lock:
        kept = [(module, name, getattr(module, name)) for module, name, _ in makers]
        try:
            for module, name, maker in makers:
                setattr(module, name, maker)
            return _moto_create_default_vpc(self)
        finally:
            for module, name, maker in kept:
                setattr(module, name, maker)


def _numbered(kind: str) -> Callable[[], str]:
    numbers = itertools.count(1)
    return lambda: f"{kind}-{next(numbers):017x}"


PLUMBING = {"create_default_vpc": create_default_vpc}
