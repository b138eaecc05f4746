"""EC2: the default VPC has ids that an environment's file can name."""

import pytest

SUBNETS = ["subnet-00000000000000001", "subnet-00000000000000002"]
GROUP = "sg-00000000000000001"


@pytest.fixture(scope="module")
def ec2(client):
    return client("ec2")


def test_the_default_vpc_has_the_subnets_that_the_environments_name(ec2):
    subnets = ec2.describe_subnets(SubnetIds=SUBNETS)["Subnets"]
    assert {subnet["VpcId"] for subnet in subnets} == {
        vpc["VpcId"] for vpc in ec2.describe_vpcs()["Vpcs"] if vpc["IsDefault"]
    }
    assert len({subnet["AvailabilityZone"] for subnet in subnets}) == 2
    assert all(subnet["DefaultForAz"] for subnet in subnets)


def test_its_security_group_too(ec2):
    [group] = ec2.describe_security_groups(GroupIds=[GROUP])["SecurityGroups"]
    assert group["GroupName"] == "default"


def test_what_is_made_later_has_another_id(ec2):
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    try:
        made = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
        assert made not in {subnet["SubnetId"] for subnet in ec2.describe_subnets()["Subnets"]} - {made}
        assert not made.startswith("subnet-000000000000000")
        ec2.delete_subnet(SubnetId=made)
    finally:
        ec2.delete_vpc(VpcId=vpc)


def test_a_launch_templates_tags_are_its_own(ec2):
    made = ec2.create_launch_template(
        LaunchTemplateName="host",
        LaunchTemplateData={"MetadataOptions": {"HttpTokens": "required"}},
        TagSpecifications=[{"ResourceType": "launch-template", "Tags": [{"Key": "a", "Value": "b"}]}],
    )["LaunchTemplate"]
    try:
        assert made["Tags"] == [{"Key": "a", "Value": "b"}]
        [version] = ec2.describe_launch_template_versions(LaunchTemplateName="host")["LaunchTemplateVersions"]
        assert "TagSpecifications" not in version["LaunchTemplateData"]
        assert version["LaunchTemplateData"]["MetadataOptions"] == {"HttpTokens": "required"}
    finally:
        ec2.delete_launch_template(LaunchTemplateName="host")
