"""What an environment or a workload sets, on every kind of endpoint that AWS takes it for."""

import pytest

from infra.blueprint import storage
from infra.blueprint.resource import Ref
from infra.environment import Environment
from infra.errors import InvalidStack
from infra.settings import Alarms, Canary, DataCapture, Network
from tests.infra.blueprint.conftest import names, only, statements
from tests.infra.conftest import asynchronous, multi_model, realtime, serverless

KEY = "arn:aws:kms:us-east-1:111122223333:key/1234"
VPC = Network(subnet_ids=("subnet-1", "subnet-2"), security_group_ids=("sg-1",))
EVERY = [realtime(), asynchronous(), serverless(), multi_model()]
ON_INSTANCES = [realtime(), asynchronous(), multi_model()]
CONFIGURATION = "aws_sagemaker_endpoint_configuration"


def kind(workload) -> str:
    return type(workload).__name__


@pytest.mark.parametrize("workload", ON_INSTANCES, ids=kind)
def test_a_network_is_the_models_and_the_role_may_join_it(render, workload):
    made = render(workload, network=VPC)
    assert only(made, "aws_sagemaker_model").arguments["vpc_config"] == {
        "subnets": ["subnet-1", "subnet-2"],
        "security_group_ids": ["sg-1"],
    }
    allowed = statements(made)
    assert allowed["MakeInterfaces"]["Resource"] == [
        "arn:aws:ec2:us-east-1:111122223333:network-interface/*",
        "arn:aws:ec2:us-east-1:111122223333:subnet/subnet-1",
        "arn:aws:ec2:us-east-1:111122223333:subnet/subnet-2",
        "arn:aws:ec2:us-east-1:111122223333:security-group/sg-1",
    ]
    assert all(action.startswith("ec2:Describe") for action in allowed["LookAtTheNetwork"]["Action"])


@pytest.mark.parametrize("workload", ON_INSTANCES, ids=kind)
def test_isolation_is_the_models_and_another_model(render, workload):
    open_, isolated = render(workload), render(workload, network=Network(isolated=True))
    assert only(isolated, "aws_sagemaker_model").arguments["enable_network_isolation"] is True
    assert "enable_network_isolation" not in only(open_, "aws_sagemaker_model").arguments
    assert names(open_)["aws_sagemaker_model"] != names(isolated)["aws_sagemaker_model"]
    assert "MakeInterfaces" not in statements(isolated)


@pytest.mark.parametrize("workload", EVERY, ids=kind)
def test_a_key_encrypts_volumes_and_logs_and_the_role_may_use_it(render, workload):
    made = render(workload, kms_key_arn=KEY)
    assert only(made, CONFIGURATION).arguments["kms_key_arn"] == KEY
    assert only(made, "aws_cloudwatch_log_group").arguments["kms_key_id"] == KEY
    allowed = statements(made)
    assert allowed["UseTheKey"]["Action"] == ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"]
    assert allowed["EncryptTheVolume"]["Condition"] == {"Bool": {"kms:GrantIsForAWSResource": "true"}}
    assert names(made)[CONFIGURATION] != names(render(workload))[CONFIGURATION]


def test_a_machine_with_its_own_disk_gets_no_key(render):
    made = render(realtime(instance_type="ml.g5.xlarge"), kms_key_arn=KEY)
    assert "kms_key_arn" not in only(made, CONFIGURATION).arguments
    assert "EncryptTheVolume" not in statements(made)
    assert only(made, "aws_cloudwatch_log_group").arguments["kms_key_id"] == KEY


def test_the_bucket_is_under_the_key():
    environment = Environment(name="dev", region="us-east-1", account_id="111122223333", kms_key_arn=KEY)
    rules = only(storage(environment), "aws_s3_bucket_server_side_encryption_configuration").arguments["rule"]
    assert rules == [
        {
            "apply_server_side_encryption_by_default": {
                "sse_algorithm": "aws:kms",
                "kms_master_key_id": KEY,
            },
            "bucket_key_enabled": True,
        }
    ]


def test_a_volume_and_a_host_image_are_the_variants(render):
    made = render(realtime(volume_gb=200, inference_ami_version="al2-ami-sagemaker-inference-gpu-2"))
    (variant,) = only(made, CONFIGURATION).arguments["production_variants"]
    assert variant["volume_size_in_gb"] == 200
    assert variant["inference_ami_version"] == "al2-ami-sagemaker-inference-gpu-2"


def test_a_share_of_the_requests_is_kept(render):
    made = render(realtime(), data_capture=DataCapture(sampling_percent=20), kms_key_arn=KEY)
    place = "modelyard-dev-111122223333-us-east-1/data/shop/rank/capture"
    assert only(made, CONFIGURATION).arguments["data_capture_config"] == {
        "enable_capture": True,
        "initial_sampling_percentage": 20,
        "destination_s3_uri": f"s3://{place}",
        "capture_options": [{"capture_mode": "Input"}, {"capture_mode": "Output"}],
        "capture_content_type_header": {"json_content_types": ["application/json"]},
        "kms_key_id": KEY,
    }
    assert statements(made)["KeepWhatIsAsked"]["Resource"] == [f"arn:aws:s3:::{place}/*"]


