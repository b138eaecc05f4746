"""A state that is of another region or account is not worked on."""

import pytest

from infra.errors import Misuse
from infra.operations import whereabouts

ROLE = {"arn": "arn:aws:iam::111122223333:role/dev-shop-rank"}
BUCKET = {"arn": "arn:aws:s3:::modelyard-dev-111122223333-us-east-1"}
ENDPOINT = {"arn": "arn:aws:sagemaker:us-east-1:111122223333:endpoint/dev-shop-rank"}


@pytest.mark.parametrize("held", [{}, {"role": ROLE, "bucket": BUCKET, "none": {}, "endpoint": ENDPOINT}])
def test_what_is_here_or_nowhere_is_worked_on(environment, held):
    whereabouts.refuse("shop", held, environment)


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({"region": "eu-west-1"}, "us-east-1 of account 1111"),
        ({"account_id": "4" * 12}, "us-east-1 of account 1111"),
    ],
)
def test_what_is_elsewhere_is_named_with_what_to_write(environment, changed, found):
    moved = environment.model_copy(update=changed)
    with pytest.raises(Misuse) as error:
        whereabouts.refuse("shop", {"role": ROLE, "endpoint": ENDPOINT}, moved)
    (line,) = str(error.value).splitlines()
    assert line.startswith(f"shop is deployed in {found}")
    assert (
        'Write region = "us-east-1" and account_id = "111122223333" in stacks/environments/dev.toml again'
        in line
    )
