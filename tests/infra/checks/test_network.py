import pytest

from infra import Network
from tests.infra.checks.told import told
from tests.infra.conftest import realtime

OWN = "111122223333.dkr.ecr.us-east-1.amazonaws.com/team/ranker:3"
ISOLATED = Network(isolated=True)


@pytest.fixture
def requirements(base):
    """The model folder names packages."""
    (base / "models" / "tiny" / "requirements.txt").write_text("numpy==2.3.5\n")


def test_an_isolated_own_image_whose_packages_would_come_from_pypi(make_stack, requirements):
    assert told(make_stack(realtime(image=OWN)), network=ISOLATED) == [
        "rank: its container is isolated, and models/tiny/requirements.txt would be installed from PyPI when it "
        f"starts; put the packages into {OWN} and take requirements.txt out of the folder, or leave image out: then "
        "they are packed with the model."
    ]


def test_an_isolated_own_image_that_has_all_it_needs(make_stack):
    assert told(make_stack(realtime(image=OWN)), network=ISOLATED) == []


def test_aws_image_isolated(make_stack, requirements):
    assert told(make_stack(realtime()), network=ISOLATED) == []


def test_an_isolated_image_that_the_deploy_makes_has_them(make_stack, requirements):
    assert told(make_stack(realtime(image="build")), network=ISOLATED) == []