def test_what_is_kept_may_go_to_a_bucket_of_ones_own(render):
    made = render(realtime(data_capture=DataCapture(uri="s3://kept/here")))
    assert (
        only(made, CONFIGURATION).arguments["data_capture_config"]["destination_s3_uri"] == "s3://kept/here"
    )
    assert statements(made)["KeepWhatIsAsked"]["Resource"] == ["arn:aws:s3:::kept/here/*"]


@pytest.mark.parametrize("workload", ON_INSTANCES, ids=kind)
def test_an_update_is_guarded_by_alarms_that_are_there_first(render, workload):
    made = render(workload, alarms=Alarms(), rollout=Canary())
    endpoint = only(made, "aws_sagemaker_endpoint")
    watched = endpoint.arguments["deployment_config"]["auto_rollback_configuration"]["alarms"]
    assert watched
    alarms = [alarm for alarm in endpoint.depends_on if alarm.type == "aws_cloudwatch_metric_alarm"]
    assert {alarm["alarm_name"].name for alarm in watched} <= {alarm.name for alarm in alarms}
    order = [resource.address for resource in made.resources]
    assert all(order.index(alarm.address) < order.index(endpoint.address) for alarm in alarms)
    arns = statements(made)["WatchItsAlarms"]["Resource"]
    assert f"arn:aws:cloudwatch:us-east-1:111122223333:alarm:dev-shop-{workload.name}-errors" in arns


def test_without_a_rollout_the_role_looks_at_no_alarm(render):
    assert "WatchItsAlarms" not in statements(render(realtime(), alarms=Alarms()))


@pytest.mark.parametrize("workload", EVERY, ids=kind)
def test_every_kind_has_its_postcondition_and_a_policy_for_callers(render, workload):
    made = render(workload)
    (condition,) = only(made, "aws_sagemaker_endpoint").postconditions
    assert condition.equals == only(made, CONFIGURATION).ref("name")
    assert made.outputs[f"{workload.name}_invoke_policy_arn"] == only(made, "aws_iam_policy").ref("arn")


PREFIX = "models/tiny/1/model/"


@pytest.mark.parametrize("workload", [realtime(uncompressed=True), asynchronous(uncompressed=True)])
def test_what_is_not_compressed_is_read_below_its_prefix(render, workload):
    made = render(workload, PREFIX)
    container = only(made, "aws_sagemaker_model").arguments["primary_container"]
    (source,) = container["model_data_source"]["s3_data_source"]
    assert source["s3_uri"].endswith(f"/{PREFIX}") and "model_data_url" not in container
    assert (source["s3_data_type"], source["compression_type"]) == ("S3Prefix", "None")
    found = statements(made)["FindTheModel"]
    assert found["Action"] == ["s3:ListBucket"]
    assert found["Condition"] == {"StringLike": {"s3:prefix": ["models/tiny/*"]}}
    assert found["Resource"][0].endswith(":s3:::" + source["s3_uri"].split("/")[2])
    assert "FindTheModel" not in statements(render(workload))


@pytest.mark.parametrize("workload", EVERY, ids=kind)
def test_what_is_named_after_its_content_refers_to_nothing_that_a_deploy_may_make_anew(render, workload):
    """For a role or a topic that somebody deleted it would be replaced, and under its own name AWS makes no second."""
    made = render(workload)
    for resource in made.resources:
        if resource.create_before_destroy:
            referred = {one.attribute for one in _references(resource.arguments)}
            assert referred <= {"name"}, resource.address


def _references(value):
    if isinstance(value, Ref):
        yield value
    elif isinstance(value, dict | list | tuple):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _references(item)


HOSTED = "models/tiny/1/model.tar.gz@tiny-2"


@pytest.mark.parametrize(
    "workload", [realtime(image="build"), asynchronous(image="build"), serverless(image="build")]
)
def test_an_image_that_the_deploy_makes_is_in_the_environments_repository(render, workload):
    made = render(workload, key=HOSTED)
    container = only(made, "aws_sagemaker_model").arguments["primary_container"]
    assert container["image"] == "111122223333.dkr.ecr.us-east-1.amazonaws.com/modelyard-dev:tiny-2"
    assert container["model_data_url"].endswith("/models/tiny/1/model.tar.gz")
    assert statements(made)["PullTheImage"]["Resource"] == [
        "arn:aws:ecr:us-east-1:111122223333:repository/modelyard-dev"
    ]
    other = render(workload, key="models/tiny/1/model.tar.gz@tiny-3")
    assert names(made)[CONFIGURATION] != names(other)[CONFIGURATION]


def test_uncompressed_files_beside_an_image_that_the_deploy_makes(render):
    made = render(realtime(image="build", uncompressed=True), key="models/tiny/1/@tiny-2")
    source = only(made, "aws_sagemaker_model").arguments["primary_container"]["model_data_source"]
    assert source["s3_data_source"][0]["s3_uri"].endswith("/models/tiny/1/")


def test_what_is_deployed_without_its_image_says_so(render):
    with pytest.raises(
        InvalidStack, match="The image of rank is made by a deploy, and none was made of what is"
    ):
        render(realtime(image="build"))
